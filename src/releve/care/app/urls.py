"""Addresses of patients. None holds a name, a number or a birth date: addresses stay in browsers.

A ward's code is what the feed calls it, slash included; a patient's key is opaque.
"""

from __future__ import annotations

from django.urls import path

from releve.care.app import live, views

urlpatterns = [
    path("patients/", views.index, name="patients"),
    path("patients/recherche/", views.search, name="patient_search"),
    path("patients/recherche/<str:token>/", views.found, name="patients_found"),
    path("patients/service/<path:code>/direct/", live.ward, name="ward_live"),
    path("patients/service/<path:code>/", views.ward, name="ward"),
    path("patients/quarantaine/", views.quarantine, name="quarantine"),
    path("patients/sans-service/", views.ward, {"code": ""}, name="ward_unnamed"),
    path("patients/dossier/<slug:key>/direct/<str:token>/", live.patient, name="patient_live"),
    path("patients/dossier/<slug:key>/", views.patient, name="patient"),
]
