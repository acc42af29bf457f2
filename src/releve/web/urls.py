"""Every address of the web part."""

from __future__ import annotations

from django.urls import include, path

from releve.web import binder, cockpit, proofs, reach, retention, supervision

urlpatterns = [
    path("", cockpit.today, name="today"),
    path("supervision/metriques", supervision.metrics, name="metrics"),
    path("crise/classeur/", binder.binder, name="binder"),
    path("crise/classeur/fabriquer/", binder.binder_make, name="binder_make"),
    path("preuves/", proofs.index, name="proofs"),
    path("preuves/<int:index>/", proofs.detail, name="proof"),
    path("joindre/", reach.page, name="reach"),
    path("joindre/autorite.crt", reach.authority, name="authority"),
    path("conservation/", retention.index, name="retention"),
    path("conservation/dpo/", retention.enter_dpo, name="retention_dpo"),
    path("conservation/purger/", retention.ask_purge, name="retention_purge"),
    path("conservation/<str:id>/", retention.line, name="retention_line"),
    path("", include("releve.care.app.urls")),
    path("", include("releve.vault.app.urls")),
    path("", include("releve.incident.app.urls")),
    path("", include("releve.establishment.app.urls")),
    path("", include("releve.drill.app.urls")),
    path("", include("releve.pages.urls")),
]
