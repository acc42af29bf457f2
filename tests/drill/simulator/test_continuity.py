"""The continuity machine keeps the last good kit, and opens real ones in a real browser."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from releve.care.kit import publish, published_path, window_of
from releve.care.kit.build import up_to_date
from releve.drill.simulator.continuity import (
    Browser,
    ContinuityMachine,
    KitNotOpened,
    chromium,
    open_in_chromium,
)
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from tests.care.kit import wards

#: The page's contract and nothing of a kit: what the browser must count and see.
PAGE = """<!DOCTYPE html><html lang="fr"><meta charset="utf-8"><body>
<input id="code"><button id="open">Ouvrir</button><p id="message"></p><main></main>
<script>
document.querySelector("#open").onclick = () => {
  if (document.querySelector("#code").value !== "BON-CODE") {
    document.querySelector("#message").textContent = "Ce code n'ouvre pas cette mallette.";
    return;
  }
  for (const [ipp, name] of [["99000001", "TÉMOIN-MONTAL Élise"], ["99000002", "ÉCHALIER Gaël"]]) {
    const line = document.createElement("p");
    line.dataset.patient = ""; line.dataset.ipp = ipp; line.textContent = name;
    document.querySelector("main").append(line);
  }
  @more@
  document.body.dataset.state = "open";
};
</script></body></html>
"""

needs_chromium = pytest.mark.skipif(chromium() is None, reason="apt-get install chromium")


def put(folder: Path, ward: str, page: str, signature: bytes = b"signature") -> Path:
    folder.mkdir(exist_ok=True)
    kit = folder / f"{ward}.html"
    kit.write_text(page, "utf-8")
    (folder / f"{ward}.html.sig").write_bytes(signature)
    return kit


@pytest.fixture
def source(tmp_path: Path) -> Path:
    put(tmp_path / "published", "CHIR-B", PAGE)
    put(tmp_path / "published", "MED-A", PAGE)
    return tmp_path / "published"


@pytest.fixture
def post(source: Path, tmp_path: Path) -> ContinuityMachine:
    return ContinuityMachine(source, tmp_path / "continuite")


def test_it_copies_kits_with_their_signatures_and_only_what_changed(
    post: ContinuityMachine, source: Path
) -> None:
    assert post.pull().fresh == ("CHIR-B", "MED-A")
    assert post.pull().fresh == ()
    put(source, "MED-A", PAGE.replace("Ouvrir", "Ouvrir le kit"), b"autre")
    assert post.pull().fresh == ("MED-A",)
    assert post.kits()["MED-A"].read_bytes() == (source / "MED-A.html").read_bytes()
    assert (post.folder / "MED-A.html.sig").read_bytes() == b"autre"


@pytest.mark.parametrize("damage", ["encrypted", "truncated", "empty", "unsigned", "gone", "half"])
def test_what_befalls_the_source_never_reaches_the_last_good_kit(
    damage: str, post: ContinuityMachine, source: Path
) -> None:
    post.pull()
    good = post.kits()["CHIR-B"].read_bytes()
    kit = source / "CHIR-B.html"
    if damage == "encrypted":
        kit.write_bytes(os.urandom(len(good)))
        (source / "CHIR-B.html.sig").write_bytes(os.urandom(64))
    elif damage == "truncated":
        put(source, "CHIR-B", PAGE[: len(PAGE) // 2], b"autre")
    elif damage == "empty":
        kit.write_bytes(b"")
    elif damage == "unsigned":
        (source / "CHIR-B.html.sig").unlink()
    elif damage == "half":
        kit.write_text(PAGE.replace("Ouvrir", "Fermer"), "utf-8")
    else:
        for path in source.iterdir():
            path.unlink()
        source.rmdir()
    assert "CHIR-B" in post.pull().kept
    assert post.kits()["CHIR-B"].read_bytes() == good


def test_it_pulls_by_itself_until_stopped(source: Path, tmp_path: Path) -> None:
    post = ContinuityMachine(source, tmp_path / "continuite", period_s=0.02)
    post.start()
    limit = SystemClock().monotonic() + 10
    while len(post.kits()) < 2 and SystemClock().monotonic() < limit:
        threading.Event().wait(0.02)
    post.stop()
    put(source, "URG", PAGE)
    threading.Event().wait(0.1)
    assert sorted(post.kits()) == ["CHIR-B", "MED-A"]


@pytest.mark.browser
@needs_chromium
def test_a_published_kit_opens_from_the_disk_without_any_request(
    home: Home, tmp_path: Path
) -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")
    sheet = wards.ward(12)
    publish(home, sheet, wards.NOW, wards.PERIOD)
    window = window_of(home, "CHIR-B")
    assert window is not None and window.code is not None
    post = ContinuityMachine(published_path(home, "CHIR-B").parent, tmp_path / "continuite")
    assert post.pull().fresh == ("CHIR-B",)
    kit = post.kits()["CHIR-B"]
    before = SystemClock().monotonic()
    opened = open_in_chromium(kit, window.code, tmp_path / "navigateur", wards.MARKER)
    assert opened is not None
    assert opened.patients == 12
    assert opened.ipps == {patient.traits.ipp for patient in sheet.patients}
    assert opened.shows(wards.MARKER)
    assert opened.shows("Dupont-0003")
    assert opened.requests == 0
    assert opened.marker_at is not None
    assert before < opened.marker_at < SystemClock().monotonic()


@pytest.mark.browser
@needs_chromium
def test_one_browser_opens_several_kits_and_says_what_a_page_refused(
    source: Path, tmp_path: Path
) -> None:
    executable = chromium()
    assert executable is not None
    talkative = PAGE.replace("@more@", 'fetch("http://127.0.0.1:9/vol").catch(() => null);')
    plain = PAGE.replace("@more@", "")
    with Browser(executable, tmp_path / "navigateur") as browser:
        with pytest.raises(KitNotOpened, match="n'ouvre pas cette mallette"):
            browser.open(put(source, "A", plain), "MAUVAIS", timeout_s=10)
        shown = browser.open(put(source, "A", plain), "BON-CODE", "TÉMOIN-MONTAL")
        assert (shown.patients, shown.requests) == (2, 0)
        assert shown.marker_at is not None
        absent = browser.open(put(source, "A", plain), "BON-CODE", "PERSONNE")
        assert absent.marker_at is None
        assert browser.open(put(source, "B", talkative), "BON-CODE").requests == 1
        with pytest.raises(KitNotOpened):
            browser.open(put(source, "C", "<!doctype html><p>rien</p></html>"), "X", timeout_s=0.5)
        with pytest.raises(KitNotOpened):
            browser.open(source / "absent.html", "X", timeout_s=5)


@pytest.mark.browser
@needs_chromium
def test_a_browser_that_dies_is_said_and_leaves_nothing_running(
    source: Path, tmp_path: Path
) -> None:
    executable = chromium()
    assert executable is not None
    work = tmp_path / "navigateur-tue"
    browser = Browser(executable, work)
    try:
        assert started_from(work)
        os.kill(browser.pid, signal.SIGKILL)
        with pytest.raises(KitNotOpened):
            browser.open(put(source, "A", PAGE), "BON-CODE")
    finally:
        browser.close()
    limit = SystemClock().monotonic() + 20
    while started_from(work) and SystemClock().monotonic() < limit:
        threading.Event().wait(0.05)
    assert started_from(work) == []


def test_without_a_browser_nothing_is_opened(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert open_in_chromium(source / "CHIR-B.html", "BON-CODE", tmp_path / "n") is None


def started_from(work: Path) -> list[int]:
    """Processes that carry this folder as their HOME: the browser of this test and no other."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"HOME={work}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
