"""Addresses of the establishment. The node chosen is in the query: a plain link, no script."""

from __future__ import annotations

from django.urls import path

from releve.establishment.app import (
    bia_views,
    contact_views,
    importing,
    interview_views,
    kept,
    views,
)

_SERVICE = "etablissement/entretiens/<str:code>/"
_LINE = "etablissement/contradictions/<slug:key>/"

urlpatterns = [
    path("etablissement/", views.chart, name="establishment"),
    path("etablissement/reprise/", views.recovery, name="establishment_recovery"),
    path("etablissement/entretiens/", interview_views.index, name="interviews"),
    path(_SERVICE, interview_views.outage, name="interview"),
    path(f"{_SERVICE}dependances/", interview_views.reliances, name="interview_needs"),
    path(f"{_SERVICE}relire/", interview_views.read, name="interview_read"),
    path(f"{_SERVICE}oublier/", interview_views.forget, name="interview_forget"),
    path("etablissement/mode-degrade/<str:code>/", interview_views.sheet, name="degraded_sheet"),
    path("etablissement/bilan/", bia_views.bia, name="bia"),
    path("etablissement/bilan.csv", bia_views.bia_csv, name="bia_csv"),
    path("etablissement/contradictions/", bia_views.contradictions, name="contradictions"),
    path(f"{_LINE}accepter/", bia_views.accept, name="contradiction_accept"),
    path(f"{_LINE}garder/", bia_views.keep, name="contradiction_keep"),
    path("etablissement/numeros/", contact_views.crisis_contacts, name="crisis_contacts"),
    path("etablissement/importer/", importing.imports, name="imports"),
    path("etablissement/importer/<str:token>/", importing.preview, name="import_preview"),
    path("etablissement/personnes/", kept.people, name="people"),
    path("etablissement/personnes/<str:number>/", kept.one_person, name="person"),
    path("etablissement/procedures/", kept.procedure_list, name="procedures"),
    path("etablissement/procedures/<str:sha>/", kept.procedure, name="procedure"),
]
