"""Every address of the web part."""

from __future__ import annotations

from django.urls import include, path

from releve.web import binder, cockpit, proofs

urlpatterns = [
    path("", cockpit.today, name="today"),
    path("crise/classeur/", binder.binder, name="binder"),
    path("crise/classeur/fabriquer/", binder.binder_make, name="binder_make"),
    path("preuves/", proofs.index, name="proofs"),
    path("preuves/<int:index>/", proofs.detail, name="proof"),
    path("", include("releve.care.app.urls")),
    path("", include("releve.vault.app.urls")),
    path("", include("releve.incident.app.urls")),
    path("", include("releve.establishment.app.urls")),
    path("", include("releve.pages.urls")),
]
