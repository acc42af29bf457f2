"""The hosted record's PDF: what is recognised is exact, the rest is nobody's, nothing is lost."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.incident.binder.esms import Roll, read_record, recognise
from releve.incident.binder.esms.errors import RecordUnreadable
from releve.incident.binder.esms.reading import checked
from releve.incident.binder.esms.record import pdf
from releve.incident.binder.esms.roll import treatment
from tests.incident.esms.records import Person, letter, people, plain_list, scan, sheets, table

SIXTY = people(60)


def roll_of(data: bytes) -> Roll:
    return recognise(read_record(data))


def as_read(roll: Roll) -> list[Person]:
    return [
        Person(r.room, r.name, r.born, r.allergies or "", tuple(t.words for t in r.treatments))
        for r in roll.residents
    ]


@pytest.mark.parametrize(
    ("made", "layout"),
    [
        (table, "tableau"),
        (lambda who: table(who, grid=False), "tableau"),
        (sheets, "fiches"),
        (plain_list, "liste"),
    ],
)
def test_sixty_residents_are_read_word_for_word(
    made: Callable[[Sequence[Person]], bytes], layout: str
) -> None:
    roll = roll_of(made(SIXTY))
    assert as_read(roll) == list(SIXTY)
    assert (roll.layout, roll.unread, roll.doubtful) == (layout, (), ())


def words_of(roll: Roll) -> set[str]:
    """Every word of the roll, whoever it is given to."""
    said = [line.text for line in roll.unread]
    for each in roll.residents:
        said += [each.name, each.room, each.born, each.allergies or ""]
        said += [line.words for line in each.treatments]
    return {word for text in said for word in text.split()}


_names = st.lists(st.sampled_from("ABEGIJLMNOPRSTU"), min_size=3, max_size=7).map("".join)
_persons = st.lists(
    st.builds(
        lambda name, count, first: (name, count, first),
        _names,
        st.integers(0, 6),
        st.sampled_from(["Jeanne", "Marcel"]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=25)
@given(_persons, st.sampled_from(["TOP", "MIDDLE", "BOTTOM"]), st.booleans())
def test_no_treatment_goes_to_somebody_else_unsaid(
    drawn: list[tuple[str, int, str]], valign: str, grid: bool
) -> None:
    """However cells are aligned: a line of another's is nobody's, and both are to be read again."""
    who = tuple(
        Person(
            str(11 + n),
            f"{name} {first}",
            "01/02/1935",
            "Iode",
            tuple(f"MEDIC{n}X{k} 1-0-0-0" for k in range(count)),
        )
        for n, (name, count, first) in enumerate(drawn)
    )
    roll = recognise(checked(pdf.read(table(who, valign=valign, grid=grid))))
    own = {each.room: each.treatments for each in who}
    for each in roll.residents:
        read = tuple(line.words for line in each.treatments)
        assert set(read) <= set(own[each.room]), "somebody else's treatment"
        assert read == own[each.room] or each.doubts, "an incomplete list that does not say so"
    assert {word for p in who for line in p.treatments for word in line.split()} <= words_of(roll)


def test_a_resident_missing_from_the_list_is_counted() -> None:
    roll = roll_of(table(SIXTY[:58], announced=60))
    assert roll.said() == "58 résidents lus sur 60 annoncés" and not roll.whole
    alone = dataclasses.replace(roll, announced=None)
    assert alone.said(59) == "58 résidents lus sur 59 annoncés"


def test_twice_the_same_and_namesakes_are_to_be_read_again() -> None:
    one, two = SIXTY[0], SIXTY[1]
    namesake = dataclasses.replace(two, room="9", name=one.name)
    roll = roll_of(table([one, one, namesake]))
    assert [each.doubts for each in roll.residents] == [
        ("deux fois dans le PDF",),
        ("deux fois dans le PDF",),
        ("homonyme dans la maison",),
    ]


def test_what_is_not_a_list_of_residents_is_given_back_as_it_stands() -> None:
    text = "Madame,\nle 12/11/2026 nous avons bien reçu\nvotre courrier"
    roll = roll_of(letter(text))
    assert roll.residents == () and [x.text for x in roll.unread] == text.splitlines()
    seen = roll_of(scan())
    assert [each.page for each in seen.scans] == [1]
    assert seen.scans[0].image.startswith(b"\x89PNG")


def test_two_sheets_side_by_side_are_given_to_nobody() -> None:
    roll = roll_of(letter("Résident : A B Chambre : 1 Résident : C D Chambre : 2"))
    assert roll.residents == () and len(roll.unread) == 1


def test_an_allergy_that_comes_back_on_each_page_is_not_a_running_head() -> None:
    who = [dataclasses.replace(each, allergies="Pénicilline") for each in SIXTY[:12]]
    assert [r.allergies for r in roll_of(sheets(who)).residents] == ["Pénicilline"] * 12


@pytest.mark.parametrize(
    ("words", "key", "moments"),
    [
        ("PARACETAMOL 1 g 1-0-1-0", True, ("matin", "soir")),
        ("PARACETAMOL 1 g 1-0-1-0", False, ()),
        ("1 cp le matin et au coucher", False, ("matin", "coucher")),
        ("depuis le 12-11-2026", True, ()),
        ("ACIDE 0,5-0-0,5", True, ("matin", "soir")),
        ("2 injections", True, ()),
    ],
)
def test_a_moment_is_read_only_where_it_is_written(
    words: str, key: bool, moments: tuple[str, ...]
) -> None:
    assert treatment(words, key=key).moments == moments


def locked() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(table(SIXTY[:2]))) as book:
        book.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "ce n'est pas un PDF"),
        (b"PK\x03\x04", "ce n'est pas un PDF"),
        (b"%PDF-1.7\n" + b"\xff" * 4000, "ce n'est pas un PDF, ou il est abîmé"),
        (b"%PDF" + bytes(21 << 20), "trop grand"),
        (locked(), "mot de passe"),
    ],
    ids=("vide", "zip", "abîmé", "géant", "chiffré"),
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(RecordUnreadable, match=why) as raised:
        read_record(data)
    assert "sans mot de passe" in raised.value.remedy


def test_the_reader_is_closed_before_it_reads() -> None:
    assert read_record(letter("x y z")).refused == ()
