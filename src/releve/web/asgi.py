"""The ASGI application that ``runtime.web`` serves. Django is already set up when this loads."""

from __future__ import annotations

from django.core.handlers.asgi import ASGIHandler

from releve.web.bodies import MeasuredBodies

application = MeasuredBodies(ASGIHandler())
