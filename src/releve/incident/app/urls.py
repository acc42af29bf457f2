"""Addresses of the crisis."""

from __future__ import annotations

from django.urls import path

from releve.incident.app import copy_views, plan_views, ten_minutes, views

urlpatterns = [
    path("crise/", views.crisis, name="crisis"),
    path("crise/ouvrir/", views.open_, name="crisis_open"),
    path("crise/ecrire/", views.write, name="crisis_write"),
    path("crise/acte/<slug:slug>/", ten_minutes.step, name="crisis_step"),
    path("crise/confier/", ten_minutes.give, name="crisis_give"),
    path("crise/savoir/<slug:slug>/", ten_minutes.know, name="crisis_know"),
    path("crise/coupure/<slug:slug>/", ten_minutes.cut, name="crisis_cut"),
    path("crise/dit/", ten_minutes.told, name="crisis_told"),
    path("crise/porte/<slug:slug>/", views.gate, name="crisis_gate"),
    path("crise/lever/", views.close, name="crisis_close"),
    path("crise/exemplaires/", copy_views.copies_page, name="copies"),
    path("crise/exemplaires/rappeler/", copy_views.copies_recall, name="copies_recall"),
    path("crise/exemplaires/<int:number>/", copy_views.copy_act, name="copy_act"),
    path("crise/<int:number>/", views.log, name="crisis_log"),
    path("crise/<int:number>/rouvrir/", views.reopen, name="crisis_reopen"),
    path("crise/plan-bleu/", plan_views.index, name="blue_plans"),
    path("crise/plan-bleu/<slug:place>/", plan_views.form, name="blue_plan"),
    path("crise/plan-bleu/<slug:place>/pdf/", plan_views.fetch, name="blue_plan_file"),
]
