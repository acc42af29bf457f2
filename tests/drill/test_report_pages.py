"""The HTML, the PDF and their writing: self-contained, inert, the same words, all or nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pytest

from releve.drill import fonts
from releve.drill.account import Account
from releve.drill.measures import Result
from releve.drill.report import (
    PdfFailed,
    ReportExists,
    ReportFiles,
    complete,
    tell,
    write_report,
    writing,
)
from releve.drill.report.pdf import PdfRefused
from releve.drill.report.timeline import draw, lanes
from releve.kernel.durable import write_durably
from tests.drill import sample

RESULTS = {
    "held": sample.held(),
    "missed": sample.missed(),
    "sabotaged": sample.sabotaged(),
    "without kits": sample.without_kits(),
    "hostile": sample.hostile(),
    "empty": replace(
        sample.held(),
        measures=(),
        not_measured=(),
        happenings=(),
        settings={},
        account=Account(),
    ),
}


class Page(HTMLParser):
    """What a browser would see: tags, attributes, text outside the style sheet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.style = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "style" and not self.style:
            self.style = data
        else:
            self.text += data


@pytest.fixture(params=list(RESULTS))
def result(request: pytest.FixtureRequest) -> Result:
    return RESULTS[request.param]


@pytest.fixture
def written(result: Result, tmp_path: Path) -> ReportFiles:
    return write_report(result, tmp_path / "rapport")


def test_the_page_asks_nothing_of_anyone(written: ReportFiles) -> None:
    page = Page(written.html.read_text("utf-8"))
    assert {"script", "img", "link", "iframe", "object", "a", "base"}.isdisjoint(page.tags)
    for name, value in page.attributes:
        assert name not in {"src", "href", "style", "action"} and not name.startswith("on"), value
    assert "url(" not in page.style and "@import" not in page.style


def test_the_policy_names_the_only_style_sheet(written: ReportFiles) -> None:
    page = Page(written.html.read_text("utf-8"))
    policy = next(v for n, v in page.attributes if n == "content" and "default-src" in v)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert page.tags.count("style") == 1


def test_hostile_text_is_read_and_does_not_act(tmp_path: Path) -> None:
    page = Page(write_report(sample.hostile(), tmp_path / "r").html.read_text("utf-8"))
    assert "<script>alert(1)</script>" in page.text
    assert "facture⟨U+202E⟩fdp.exe" in page.text
    assert "⟨U+001B⟩[2J" in page.text
    assert "⟨U+DCE9⟩" in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.text)


def test_the_page_and_the_paper_say_the_same(written: ReportFiles, result: Result) -> None:
    page = _squeeze(Page(written.html.read_text("utf-8")).text)
    paper = _squeeze(pdf_text(written.pdf))
    told = tell(complete(result))
    expected = [told.verdict, *told.decisions, told.sabotage]
    expected += [text for row in told.rows for text in (row.name, row.obtained, row.state)]
    expected += [text for f in told.findings for text in (f.remedy, f.who)]
    expected += [line.text for chapter in told.chapters for line in chapter.lines]
    expected += [chapter.told for chapter in told.chapters]
    expected += [told.limit, told.reached, *(names for _, _, names in told.map)]
    expected += [text for one in told.order for text in (one.name, one.why, one.when)]
    for text in expected:
        assert _squeeze(text) in page
        if "xxxx" not in text:  # a word longer than the line is cut by the paper's edge
            assert _squeeze(text) in paper


def test_every_sheet_carries_the_band_and_its_number(written: ReportFiles) -> None:
    with pikepdf.open(written.pdf) as paper:
        count = len(paper.pages)
        assert paper.Root.Lang in ("fr", "fr-FR") and bool(paper.Root.MarkInfo.Marked)
    for number in range(1, count + 1):
        text = pdf_text(written.pdf, number)
        assert "SIMULATION" in text
        assert f"page {number}/{count}" in text


def test_a_machine_without_dejavu_still_gets_its_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_DEJAVU", tmp_path / "absent")
    text = pdf_text(write_report(sample.missed(), tmp_path / "r").pdf)
    assert "○ manqué" in text and "≤" in text


def test_the_same_result_makes_the_same_bytes(tmp_path: Path) -> None:
    one = write_report(sample.held(), tmp_path / "1")
    two = write_report(sample.held(), tmp_path / "2")
    for name in ("html", "pdf", "json"):
        assert getattr(one, name).read_bytes() == getattr(two, name).read_bytes()


def test_the_json_is_readable_whatever_the_names(written: ReportFiles, result: Result) -> None:
    figures = json.loads(written.json.read_bytes())
    assert figures["scenario"] == result.scenario
    assert figures["ok"] is complete(result).ok


def test_a_report_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "rapport"
    before = write_report(sample.held(), folder).json.read_bytes()
    with pytest.raises(ReportExists, match="rapport"):
        write_report(sample.missed(), folder)
    assert (folder / "rapport.json").read_bytes() == before


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "rapport"
    folder.mkdir()
    assert write_report(sample.held(), folder).html.is_file()


@pytest.mark.parametrize("interrupted_at", [1, 2, 3])
def test_an_interruption_leaves_no_half_report(
    interrupted_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def interrupt(path: Path, data: bytes, *, mode: int = 0o600) -> None:
        nonlocal calls
        calls += 1
        if calls == interrupted_at:
            raise KeyboardInterrupt
        write_durably(path, data, mode=mode)

    monkeypatch.setattr(writing, "write_durably", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(sample.held(), tmp_path / "rapport")
    assert list(tmp_path.iterdir()) == []


def test_without_pdf_the_rest_is_kept_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise PdfRefused("police absente")

    monkeypatch.setattr(writing, "to_pdf", refuse)
    with pytest.raises(PdfFailed, match="police absente") as caught:
        write_report(sample.held(), tmp_path / "rapport")
    assert "fonts-dejavu-core" in caught.value.remedy
    names = sorted(path.name for path in (tmp_path / "rapport").iterdir())
    assert names == ["rapport.html", "rapport.json"]


def test_the_time_line_and_its_twin_hold_every_happening() -> None:
    happenings = sample.held().happenings
    drawn = lanes(happenings)
    assert sum(len(lane.stories) for lane in drawn) == len(happenings)
    svg = draw(drawn)
    assert svg.count('overflow="visible"') == len(happenings)
    for share in re.findall(r' x="([\d.]+)%"', svg):
        assert 0 <= float(share) <= 100


def test_a_drill_over_midnight_numbers_its_days() -> None:
    first = sample.held().happenings[0]
    evening = replace(first, story=first.story.replace(hour=23, minute=59, second=58))
    morning = replace(first, story=first.story.replace(day=23, hour=0, minute=0, second=1))
    told = tell(replace(sample.held(), happenings=(morning, evening), account=Account()))
    assert [chapter.heading for chapter in told.chapters] == ["23:59", "00:00 (jour 2)"]


def pdf_text(path: Path, page: int | None = None) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext est absent : apt install poppler-utils")
    pages = [] if page is None else ["-f", str(page), "-l", str(page)]
    command = ["pdftotext", "-raw", "-nopgbrk", *pages, str(path), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)
