"""The binder as paper: nothing cut, nothing too small, nothing blank that should be said."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pikepdf
import pypdfium2 as pdfium
import pytest
import zxingcpp

from releve.incident.binder.assembly import WHOLE, Made, make
from releve.incident.binder.codes import read_payload
from releve.incident.binder.material import (
    Copy,
    Degraded,
    Delegation,
    Door,
    Instead,
    Material,
    Variant,
)
from releve.incident.binder.rules import calls, ward_forms
from releve.incident.known import questions
from releve.incident.steps import first_steps
from releve.kernel.world import World
from releve.pages.cuts import usual_cuts
from tests.incident import paper

_DPI = 150


@pytest.fixture(scope="module")
def cell() -> Made:
    """The cell's copy of Valbrume's binder."""
    return make(paper.material())


@pytest.fixture(scope="module")
def nasty() -> Made:
    return make(paper.hostile())


def _small(ward: str = "URG", **changes: object) -> Material:
    base = paper.material(Variant.SERVICE)
    return replace(base, wards=(ward,), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["cell", "nasty"])
def test_no_letter_leaves_its_page_nor_is_too_small(
    which: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(which)
    wrong = [
        letter
        for letter in paper.letters(made.files[WHOLE])
        if letter.points < 9.99
        or letter.left < paper.LEFT
        or letter.right > 210 - paper.RIGHT
        or letter.top < paper.TOP
        or letter.bottom > 297 - paper.BOTTOM
    ]
    assert wrong[:5] == []


@pytest.mark.parametrize("which", ["cell", "nasty"])
def test_fonts_are_embedded_and_every_glyph_exists(
    which: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(which)
    with pikepdf.open(io.BytesIO(made.files[WHOLE])) as book:
        fonts = [each for each in book.objects if _is(each, "/FontDescriptor")]
        assert fonts
        assert all("/FontFile2" in each or "/FontFile3" in each for each in fonts)
    everything = " ".join(paper.said(made.files[WHOLE]))
    assert "\ufffd" not in everything and "\u202e" not in everything and "\x1b" not in everything


def _is(each: object, kind: str) -> bool:
    return isinstance(each, pikepdf.Dictionary) and each.get("/Type") == kind


def test_what_the_face_cannot_draw_is_written_out(nasty: Made) -> None:
    everything = "".join("".join(paper.said(nasty.files[WHOLE])).split())
    assert "\\u4e2d\\u6587" in everything
    assert "\\u202e" in everything
    assert "#panic()" in everything


@pytest.mark.parametrize("which", ["cell", "nasty"])
def test_sheets_that_must_hold_on_their_sides_do(
    which: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(which)
    assert made.parts["manque"] == 1
    assert made.parts["sommaire"] == 1
    assert made.parts["directeur"] == 2
    assert made.parts["dix-minutes"] == 4
    assert made.parts["cartes"] == 15


def test_the_directors_sheet_has_ten_calls_in_order_in_large_type(cell: Made) -> None:
    data = cell.files["directeur"]
    words = " ".join(paper.said(data))
    titles = [rule.title for rule in calls("hospital")]
    assert len(titles) == 10
    places = [words.index(title) for title in titles]
    assert places == sorted(places)
    assert "09 72 43 91 25" in words and "source lue en nov. 2026" in words
    assert "Ne répondez pas aux attaquants. Ne payez pas. Gardez la note." in words
    assert "72 h si assuré" in words and "sans délai" in words
    body = [one.points for one in paper.letters(data) if 34 < one.top < 270]
    assert {points for points in body if points < 14} == {10}  # hours and last tries alone
    assert min(one.points for one in paper.letters(cell.files["dix-minutes"])
               if 36 < one.top < 200) >= 14  # fmt: skip


def test_nothing_that_one_dials_or_reads_out_is_cut_on_the_directors_sheet(cell: Made) -> None:
    words = " ".join(paper.said(cell.files["directeur"]))
    contacts = paper.valbrume()[1]
    for slug in ("samu", "prefecture", "voisin-1", "voisin-2", "police", "dpo"):
        told = contacts[slug]
        tried = f"essayé le {told.checked:%d/%m/%y}" if told.checked else "jamais essayé"
        assert told.name in words and f"{told.hours}, {tried}" in words, slug
    assert "numéro de garde ARS non renseigné (répondu : je ne sais pas)" in words
    for rule in calls("hospital"):
        assert f"« {rule.say} »" in words


def test_the_ten_minutes_on_paper_are_those_of_the_screen(cell: Made) -> None:
    acts, known, cut, kept = paper.said(cell.files["dix-minutes"])
    assert [each.slug for each in first_steps() if each.title not in acts] == []
    assert [each.slug for each in questions() if each.asks not in known] == []
    assert known.count("oui non je ne sais pas") == 7
    assert "Dit à qui" in known and "Heure" in known
    assert [each.slug for each in usual_cuts() if each.words not in cut] == []
    assert "Gardez" in kept and "CERT Santé" in kept
    says = {each.slug: each.say for each in first_steps()}
    for call in calls("hospital"):
        assert call.slug == "plan" or call.say in says.values()


def test_how_to_join_without_a_network_is_said_or_missing() -> None:
    real = replace(paper.material(), world=World.REAL, wards=("URG",))
    lacking = make(real)
    assert "ni adresse ni réseau de crise préparés" in {each.what for each in lacking.missing}
    drill = make(replace(real, world=World.DRILL))
    assert not any("réseau de crise" in each.what for each in drill.missing)
    url, prints = "https://192.168.7.20:8443/crise/", ":".join(f"{n:02X}" for n in range(32))
    joined = make(replace(real, door=Door((url,), prints, date(2027, 5, 1))))
    assert not any("réseau de crise" in each.what for each in joined.missing)
    (words,) = paper.said(joined.files["joindre"])
    assert url in words and "01/05/2027" in words and "18 19 1A 1B 1C 1D 1E 1F" in words
    with pdfium.PdfDocument(joined.files["joindre"]) as book:
        image = book[0].render(scale=_DPI / 72).to_pil()
    assert zxingcpp.read_barcodes(image)[0].text == url


def test_what_is_missing_is_said_in_its_place_and_on_the_first_page(cell: Made) -> None:
    director = " ".join(paper.said(cell.files["directeur"]))
    front = paper.said(cell.files["manque"])[0]
    for words in ("numéro de garde ARS non renseigné", "numéro de l'assureur non renseigné"):
        assert words in director
        assert words in front
    assert "aucune délégation signée : appelez le directeur avant de couper" in " ".join(
        paper.said(cell.files["dix-minutes"])
    )
    listed = {each.what for each in cell.missing}
    assert "fiche de mode dégradé non renseignée" in listed
    assert all(each.remedy for each in cell.missing)


def test_delegations_and_degraded_sheets_take_the_place_of_what_was_missing() -> None:
    given = replace(
        paper.material(),
        wards=("URG",),
        delegations=(
            Delegation("Couper Internet", "astreinte informatique", "Mme Estragon",
                       date(2026, 9, 3), date(2027, 9, 3)),
            Delegation("Couper le labo", "personne", "Mme Estragon", None, date(2026, 1, 1)),
        ),
        degraded=(
            Degraded("URG", ("DPI", "laboratoire"), (Instead("1 h", ("Sortez le tableau.",)),),
                     "Dr Iris", date(2026, 11, 2)),
        ),
    )  # fmt: skip
    made = make(given)
    words = " ".join(paper.said(made.files["dix-minutes"]))
    assert "Couper Internet" in words and "03/09/2027" in words
    assert "Couper le labo" not in words and "aucune délégation" not in words
    sheet = " ".join(paper.said(made.files["mode-degrade"]))
    assert "Après 1 h sans logiciel" in sheet and "Dr Iris" in sheet
    assert not any("mode dégradé" in each.what for each in made.missing)


def test_every_page_says_its_band_copy_hour_and_number(cell: Made) -> None:
    pages = paper.said(cell.files[WHOLE])
    assert len(pages) == cell.pages
    for number, words in enumerate(pages, 1):
        assert "SIMULATION" in words
        assert "exemplaire n° 7 · cellule" in words
        assert "Fait le 29 nov. 2026 à 02:12, remis à : Cadre de garde" in words
        assert "établissement version 3 (a1b2c3d4) · sans recensement" in words
        assert f"classeur {number}/{cell.pages}" in words
        assert re.search(r"page \d+/\d+", words)


def test_the_contents_give_the_page_where_each_part_begins(cell: Made) -> None:
    contents = paper.said(cell.files["sommaire"])[0]
    begins = 1
    for slug, count in cell.parts.items():
        if slug in ("annuaire", "cartes", "papier", "sources"):
            title = {
                "annuaire": "Annuaire de crise",
                "cartes": "Cartes de rôle",
                "papier": "Papier pour 8 semaines",
                "sources": "Sources et manques",
            }[slug]
            assert re.search(rf"{re.escape(title)}[^\d]* {begins}\b", contents), (slug, begins)
        begins += count  # fmt: skip


def test_a_services_copy_bears_no_personal_mobile_and_no_cell_paper() -> None:
    made = make(paper.material(Variant.SERVICE))
    words = " ".join(paper.said(made.files[WHOLE]))
    assert not re.search(r"\b0[67] \d\d \d\d", words)
    assert "mobile : voir l'exemplaire de la cellule" in words
    assert "01 99 00 50 15" in words
    assert not {"directeur", "dix-minutes", "cartes", "declarations", "reprise"} & made.parts.keys()


def test_each_form_has_a_datamatrix_that_a_scanner_reads() -> None:
    establishment, _ = paper.valbrume()
    made = make(_small(census=paper.census(establishment, "URG", 8)))
    data = made.files["service-001"]
    read = []
    with pdfium.PdfDocument(data) as book:
        for page in book:
            image = page.render(scale=_DPI / 72).to_pil()
            found = zxingcpp.read_barcodes(
                image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
            )
            words = " ".join(page.get_textpage().get_text_bounded().split())
            if words and "Qui est là" in words:
                assert not found
                continue
            form = read_payload(found[0].text)
            assert form is not None and (form.home, form.ward) == ("01234567", "URG")
            assert f"n° {form.number}" in words
            read.append((form.form, form.number))
    kinds = {form for form, _ in read}
    assert kinds == {form.code for form in ward_forms()}
    assert len({number for _, number in read}) == len(read)
    assert sum(form == "PRE" for form, _ in read) == 8


def test_patients_are_named_on_each_of_their_sheets_and_labels() -> None:
    establishment, _ = paper.valbrume()
    made = make(_small(census=paper.census(establishment, "URG", 8)))
    pages = paper.said(made.files["service-001"])
    named = [words for words in pages if "PATIENTE Élise 3 " in words + " "]
    assert any("Qui est là" in words for words in named)
    for form in ("Prescription", "Administration", "Transmissions", "Étiquettes"):
        sheets = [words for words in named if form in words]
        assert sheets, form
        assert all("12/04/1951" in w and "80000003" in w for w in sheets), form
    labels = " ".join(words for words in pages if "Étiquettes" in words)
    assert labels.count("IPP 80000003") == 3


def test_a_patient_of_an_unknown_service_is_on_paper_all_the_same() -> None:
    establishment, _ = paper.valbrume()
    lost = replace(paper.census(establishment, "", 2))
    made = make(replace(paper.material(Variant.SERVICE), census=lost))
    words = " ".join(paper.said(made.files["service-000"]))
    assert "service à retrouver" in words and "PATIENTE Élise 2" in words


def test_two_copies_and_two_wards_never_share_a_number() -> None:
    seen: set[str] = set()
    for number in (7, 8):
        base = replace(paper.material(Variant.SERVICE), copy=Copy(number, Variant.SERVICE))
        made = make(replace(base, wards=("URG", "REA")))
        for slug in ("service-001", "service-002"):
            words = " ".join(paper.said(made.files[slug]))
            numbers = set(re.findall(r"(?:n° |PROV-)(\d{4}-\d{3}-\d{4})", words))
            assert len(numbers) > 15
            assert not numbers & seen
            seen |= numbers


def test_the_same_material_gives_the_same_bytes() -> None:
    first, second = make(_small()), make(_small())
    assert first.files == second.files
