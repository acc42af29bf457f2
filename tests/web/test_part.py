"""The web part as a process: its console line, its doors, its live lines, its end."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from releve.runtime.ledger import open_ledger, read_entries
from tests.web.conftest import Service
from tests.web.persons import PASSWORD, six_digits
from tests.web.samples import evidence

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_SECRET = re.compile(r'id="secret">([A-Z2-7]+)<')


def _browser(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.address, follow_redirects=True, timeout=30)


def _post(browser: httpx.Client, address: str, **form: str) -> httpx.Response:
    token = _TOKEN.search(browser.get(address).text)
    assert token
    return browser.post(address, data={**form, "csrfmiddlewaretoken": token.group(1)})


def _first(browser: httpx.Client, code: str, login: str = "claire.martin") -> httpx.Response:
    return _post(
        browser,
        "premier-acces/",
        code=code,
        name="Mme Martin",
        login=login,
        password=PASSWORD,
        entity="990000010",
        entity_name="CH de Valbrume",
    )


@pytest.fixture
def administrator(service: Service) -> Iterator[httpx.Client]:
    """The first administrator, with a second factor."""
    with _browser(service) as browser:
        # Each opening of the enrolment page draws a new secret: answer the page that was shown.
        shown = _first(browser, service.first_code()).text
        secret, token = _SECRET.search(shown), _TOKEN.search(shown)
        assert secret
        assert token
        form = {"code": six_digits(secret.group(1)), "csrfmiddlewaretoken": token.group(1)}
        assert browser.post("compte/application/", data=form).url.path == "/compte/feuille/"
        yield browser


def test_of_many_who_hold_the_code_one_becomes_administrator(service: Service) -> None:
    code = service.first_code()

    def try_it(number: int) -> str:
        with _browser(service) as browser:
            return str(_first(browser, code, f"personne.{number}").url.path)

    with ThreadPoolExecutor(6) as people:
        ends = list(people.map(try_it, range(6)))
    assert ends.count("/compte/application/") == 1, ends


def test_secrets_are_for_this_user_alone(service: Service) -> None:
    files = list(service.home.secrets("web").iterdir())
    assert {file.name for file in files} == {"django.key", "second-factor.key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    records = (service.home.path / "records.sqlite3").read_bytes()
    assert service.first_code().encode() not in records


def test_every_answer_carries_the_strict_policy(administrator: httpx.Client) -> None:
    for address in ("", "preuves/", "rien/", "fixe/pages/releve.css"):
        answer = administrator.get(address)
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy.pop("default-src") == policy.pop("base-uri") == "'none'"
        assert policy.pop("frame-ancestors") == "'none'"
        assert set(policy.values()) == {"'self'"}
        assert "style=" not in answer.text


def _events(stream: httpx.Response, until: str) -> list[tuple[str, str]]:
    """(event, data) pairs until an event's data holds ``until``, or three silences in a row."""
    found: list[tuple[str, str]] = []
    silences = 0
    event, data = "", ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            data += line[6:]
        elif line.startswith(":"):
            silences += 1
            if silences == 3:
                return found
        elif not line and event:
            found.append((event, data))
            if until in data:
                return found
            event, data = "", ""
    return found


def test_live_lines_arrive_and_resume_after_the_last_one_seen(
    service: Service, administrator: httpx.Client
) -> None:
    with open_ledger(service.home) as ledger:
        first = ledger.append(evidence("vault.snapshot", 1, value=1, unit="fichiers"))
        headers = {"Last-Event-ID": str(first), "Accept": "text/event-stream"}
        with administrator.stream("GET", "evenements/", headers=headers) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            ledger.append(evidence("vault.snapshot", 2, system="PC-DEUX", value=2, unit="f"))
            lines = [data for event, data in _events(stream, "PC-DEUX") if event == "preuve"]
        last = ledger.append(evidence("vault.snapshot", 3, system="PC-TROIS", value=3, unit="f"))
    assert "PC-DEUX" in lines[-1]
    assert not any(f"/preuves/{first}/" in line for line in lines)
    headers = {"Last-Event-ID": str(last - 1), "Accept": "text/event-stream"}
    with administrator.stream("GET", "evenements/", headers=headers) as stream:
        ((event, data),) = _events(stream, "PC-TROIS")
    assert event == "preuve"
    assert f"/preuves/{last}/" in data


def test_a_stranger_gets_no_live_line(service: Service, administrator: httpx.Client) -> None:
    answer = httpx.get(service.address + "evenements/", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 401


def test_what_accounts_do_reaches_the_ledger(service: Service, administrator: httpx.Client) -> None:
    token = _TOKEN.search(administrator.get("comptes/").text)
    assert token
    form = {"name": "M. Diallo", "login": "paul.diallo", "csrfmiddlewaretoken": token.group(1)}
    assert administrator.post("comptes/nouveau/", data=form).status_code == 200
    headers = {"Last-Event-ID": "0", "Accept": "text/event-stream"}
    with administrator.stream("GET", "evenements/", headers=headers) as stream:
        _events(stream, "compte ouvert")
    told = [e.what for _, e in read_entries(service.home, 1)]
    assert told == ["compte.premier", "compte.ouvert"]


def test_it_stops_when_told_even_while_somebody_reads(
    service: Service, administrator: httpx.Client
) -> None:
    with administrator.stream("GET", "evenements/"):
        assert service.web.stop() == 0
