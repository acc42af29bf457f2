"""Accounts of a home and their open sessions:
``python -m tests.establishment.seat HOME LOGIN=ROLE@PATH…`` prints {login: session}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from releve.kernel.home import Home, read
from releve.runtime.records import use_records


def seats(home: Home, wanted: list[str]) -> dict[str, str]:
    """Open the accounts; the cookie of each one's session."""
    use_records(home)
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
    sys.stdout.write(json.dumps(seats(read(Path(sys.argv[1])), sys.argv[2:])) + "\n")
