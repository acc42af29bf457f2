"""Addresses of the vault."""

from __future__ import annotations

from django.urls import path

from releve.vault.app import views

urlpatterns = [
    path("machines/", views.index, name="machines"),
    path("machines/<str:name>/", views.machine, name="machine"),
]
