"""The browser of a continuity machine: opens kits from ``file://`` and says what they show.

``python -m releve.drill.simulator.kit_browser EXECUTABLE WORK``. It says ``ready`` (or ``failed``),
then for each line ``{"kit", "code", "marker", "timeout_s"}`` on its input: ``opened`` or
``refused``. It ends, with its browser, when its input is closed. The page's contract:
``input#code``, ``button#open``, ``#message``, ``[data-patient]`` with ``data-ipp``,
``body[data-state=open]``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

from releve.drill.simulator.processes import ignore_ctrl_c, say
from releve.kernel.clock import SystemClock

_CLOCK = SystemClock()
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
)
_SETTLED = """() => document.body.dataset.state === "open"
    || (document.querySelector("#message")?.textContent ?? "").trim() !== "" """
_LINES = """nodes => nodes.map(node => [node.dataset.ipp ?? "", node.textContent])"""


class _Refused(Exception):
    """The page said no; its text is the message."""


def main() -> None:
    """Entry point of the process."""
    ignore_ctrl_c()
    executable, work = sys.argv[1:]
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=executable, args=_QUIET, env={**os.environ, "HOME": work}
            )
        except Error as error:
            say(event="failed", why=_first_line(error))
            return
        say(event="ready")
        for line in sys.stdin:
            _answer(browser, json.loads(line))
        browser.close()


def _answer(browser: Browser, order: dict[str, object]) -> None:
    began = _CLOCK.monotonic()
    context = browser.new_context(offline=True, service_workers="block", locale="fr-FR")
    context.set_default_timeout(float(str(order["timeout_s"])) * 1000)
    try:
        page = context.new_page()
        kit = Path(str(order["kit"])).absolute().as_uri()
        asked = _watched(page, kit)
        page.goto(kit)
        _unlock(page, str(order["code"]))
        marker_at = _find(page, str(order["marker"]))
        lines = page.locator("[data-patient]").evaluate_all(_LINES)
        seconds = (marker_at or _CLOCK.monotonic()) - began
        say(event="opened", lines=lines, seconds=seconds, marker_at=marker_at, requests=len(asked))
    except (Error, _Refused) as error:
        say(event="refused", why=_first_line(error))
    finally:
        context.close()


def _watched(page: Page, kit: str) -> list[str]:
    """Whatever the page asks for besides itself; pictures and papers it holds are its own."""
    asked: list[str] = []

    def note(request: Request) -> None:
        own = request.url.partition("#")[0] == kit
        if not own and urlsplit(request.url).scheme not in ("blob", "data"):
            asked.append(request.url)

    page.on("request", note)
    page.on("websocket", lambda socket: asked.append(socket.url))
    return asked


def _unlock(page: Page, code: str) -> None:
    page.locator("input#code").fill(code)
    page.locator("button#open").click()
    page.wait_for_function(_SETTLED)
    if page.locator("body").get_attribute("data-state") != "open":
        raise _Refused(page.locator("#message").inner_text())


def _find(page: Page, marker: str) -> float | None:
    """When that name was on screen; None when it is nobody's here."""
    if not marker:
        return None
    found = page.locator("[data-patient]", has_text=marker)
    if found.count() == 0:
        return None
    found.first.wait_for(state="visible")
    return _CLOCK.monotonic()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


if __name__ == "__main__":
    main()
