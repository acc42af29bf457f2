"""Every page of an exercise in English: no word of French but the scenario and what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from releve.drill.app.codes import code_of
from releve.drill.field.exercise import State
from releve.establishment import Establishment, load
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.pages.roles import Role
from tests.drill.field.house import folder
from tests.drill.field.sample import written
from tests.pages.people import EJ, person
from tests.pages.reading import french_in, language_of
from tests.pages.test_catalogue import DATA, english_compiled, language_restored, speak_english

__all__ = ["english_compiled", "language_restored"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def valbrume(records: Home, tmp_path: Path) -> Establishment:
    """Kept in a drill home: the pages are the same."""
    return load(records, folder(tmp_path / "folder", {}), SystemClock().now())[1]


@pytest.mark.parametrize("state", [State.READY, State.RUNNING, State.ENDED])
def test_the_pages_of_an_exercise(valbrume: Establishment, state: State) -> None:
    row = written(valbrume, state)
    names = (*DATA, *(service.name for service in valbrume.services))
    chief = person("diallo", (Role.DSI, EJ)).client
    speak_english(chief)
    assert chief.post("/observation/", {"code": code_of(row.places.all()[0])}).status_code == 302
    here = f"/exercices/{row.pk}/"
    pages = [
        "/exercices/", "/exercices/preparer/", "/exercices/poids/", here, f"{here}lieu/CHIR-B/",
        f"{here}lieu/CHIR-B/?heure=appele", f"{here}heures/", f"{here}presences/",
        f"{here}bilan/", "/observation/", "/observation/lieu/", "/exercices/alarme/",
        *([f"{here}rapport/"] if state.over else []),
    ]  # fmt: skip
    for page in pages:
        answer = chief.get(page)
        assert answer.status_code == 200, page
        html = answer.content.decode()
        assert page.endswith("alarme/") or language_of(html) == "en", page
        assert french_in(html, names) == [], page


def test_what_is_refused(valbrume: Establishment) -> None:
    row = written(valbrume, State.ENDED)
    chief = person("diallo", (Role.DSI, EJ)).client
    speak_english(chief)
    here = f"/exercices/{row.pk}/"
    for address, form, said in (
        (f"{here}signer/", {"digest": ""}, "The report has changed"),
        ("/exercices/poids/", {"source": "x", "year": "x"}, "will not do for: the year"),
        (f"{here}etat/", {"to": "paused"}, "this cannot be done any more, or not yet"),
        ("/exercices/action/1/", {"who": "", "proof": ""}, "Missing: the name of who closes it"),
        ("/observation/", {"code": "x"}, "This code opens nothing"),
    ):
        html = chief.post(address, form).content.decode()
        assert said in html, address
        assert french_in(html, DATA) == [], address
