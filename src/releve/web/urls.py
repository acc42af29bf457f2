"""Every address of the web part."""

from __future__ import annotations

from django.urls import include, path

from releve.web import cockpit, proofs, reach, supervision

urlpatterns = [
    path("", cockpit.today, name="today"),
    path("supervision/metriques", supervision.metrics, name="metrics"),
    path("preuves/", proofs.index, name="proofs"),
    path("preuves/<int:index>/", proofs.detail, name="proof"),
    path("joindre/", reach.page, name="reach"),
    path("joindre/autorite.crt", reach.authority, name="authority"),
    path("", include("releve.care.app.urls")),
    path("", include("releve.vault.app.urls")),
    path("", include("releve.incident.app.urls")),
    path("", include("releve.establishment.app.urls")),
    path("", include("releve.drill.app.urls")),
    path("", include("releve.pages.urls")),
]
