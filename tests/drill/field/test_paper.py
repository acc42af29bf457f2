"""Papers: EXERCICE on every page, nothing cut, hostile names stay text; the console writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path

import pytest

from releve.drill.app.models import Exercise
from releve.drill.field.exercise import STOP_SENTENCE
from releve.drill.field.marks import Place
from releve.drill.field.paper import Observed, Papers, Part, to_pdf
from releve.drill.field.scenario import load, shipped, text_of
from releve.kernel.home import read
from releve.runtime.ledger import read_entries

PRINTED = datetime(2026, 11, 29, tzinfo=UTC)
CODE = "7K2M-QX4P-0A9T-HE3D"
HOSTILE = '#panic("x") *gras* $x$ <b> \u202egnp.exe \x1b[31m ' + "N" * 300


def texts(data: bytes) -> list[str]:
    """The text of each page, on one line."""
    with import_module("pypdfium2").PdfDocument(BytesIO(data)) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def papers(name: str, odd: str = "Mme Martin") -> Papers:
    places = tuple(
        Observed(Place(code, odd, code == "CELLULE", "x"), odd, CODE)
        for code in ("URG", "CHIR-B", "CELLULE")
    )
    at = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
    return Papers(
        3, odd, odd, at, 45, (odd,), places, load(name), (odd,), "http://192.0.2.5/observation/"
    )


@pytest.mark.parametrize("name", shipped())
def test_every_page_says_exercise_and_the_note_says_it_is_false(name: str) -> None:
    scenario = load(name)
    pages = texts(to_pdf(papers(name), list(Part), PRINTED))
    assert all(page.startswith("EXERCICE") and "EXERCICE n° 3" in page for page in pages)
    cards = [page for page in pages if "Cartes à remettre" in page]
    handed = [inject for inject in scenario.injects if inject.kind != "phrase"]
    assert len(cards) == -(-len(handed) // 2), "two cards a sheet"
    assert "NOTE FICTIVE D’UN EXERCICE" in " ".join(cards)
    for inject in handed:
        assert inject.title.split()[-1] in " ".join(cards)
    sheets = [page for page in pages if "Feuille de l'observateur" in page]
    assert len(sheets) == 3, "one sheet a place, on one page"
    for sheet in sheets:
        assert CODE.replace("-", "") in "".join(filter(str.isalnum, sheet))
        assert STOP_SENTENCE in sheet
    booklet = " ".join(page for page in pages if "Livret de l'animateur" in page)
    assert "Exercice, exercice, exercice." in booklet and STOP_SENTENCE in booklet
    assert booklet.count(" min ") >= len(scenario.injects)
    assert sum("EXERCICE EN COURS" in page for page in pages) == 1
    assert sum("Feuille d'émargement" in page for page in pages) == 3


def test_hostile_names_are_shown_and_never_obeyed() -> None:
    data = to_pdf(papers("ecrans-noirs", HOSTILE), list(Part), PRINTED)
    whole = "".join(texts(data)).replace(" ", "")
    assert '#panic("x")*gras*$x$<b>' in whole
    assert "⟨U+202E⟩" in whole and "\u202e" not in whole and "⟨U+001B⟩" in whole
    assert data == to_pdf(papers("ecrans-noirs", HOSTILE), list(Part), PRINTED), "same bytes"


@pytest.mark.django_db
def test_the_console_prepares_prints_plays_and_reports(
    ready: Exercise, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.conf import settings

    from releve.cli.main import app

    def run(*words: str) -> int:
        status = app(
            ["drill", "field", *words, "--home", str(settings.HOME)], standalone_mode=False
        )
        return status if isinstance(status, int) else 0

    plan = tmp_path / "plan.toml"
    plan.write_text(
        'scenario = "hebergeur-ehpad"\nat = 2026-12-01T14:00:00\nanimator = "Mme Roux"\n'
        '[[ward]]\ncode = "EHPAD"\n',
        "utf-8",
    )
    assert run("prepare", "--plan", str(plan)) == 0
    assert "Panne de l'hébergeur" in capsys.readouterr().out
    own = tmp_path / "Chez Mme Roux.toml"
    own.write_text(text_of("ecrans-noirs"), "utf-8")
    words = ("--scenario", str(own), "--at", "2026-12-01 08:00", "--animator", "x", "--ward", "URG")
    assert run("prepare", *words) == 0
    assert "Roux" not in str(list(read_entries(read(settings.HOME))))
    run("papers", str(tmp_path / "papiers"), "--exercise", str(ready.pk))
    names = {path.name for path in (tmp_path / "papiers").iterdir()}
    assert names == {f"exercice-{ready.pk}-{part.value}.pdf" for part in Part}
    run("start", str(ready.pk))
    run("stop")
    figures, pdf = tmp_path / "rapport.json", tmp_path / "rapport.pdf"
    capsys.readouterr()
    run("report", str(ready.pk), "--json", str(figures), "--pdf", str(pdf))
    assert "non mesuré" in capsys.readouterr().out
    assert json.loads(figures.read_text("utf-8"))["reality"] == "terrain"
    assert all(page.startswith("EXERCICE") for page in texts(pdf.read_bytes()))
    assert run("watch", str(ready.pk)) == 0
    assert "terminé (console du serveur)" in capsys.readouterr().out
    run("list", "--json", "-")
    assert [e["state"] for e in json.loads(capsys.readouterr().out)["exercises"]] == [
        "prêt", "prêt", "terminé",
    ]  # fmt: skip


def test_the_root_parent_lends_the_folder_of_papers_and_no_number_of_an_exercise() -> None:
    from releve.runtime.staging import _paths

    assert list(_paths(["drill", "field", "papers", "DIR", "--exercise", "3"])) == [(3, "output")]
    assert list(_paths(["drill", "field", "start", "3"])) == []
    assert list(_paths(["drill", "field", "prepare", "--plan", "p.toml"])) == [(4, "input")]
    assert list(_paths(["drill", "--seed", "3", "--home", "H"])) == [(4, "home")]
