"""People of a drill come in by the product's own doors, with nothing skipped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import pytest

from releve.drill.simulator.errors import DoorClosed
from releve.drill.simulator.forms import filled, read_page
from releve.drill.simulator.persons import People, Person, request_number, totp
from releve.drill.simulator.processes import SOURCES
from releve.kernel.clock import ManualClock, SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.outward import WrongWorld
from releve.kernel.world import World

_FINESS = "990000010"


@dataclass(frozen=True)
class _Web:
    home: Home
    url: str
    code: str


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Web]:
    """The product's web part on a new drill home, and the code its console printed."""
    home = birth(tmp_path_factory.mktemp("web") / "home", World.DRILL, SystemClock().now())
    process = subprocess.Popen(
        [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )
    assert process.stdout is not None and process.stderr is not None
    ready = process.stdout.readline()
    line = process.stderr.readline()
    rest = threading.Thread(target=process.stderr.read)
    rest.start()
    try:
        found = re.search(r"code (\S+)", line)
        assert found is not None, line
        yield _Web(home, json.loads(ready)["endpoints"]["web"], found[1])
    finally:
        process.terminate()
        process.wait()
        rest.join()
        process.stdout.close()
        process.stderr.close()


def test_two_people_arrive_and_one_approves_what_the_other_asks(web: _Web) -> None:
    told: list[str] = []
    clock = SystemClock()
    people = People(World.DRILL, web.home.path, web.url, clock, Random("essai"), told.append)
    try:
        people.arrive(web.code, _FINESS, "Centre hospitalier de Valbrume")
        led_to = people.asker.give_role(people.approver_number, "dsi", _FINESS)
        number = request_number(led_to)  # a privileged role takes a second look by now
        with pytest.raises(DoorClosed):  # nobody grants their own request
            people.asker.approve(number)
        people.approve(number, "donner un rôle")
        with pytest.raises(DoorClosed):  # granted once: there is no form to grant it again
            people.approver.approve(number)
        assert told == people.acts
        assert len(told) == 4
        people.approver.sign_out()
        with pytest.raises(DoorClosed):
            people.approver.give_role(people.approver_number, "auditeur", _FINESS)
        people.approver.sign_in()
        people.approver.give_role(people.approver_number, "auditeur", _FINESS)
    finally:
        people.close()


def test_a_wrong_console_code_is_told_in_the_page_s_own_words(web: _Web) -> None:
    person = Person(
        World.DRILL, web.home.path, web.url, SystemClock(),
        login="essai.essai", name="Essai", password="une phrase de quatre mots",  # noqa: S106
    )  # fmt: skip
    with pytest.raises(DoorClosed) as caught:
        person.activate("AAAA-BBBB-CCCC-DDDD-EEEE")
    person.close()
    assert "/activation/" in str(caught.value)


def test_nobody_goes_elsewhere_than_this_machine(web: _Web) -> None:
    with pytest.raises(WrongWorld):
        Person(
            World.DRILL, web.home.path, "http://192.0.2.1/", SystemClock(),
            login="a", name="b", password="c",  # noqa: S106
        )  # fmt: skip


def test_digits_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 (annexe B)
    times = {59: "287082", 1111111109: "081804", 2000000000: "279037"}
    for seconds, digits in times.items():
        moment = datetime.fromtimestamp(seconds, UTC)
        assert totp(secret, int(ManualClock(moment).now().timestamp()) // 30) == digits


def test_a_form_gives_back_what_the_page_put_in_it() -> None:
    page = read_page(
        '<p class="error">Non :<b> trop <i>court</i></b></p><form method="post" action="/x/">'
        '<input type="hidden" name="csrf" value="a&amp;b"><input name="code">'
        '<input type="checkbox" name="non" value="1">'
        '<select name="role"><option value="u">U<option value="v" selected>V</select></form>'
        '<form><input name="code"></form><strong id="secret"> AB CD</strong>'
    )
    form = page.form_with("code", "role")
    assert form is not None
    assert form.action == "/x/"
    assert filled(form, {"code": "1"}) == {"csrf": "a&b", "code": "1", "role": "v"}
    assert page.form_with("inconnu") is None
    assert page.errors == "Non : trop court"
    assert page.text("secret") == "ABCD"
