"""The drill in a browser: every line, once, to this machine only, and nothing that runs."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from releve.drill.live_page import LivePage
from releve.drill.measures import Happening

_HOUR = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def _line(text: str) -> Happening:
    return Happening(_HOUR, _HOUR, "Relève", text, "alarm", 12)


def test_the_page_holds_what_was_told_and_the_stream_what_comes() -> None:
    with LivePage("nuit-de-dimanche", 7) as page, httpx.Client(trust_env=False) as browser:
        page.happened(_line("3 fichiers illisibles <script>alert(1)</script>"))
        shown = browser.get(page.url)
        assert "nuit-de-dimanche · graine 7" in shown.text
        assert "3 fichiers illisibles &lt;script&gt;" in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        for asset in ("live.css", "live.js"):
            assert browser.get(page.url + asset).status_code == 200
        with browser.stream("GET", page.url + "lignes", headers={"Last-Event-ID": "0"}) as stream:
            page.happened(_line("la suite"))
            told = next(line for line in stream.iter_lines() if line.startswith("data:"))
            assert "la suite" in told


def test_another_name_for_this_machine_is_refused() -> None:
    with LivePage("nuit", 1) as page, httpx.Client(trust_env=False) as browser:
        assert browser.get(page.url, headers={"Host": "hopital.example"}).status_code == 421
        assert browser.get(page.url + "autre").status_code == 404


def test_the_stream_ends_with_the_drill() -> None:
    with httpx.Client(trust_env=False) as browser:
        with LivePage("nuit", 1) as page:
            stream = browser.stream("GET", page.url + "lignes")
            answer = stream.__enter__()
        assert "event: over" in answer.read().decode()
        stream.__exit__(None, None, None)
