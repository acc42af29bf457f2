"""The web part with the establishment's pages, whether or not ``releve.web`` lists them already.

``python -m tests.establishment.map_part --home DIR`` serves; with ``--seat HOME LOGIN=ROLE@PATH…``
it opens accounts instead and prints {login: session}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from django.urls import include, path

from releve.kernel.home import Home, read
from releve.runtime.part import Part, run
from releve.runtime.records import make_secrets, use_records

APP = "releve.establishment.app"


def wire(home: Home) -> None:
    """Before ``django.setup()``."""
    os.environ["RELEVE_HOME"] = str(home.path)
    make_secrets(home)
    from releve.web import settings

    if APP not in settings.INSTALLED_APPS:
        settings.INSTALLED_APPS.append(APP)


def wire_urls() -> None:
    """After it, once."""
    from releve.web import urls

    if not any(APP in repr(each) for each in urls.urlpatterns):
        urls.urlpatterns.insert(0, path("", include(f"{APP}.urls")))


def main(part: Part) -> None:
    """Serve as ``runtime.web`` does."""
    from releve.runtime.web import serve

    wire(part.home)
    use_records(part.home)
    wire_urls()
    serve(part)


def seats(home: Home, wanted: list[str]) -> dict[str, str]:
    """Accounts of the home and the cookie of each one's session."""
    wire(home)
    use_records(home)
    wire_urls()
    from django.conf import settings

    from releve.pages.models import Place
    from releve.pages.roles import Role
    from tests.pages.people import EJ, account, enrol, sit_down

    Place.objects.get_or_create(perimeter=EJ, defaults={"name": "CH de Valbrume"})
    sessions = {}
    for each in wanted:
        login, _, right = each.partition("=")
        role, _, where = right.partition("@")
        who = account(login, (Role(role), where))
        enrol(who)
        sessions[login] = sit_down(who).cookies[settings.SESSION_COOKIE_NAME].value
    return sessions


if __name__ == "__main__":
    if sys.argv[1] == "--seat":
        sys.stdout.write(json.dumps(seats(read(Path(sys.argv[2])), sys.argv[3:])) + "\n")
    else:
        run("web", main)
