"""Lists of people: names, telephones, services, twice the same, what a person corrected."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from releve.establishment.folder import read_bytes
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.names import read_name, several
from releve.establishment.imports.phones import in_pairs, read_phones, troubles
from releve.establishment.imports.services import Services
from releve.establishment.imports.staff import profession_of
from releve.establishment.imports.standing import Standing
from releve.establishment.words import is_live
from releve.kernel.ids import Finess
from tests.establishment.imports.files import (
    NOTHING,
    after,
    csv,
    doubts,
    establishment,
    known,
    made,
    xlsx,
)


@pytest.mark.parametrize(
    ("written", "last", "first"),
    [
        ("MARTIN Paul", "MARTIN", "Paul"),
        ("Paul MARTIN", "MARTIN", "Paul"),
        ("MARTIN, Paul", "MARTIN", "Paul"),
        ("Dr MARTIN", "MARTIN", ""),
        ("Mme Le Goff Élise", "LE GOFF", "Élise"),
        ("Pr Jean-Marc de LA TOUR", "DE LA TOUR", "Jean-Marc"),
        ("MARTIN P.", "MARTIN", "P"),
        ("J.-P. MARTIN-DUPONT", "MARTIN-DUPONT", "J.-P"),
        ("M. O'BRIEN Sean", "O'BRIEN", "Sean"),
        ("IRIS Aimé *", "IRIS", "Aimé"),
        ("MARTIN\nPaul", "MARTIN", "Paul"),
    ],
)
def test_names_as_lists_write_them(written: str, last: str, first: str) -> None:
    found = read_name(written)
    assert (found.last, found.first) == (last, first)


def test_several_people_in_a_cell() -> None:
    assert several("Dr MARTIN / Dr DUPONT") == ["Dr MARTIN", "Dr DUPONT"]
    assert several("LE GOFF-MARTIN Anne") == ["LE GOFF-MARTIN Anne"]


_digits = st.text("0123456789", min_size=8, max_size=8)
_between = st.sampled_from(["", " ", ".", "-", "/", " - ", "\u00a0", "\u202f"])
_prefix = st.sampled_from(["0", "+33", "+33 ", "0033", "+33 (0)", "(0)", "+33(0) "])


@given(prefix=_prefix, head=st.sampled_from("1234567"), rest=_digits, between=_between)
def test_every_way_of_writing_a_number_gives_the_same(
    prefix: str, head: str, rest: str, between: str
) -> None:
    pairs = [rest[n : n + 2] for n in range(0, 8, 2)]
    written = prefix + head + between + between.join(pairs)
    found = read_phones(f"{written} / poste 4521")
    assert found.numbers == (in_pairs(f"0{head}{rest}"),)
    assert found.extensions == ("4521",) and found.left == ""


@given(st.integers(100_000_000, 799_999_999))
def test_a_number_that_excel_made_of_a_telephone_gets_its_zero_back(number: int) -> None:
    assert read_phones(number).numbers == (in_pairs(f"0{number}"),)


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers(text: str) -> None:
    found = read_phones(text)
    assert all(len(number) >= 9 for number in found.numbers)
    name = read_name(text)
    assert name.last == name.last.upper()


@pytest.mark.parametrize(
    ("written", "numbers", "extensions"),
    [
        ("06.12.34.56.78 / poste 4521", ["06 12 34 56 78"], ["4521"]),
        ("0612345678 ou 01 23 45 67 89", ["06 12 34 56 78", "01 23 45 67 89"], []),
        ("DECT 4530\nbip 17", [], ["4530", "17"]),
        ("0041 79 123 45 67", ["0041791234567"], []),
        ("n/a", [], []),
    ],
)
def test_telephones_as_people_type_them(
    written: str, numbers: list[str], extensions: list[str]
) -> None:
    found = read_phones(written)
    assert (list(found.numbers), list(found.extensions), found.left) == (numbers, extensions, "")


@pytest.mark.parametrize("written", ["06 39 98 00", "06 39 98 OO 11", "voir secrétariat", "??"])
def test_what_is_no_number_is_left_and_said(written: str) -> None:
    found = read_phones(written)
    assert found.all == () and found.left == written


def test_services_by_code_name_unit_and_synonym() -> None:
    services = Services(known().establishment, Finess("990000028"))
    for written in ("MED-A", "médecine a", "Méd. A", "MEDECINE A (HC)", "Service de médecine A"):
        assert services.find(written) == "MED-A", written
    assert services.find("UHCD") == services.find("Urg.") == services.find("SAU") == "URG"
    assert services.find("Médecine") == "MED-A" and services.find("Chirurgie") == ""
    code = services.find_or_propose("Chir. B")
    assert services.find_or_propose("CHIRURGIE B (HC)") == code
    made_up = services.proposed[code]
    assert (made_up.kind, made_up.priority, made_up.name) == ("surgery", "P1", "Chirurgie B")


def test_professions_under_one_name() -> None:
    assert {profession_of(w) for w in ("IDE", "Infirmière", "infirmier(e)", "INFIRMIER D.E.")} == {
        "infirmier"
    }
    assert profession_of("Ostéopathe animalier") == "Ostéopathe animalier"


def test_titles_two_headers_totals_and_sections() -> None:
    data = xlsx(
        ("TCD", [["Étiquettes", "Nombre"], ["IDE", 2]]),
        (
            "Feuil1 (2)",
            [
                ["Annuaire du CH", None, None, None],
                [],
                ["Identité", None, "Téléphone", None],
                ["Nom", "Prénom", "Mobile", "Poste"],
                ["URGENCES", None, None, None],
                ["MARTIN", "Élise", "06 39 98 00 12", 4521],
                ["RÉANIMATION", None, None, None],
                ["DIALLO", "Amadou", 639980013, None],
                ["Total : 2", None, None, None],
                ["IDE = infirmier diplômé d'État ; AS = aide-soignant", None, None, None],
            ],
        ),
    )
    proposal = made("staff", data)
    found = establishment(NOTHING, proposal)
    assert [(p.last_name, p.service, p.phone, p.other_phones) for p in found.people] == [
        ("MARTIN", "URGENCES", "06 39 98 00 12", "4521"),
        ("DIALLO", "REANIMATION", "06 39 98 00 13", ""),
    ]
    assert {s.code: str(s.priority) for s in found.services} == {
        "URGENCES": "P0",
        "REANIMATION": "P0",
    }
    assert any("« Feuil1 (2) » ; non lues : TCD" in note for note in proposal.notes)


def test_nothing_is_loaded_yet_and_the_first_list_makes_a_sound_establishment() -> None:
    proposal = made("staff", csv("Nom;Prénom", "MARTIN;Paul"))
    files = after(NOTHING, proposal).files
    assert read_bytes(files).faults == ()
    assert b"# " in files["establishment.toml"]


@pytest.mark.parametrize(
    ("lines", "people", "why"),
    [
        (["1;MARTIN;Paul;4521", "1;MARTIN;Paul;4521"], 1, ""),
        (["1;MARTIN;Paul;4521", "1;MARTIN;Paul;"], 1, ""),
        (["1;MARTIN;Paul;4521", "2;MARTIN;Paul;4522"], 2, ""),
        (["1;MARTIN;Paul;4521", "1;MARTIN;Paul;4522"], 1, "même numéro"),
        ([";MARTIN;Paul;4521", ";MARTIN;Paul;4522"], 1, "même nom"),
        (["1;MARTIN;Paul;4521", "1;DUPONT;Paul;4521"], 1, "même numéro"),
    ],
)
def test_the_same_person_twice(lines: list[str], people: int, why: str) -> None:
    proposal = made("staff", csv("Matricule;Nom;Prénom;Poste", *lines))
    assert len(establishment(NOTHING, proposal).people) == people
    told = doubts(proposal)
    assert (len(told), why in (told[0][1] if told else "")) == (1 if why else 0, True)


@pytest.mark.parametrize(
    "name",
    ["=HYPERLINK(1)", "+cmd|'/C calc'!A0", "@SUM(1)", "<script>alert(1)</script>", "\u202eNITRAM",
     "B\u0415RG\u0410MOTE", "Interne de garde"],
)  # fmt: skip
def test_what_is_nobodys_name_is_not_taken(name: str) -> None:
    proposal = made("staff", csv("Nom;Tél", f'"{name}";4521', "MARTIN Paul;4522"))
    assert [p.last_name for p in establishment(NOTHING, proposal).people] == ["MARTIN"]
    assert doubts(proposal)[0][0] == 2


@example("\x1b@0")
@given(st.text(st.characters(codec="utf-8", exclude_characters='\r\n";'), min_size=1, max_size=30))
def test_no_value_kept_would_live_in_a_spreadsheet(text: str) -> None:
    """Written to people.csv as it would be, whatever the list said."""
    from releve.establishment.imports.book import Book, Sheet
    from releve.establishment.imports.prepare import Given, prepare
    from tests.establishment.imports.files import ENTITY, NOW

    rows = ((1, ("Nom", "Service", "Fonction")), (2, ("MARTIN", text, text)), (3, (text, "", "")))
    book = Book("text", (Sheet("", rows, (1, 2, 3)),), {})
    proposal = prepare(Given("staff", "x", "0" * 64, book, Mapping(), NOW, False, ENTITY), NOTHING)
    for line in proposal.files.get("people.csv", b"").decode().splitlines():
        assert not any(is_live(cell) for cell in line.split(";"))
        assert line.isprintable() or "\u00a0" in line or "\u202f" in line or "\u3000" in line


def _corrected(standing: Standing, old: str, new: str) -> Standing:
    """A person changed people.csv."""
    data = standing.files["people.csv"].replace(old.encode(), new.encode())
    files = {**standing.files, "people.csv": data}
    return Standing(files, 2, read_bytes(files).establishment)


def test_a_reimport_never_overwrites_what_a_person_corrected() -> None:
    first = after(NOTHING, made("staff", csv("Nom;Tél;Fonction", "MARTIN Paul;4521;IDE",
                                             "DIALLO Nora;4530;AS")))  # fmt: skip
    touched = _corrected(first, "4521", "06 39 98 00 99")
    again = made("staff", csv("Nom;Tél;Fonction", "MARTIN Paul;4522;cadre", "DIALLO Nora;4531;AS"),
                 touched)  # fmt: skip
    said = {t.state: t.what for t in again.told}
    assert "gardé tel que corrigé (« 06 39 98 00 99 ») : fichier dit « 4522 »" in said[State.KEPT]
    people = {p.last_name: p for p in establishment(touched, again).people}
    assert people["MARTIN"].phone == "06 39 98 00 99"
    assert people["MARTIN"].profession == "cadre de santé"
    assert people["DIALLO"].phone == "4531"
    # The same file again: the correction is still the person's.
    third = made("staff", csv("Nom;Tél;Fonction", "MARTIN Paul;4522;cadre", "DIALLO Nora;4531;AS"),
                 after(touched, again))  # fmt: skip
    assert "people.csv" not in third.files and third.counts[State.KEPT] == 1


def test_who_left_the_list_is_told_and_goes_only_when_asked() -> None:
    name = "effectifs_20261103.xlsx"
    both = csv("Nom;Tél", "MARTIN Paul;4521", "DIALLO Nora;4530", "LE GOFF Anne;4540")
    first = after(NOTHING, made("staff", both, name=name))
    fewer, later = csv("Nom;Tél", "MARTIN Paul;4521"), "Effectifs 2026-12-01 (2).xlsx"
    told = made("staff", fewer, first, name=later)
    assert told.counts[State.GONE] == 2 and "people.csv" not in told.files
    assert made("staff", fewer, first, name="médecins.csv").counts[State.GONE] == 0
    touched = _corrected(first, "4540", "4549")
    gone = made("staff", fewer, touched, name=later, remove=True)
    names = {p.last_name for p in establishment(touched, gone).people}
    assert names == {"MARTIN", "LE GOFF"}, "corrected by a person: kept"


def test_who_a_person_removed_does_not_come_back() -> None:
    data = csv("Nom;Tél", "MARTIN Paul;4521", "DIALLO Nora;4530")
    first = after(NOTHING, made("staff", data))
    line = next(x for x in first.files["people.csv"].decode().splitlines() if "DIALLO" in x)
    again = made("staff", data, _corrected(first, line + "\n", ""))
    assert again.counts[State.KEPT] == 1 and "people.csv" not in again.files


_EMPTY = "BEGIN:VCALENDAR\nEND:VCALENDAR\n"


def test_other_columns_and_comments_of_people_csv_stay() -> None:
    people = "id;last_name;phone;badge\n# vu le 3 mars\nP1;MARTIN;4521;B7\n"
    proposal = made("staff", csv("Matricule;Nom;Prénom;Tél", "P1;MARTIN;Paul;4521"),
                    known(people_csv=people, oncall_ics=_EMPTY))  # fmt: skip
    text = proposal.files["people.csv"].decode()
    assert "# vu le 3 mars" in text and "P1;MARTIN;4521;B7;Paul" in text


def test_a_mapping_says_which_column_is_what() -> None:
    data = csv("A;B;C", "MARTIN;4521;IDE", "DIALLO;4530;AS")
    blind = made("staff", data)
    assert establishment(NOTHING, blind).people == ()
    chosen = Mapping("staff", header=(1,), columns={"A": "last_name", "B": "phone"})
    found = establishment(NOTHING, made("staff", data, chosen=chosen))
    assert [(p.last_name, p.phone) for p in found.people] == [
        ("MARTIN", "4521"),
        ("DIALLO", "4530"),
    ]


def test_premium_and_foreign_numbers_are_kept_and_said() -> None:
    told = [what for what, _ in troubles(read_phones("0892 70 12 34 / +41 79 123 45 67 / 3949"))]
    assert told == [
        "téléphone « 08 92 70 12 34 » : numéro surtaxé ; gardé",
        "téléphone « 0041791234567 » : numéro étranger ; gardé",
    ]
