"""The ward on paper: a loose sheet must say whose it is, from when, from which kit."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from releve.care.kit import read_kit
from releve.care.kit.shown import shown
from releve.care.sheet import State, WardSheet
from releve.kernel.home import Home
from tests.care.kit.conftest import make_kit
from tests.care.kit.wards import HOSTILE, hostile_ward, patient, row, section, ward

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils manque")


def _pdf(home: Home, sheet: WardSheet, folder: Path) -> Path:
    kit = make_kit(home, sheet)
    path = folder / "ward.pdf"
    path.write_bytes(read_kit(kit.path, kit.code).pdf)
    return path


def _pages(path: Path) -> list[str]:
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8").split("\f")[:-1]


def _flat(page: str) -> str:
    return " ".join(page.replace("\u2019", "'").split())


def _holding(*texts: str) -> WardSheet:
    """One patient whose only document has these texts, after its title."""
    each = patient(1)
    named = (("titre", "compte rendu"), *(("texte", text) for text in texts))
    held = section("documents", State.RECEIVED, row(*named, source=1))
    kept = tuple(held if s.name == "documents" else s for s in each.sections)
    return replace(ward(1), patients=(replace(each, sections=kept),))


def test_every_page_says_its_world_its_kit_and_its_hour(home: Home, tmp_path: Path) -> None:
    pages = _pages(_pdf(home, ward(30), tmp_path))
    for number, page in enumerate(pages, 1):
        flat = _flat(page)
        assert "SIMULATION Centre hospitalier de Valbrume Chirurgie B (CHIR-B)" in flat
        assert "kit n° 1-1, fabriqué le" in flat
        assert "dimanche 22 novembre 2026 à 01:12 (heure de Paris, UTC+1), 00:12 UTC" in flat
        assert f"page {number}/{len(pages)}" in flat


def test_traits_stand_on_each_page_of_a_long_file_in_bed_order(home: Home, tmp_path: Path) -> None:
    long = tuple(patient(n, rows=60) for n in (1, 3, 5))
    path = _pdf(home, replace(ward(1), patients=long), tmp_path)
    pages = [_flat(page) for page in _pages(path)][1:]
    owners = []
    for page in pages:
        mine = [p for p in long if f"IPP {p.traits.ipp}" in page]
        assert len(mine) == 1, page
        assert f"{mine[0].traits.name} Élise" in page
        assert "né(e) le 12/04/1951" in page
        owners.append(mine[0].traits.ipp)
    assert owners == sorted(owners)
    assert all(owners.count(p.traits.ipp) >= 3 for p in long)
    assert "HOMONYME EN B02" in pages[1]
    assert any("1 message non lu" in page for page in pages)


def test_the_four_states_are_words(home: Home, tmp_path: Path) -> None:
    text = _flat(" ".join(_pages(_pdf(home, ward(4), tmp_path))))
    assert "traitements non reçus : demander la feuille papier" in text
    assert "« aucune allergie » affirmé par la source, reçu le 22 nov. 2026 à 01:09" in text
    assert "allergies non reçues : demander au patient" in text
    assert "peut avoir changé : source muette depuis le 21 nov. 2026 à 18:12" in text
    assert "documents jamais reçus" in text
    assert "Nom et signature" in text


def test_hostile_texts_are_printed_as_text(home: Home, tmp_path: Path) -> None:
    text = "".join("".join(_pages(_pdf(home, hostile_ward(), tmp_path))).split())
    text = text.replace("\u200b", "").replace("\u2019", "'")
    plain = [each for each in HOSTILE if each.isascii() and each.isprintable()]
    assert len(plain) >= 6
    for each in plain:
        assert each.replace(" ", "") in text, each
    assert "U+202E" in text
    assert "\u202e" not in text


def test_an_empty_ward_prints_one_page(home: Home, tmp_path: Path) -> None:
    pages = _pages(_pdf(home, ward(0), tmp_path))
    assert len(pages) == 1
    assert "0 patient." in pages[0]


def test_the_smallest_type_is_ten_points(home: Home, tmp_path: Path) -> None:
    path = _pdf(home, ward(6), tmp_path)
    command = ["pdftohtml", "-xml", "-stdout", "-i", "-zoom", "1", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    sizes = [
        float(line.split(b'size="')[1].split(b'"')[0])
        for line in done.stdout.splitlines()
        if b"<fontspec" in line
    ]
    assert sizes
    assert min(sizes) >= 10


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("A" * 22_000, "22 000"),
        (base64.b64encode(random.Random(5).randbytes(112_500)).decode(), "150 000"),
        ("-" * 30_000, "30 000"),
        ("dose de 5 mg " * 160_000, "2 080 000"),
        ("ligne\r\n" * 10_000, "60 000"),
    ],
    ids=["one letter", "base64", "dashes", "two megabytes of words", "ten thousand lines"],
)
def test_a_text_without_end_still_prints_and_says_where_the_rest_is(
    home: Home, tmp_path: Path, text: str, size: str
) -> None:
    sheet = _holding(text, "APRÈS LE TEXTE")
    kit = make_kit(home, sheet)
    opened = read_kit(kit.path, kit.code)
    assert opened.sheet == sheet
    (tmp_path / "ward.pdf").write_bytes(opened.pdf)
    pages = [_flat(page) for page in _pages(tmp_path / "ward.pdf")]
    assert len(pages) <= 6
    assert all("IPP 99000001" in page for page in pages)
    whole = " ".join(pages)
    assert f"… texte de {size} caractères, la suite est dans le kit à l'écran" in whole
    assert "APRÈS LE TEXTE" in whole
    printed = whole.replace("\u200b", "").replace(" ", "")
    assert "".join(text[:60].split()) in printed


def test_names_beds_and_allergies_without_end_still_print(home: Home, tmp_path: Path) -> None:
    each = patient(1, "N" * 22_000)
    assert each.stay is not None
    allergies = section("allergies", State.RECEIVED, row(("allergène", "P" * 22_000), source=1))
    sheet = replace(
        ward(1),
        patients=(
            replace(
                each,
                stay=replace(each.stay, bed="B" * 22_000),
                sections=(allergies, *each.sections[1:]),
                homonyms=("H" * 22_000,),
            ),
        ),
    )
    whole = _flat(" ".join(_pages(_pdf(home, sheet, tmp_path)))).replace("\u200b", "")
    assert "… texte de 22 000 caractères, la suite est dans le kit à l'écran" in whole
    assert "feuille du" in whole
    assert "HÉPARINE 5000 UI" in whole
    assert "Nom et signature" in whole


def test_line_ends_are_lines_and_highlight_marks_are_hidden(home: Home, tmp_path: Path) -> None:
    received = ("suite\r\nfin", "un\rdeux", "taux:\\H\\élevé\\N\\ ce jour", "C:\\H\\a\\N\\b")
    sheet = _holding(*received)
    words = shown(sheet)["patients"][0]["sections"][3]["rows"][0]["rest"]
    texts = [text for label, text in words if label == "texte"]
    assert texts == ["suite\nfin", "un\ndeux", "taux:élevé ce jour", "C:\\H\\a\\N\\b"]
    kit = make_kit(home, sheet)
    opened = read_kit(kit.path, kit.code)
    values = opened.sheet.patients[0].section("documents").rows[0].values
    assert tuple(value.text for value in values[1:]) == received
    (tmp_path / "ward.pdf").write_bytes(opened.pdf)
    printed = "".join(_pages(tmp_path / "ward.pdf"))
    assert "U+000D" not in printed
    lines = [line.strip() for line in printed.splitlines()]
    assert any(line.endswith("suite") for line in lines)
    assert any(line.startswith("fin") for line in lines)
