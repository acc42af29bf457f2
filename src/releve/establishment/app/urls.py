"""Addresses of the establishment. The node chosen is in the query: a plain link, no script."""

from __future__ import annotations

from django.urls import path

from releve.establishment.app import contact_views, views

urlpatterns = [
    path("etablissement/", views.chart, name="establishment"),
    path("etablissement/reprise/", views.recovery, name="establishment_recovery"),
    path("etablissement/numeros/", contact_views.crisis_contacts, name="crisis_contacts"),
]
