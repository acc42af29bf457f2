"""Every address of the web part."""

from __future__ import annotations

from django.urls import include, path

from releve.web import cockpit, proofs, supervision

urlpatterns = [
    path("", cockpit.today, name="today"),
    path("supervision/metriques", supervision.metrics, name="metrics"),
    path("preuves/", proofs.index, name="proofs"),
    path("preuves/<int:index>/", proofs.detail, name="proof"),
    path("", include("releve.care.app.urls")),
    path("", include("releve.vault.app.urls")),
    path("", include("releve.incident.app.urls")),
    path("", include("releve.establishment.app.urls")),
    path("", include("releve.pages.urls")),
]
