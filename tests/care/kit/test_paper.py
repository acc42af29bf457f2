"""The ward on paper: a loose sheet must say whose it is, from when, from which kit."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from releve.care.kit import read_kit
from releve.care.sheet import WardSheet
from releve.kernel.home import Home
from tests.care.kit.conftest import make_kit
from tests.care.kit.wards import HOSTILE, hostile_ward, patient, ward

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
