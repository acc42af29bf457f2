"""Accounts of a home and their open sessions: ``python -m tests.care.pages.seat HOME LOGIN=PATH…``.

Each LOGIN becomes a caregiver on the perimeter PATH (« - » = no role). Prints {login: session}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from releve.kernel.home import read
from releve.kernel.perimeter import perimeter
from releve.runtime.records import use_records


def main(home: Path, wanted: list[str]) -> dict[str, str]:
    """Open the accounts; the cookie of each one's session."""
    use_records(read(home))
    from django.conf import settings

    from releve.pages.models import Place
    from releve.pages.roles import Role
    from tests.pages.people import EJ, account, sit_down

    Place.objects.get_or_create(perimeter=EJ, defaults={"name": "CH de Valbrume"})
    sessions = {}
    for each in wanted:
        login, _, where = each.partition("=")
        rights = [] if where == "-" else [(Role.CAREGIVER, str(perimeter(where)))]
        browser = sit_down(account(login, *rights))
        sessions[login] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return sessions


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])) + "\n")
