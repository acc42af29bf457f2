"""Addresses of the establishment. The node chosen is in the query: a plain link, no script."""

from __future__ import annotations

from django.urls import path

from releve.establishment.app import importing, kept, views

urlpatterns = [
    path("etablissement/", views.chart, name="establishment"),
    path("etablissement/reprise/", views.recovery, name="establishment_recovery"),
    path("etablissement/importer/", importing.imports, name="imports"),
    path("etablissement/importer/<str:token>/", importing.preview, name="import_preview"),
    path("etablissement/personnes/", kept.people, name="people"),
    path("etablissement/personnes/<str:number>/", kept.one_person, name="person"),
    path("etablissement/procedures/", kept.procedure_list, name="procedures"),
    path("etablissement/procedures/<str:sha>/", kept.procedure, name="procedure"),
]
