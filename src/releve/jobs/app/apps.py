"""Django's entry for the jobs table."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Label ``jobs``: one table, no page."""

    name = "releve.jobs.app"
    label = "jobs"
    verbose_name = "Travaux"
    default_auto_field = "django.db.models.BigAutoField"
