"""Addresses of the field exercise. Observers' pages lie apart: their cookie goes nowhere else."""

from __future__ import annotations

from django.urls import path

from releve.drill.app.views import after, band, before, day, weights

urlpatterns = [
    path("exercices/", before.index, name="field"),
    path("exercices/preparer/", before.prepare, name="field_prepare"),
    path("exercices/poids/", weights.weights, name="field_weights"),
    path("exercices/alarme/", band.alarm, name="field_alarm"),
    path("exercices/action/<int:number>/", after.close_action, name="field_action_close"),
    path("exercices/<int:number>/", day.exercise, name="field_exercise"),
    path("exercices/<int:number>/papiers/<slug:name>.pdf", before.paper, name="field_paper"),
    path("exercices/<int:number>/code/<int:place>/", before.renew_code, name="field_code"),
    path("exercices/<int:number>/etat/", day.move, name="field_move"),
    path("exercices/<int:number>/remis/", day.hand, name="field_hand"),
    path("exercices/<int:number>/reel/", day.real, name="field_real"),
    path("exercices/<int:number>/lieu/<str:code>/", day.place, name="field_place"),
    path("exercices/<int:number>/lieu/<str:code>/reel/", day.place_real, name="field_place_real"),
    path("exercices/<int:number>/heures/", after.hours, name="field_hours"),
    path("exercices/<int:number>/presences/", after.attendance, name="field_attendance"),
    path("exercices/<int:number>/bilan/", after.debrief, name="field_debrief"),
    path("exercices/<int:number>/rapport/", after.report, name="field_report"),
    path("exercices/<int:number>/rapport.<str:kind>", after.report_file, name="field_report_file"),
    path("exercices/<int:number>/signer/", after.sign, name="field_sign"),
    path("observation/", day.enter, name="observer_enter"),
    path("observation/lieu/", day.observer, name="observer"),
    path("observation/reel/", day.observer_real, name="observer_real"),
    path("observation/alarme/", band.observer_alarm, name="observer_alarm"),
]
