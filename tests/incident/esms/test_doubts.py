"""What may be another's, or no longer taken, is given to nobody: words kept, a nurse told."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.incident.binder.esms import CareHome, Copy, Roll, make, recognise
from releve.incident.binder.esms.reading import checked
from releve.incident.binder.esms.record import pdf
from releve.incident.binder.esms.roll import taken, treatment
from tests.incident.esms.records import columns, letter

ORCHIDEE = """Résident : ORCHIDÉE Jeanne Chambre : 1
Né(e) le : 01/02/1935
Allergies : Iode
Traitements :
RAMIPRIL 5 mg matin
"""
CASSIS = """Résident : CASSIS René Chambre : 3
Né(e) le : 03/02/1935
Allergies : Iode
Traitements :
APIXABAN 2,5 mg matin
"""


def roll_of(data: bytes) -> Roll:
    return recognise(checked(pdf.read(data)))


def current(roll: Roll) -> dict[str, list[str]]:
    return {each.name: [line.words for line in each.treatments] for each in roll.residents}


def annex(roll: Roll) -> str:
    made = make(CareHome(), roll, Copy(1, datetime(2026, 11, 29, 4, 0, tzinfo=UTC), "", False))
    with pypdfium2.PdfDocument(made.pdf) as book:
        said = [page.get_textpage().get_text_range() for page in book]
    return " ".join(" ".join(said[8:]).split())


@pytest.mark.parametrize(
    "between",
    [
        "Mme BLEUET Yvette (2)\nTraitements :\nWARFARINE 5 mg soir",
        "Mme BLEUET Yvette\nWARFARINE 5 mg soir",
        "Mr Bleuet André\nAllergies : Latex\nTraitements : WARFARINE 5 mg soir",
        "BLEUET Yvette 2\nTraitements :\nWARFARINE 5 mg soir",
        "2 - BLEUET Yvette\nTraitements :\nWARFARINE 5 mg soir",
        "BLEUET Yvette\nPrescriptions :\nWARFARINE 5 mg soir",
        "BLEUET Yvette née le 02/02/1935\nTraitements : WARFARINE 5 mg soir",
        "\nBLEUET Yvette - chambre 2\nPrescriptions :\nWARFARINE 5 mg soir",
    ],
)
def test_a_title_without_label_ends_the_sheet_and_its_resident_stands(between: str) -> None:
    roll = roll_of(letter(f"{ORCHIDEE}{between}\n{CASSIS}"))
    assert len(roll.residents) == 3 and not roll.whole
    orchidee, bleuet, cassis = roll.residents
    assert current(roll) == {
        "ORCHIDÉE Jeanne": ["RAMIPRIL 5 mg matin"],
        bleuet.name: [],
        "CASSIS René": ["APIXABAN 2,5 mg matin"],
    }
    assert "bleuet" in bleuet.name.casefold() and bleuet.allergies is None
    assert bleuet.room == (
        "2" if "2" in between.split("\nWAR")[0].split("née")[0].split("Tr")[0] else ""
    )
    assert orchidee.doubts and bleuet.doubts and cassis.doubts
    said = annex(roll)
    for line in between.split("\n"):
        assert line in said
    assert "WARFARINE 5 mg soir" in [
        each.text.removeprefix("Traitements : ") for each in roll.unread
    ]


@pytest.mark.parametrize(
    "between",
    [
        "Traitements :\nWARFARINE 5 mg soir",
        "Allergies : Latex\nWARFARINE 5 mg soir",
        "Né(e) le : 02/02/1935\nTraitements : WARFARINE 5 mg soir",
        "\nWARFARINE 5 mg soir",
        "\nTraitements :\nWARFARINE 5 mg soir",
        "chambre 2\nWARFARINE 5 mg soir",
    ],
)
def test_a_label_twice_or_a_gap_ends_the_sheet(between: str) -> None:
    roll = roll_of(letter(f"{ORCHIDEE}{between}\n{CASSIS}"))
    assert current(roll) == {
        "ORCHIDÉE Jeanne": ["RAMIPRIL 5 mg matin"],
        "CASSIS René": ["APIXABAN 2,5 mg matin"],
    }
    assert all(each.doubts for each in roll.residents) and not roll.whole
    assert any("WARFARINE 5 mg soir" in each.text for each in roll.unread)


def test_labels_after_a_gap_are_not_those_of_the_sheet_above() -> None:
    text = "Résident : ORCHIDÉE Jeanne Chambre : 1\nGIR : 3\n\nTraitements :\nWARFARINE 5 mg soir"
    roll = roll_of(letter(text))
    assert current(roll) == {"ORCHIDÉE Jeanne": []} and roll.residents[0].doubts
    assert [each.text for each in roll.unread] == ["Traitements :", "WARFARINE 5 mg soir"]


@pytest.mark.parametrize(
    "lines",
    [
        "Traitements arrêtés :\nWARFARINE 5 mg soir",
        "Traitements suspendus : WARFARINE 5 mg soir",
        "Traitements arrêtés\nWARFARINE 5 mg soir",
        "WARFARINE 5 mg soir, suspendu",
        "WARFARINE 5 mg soir si besoin",
        "Si besoin :\nWARFARINE 5 mg soir",
        "WARFARINE 5 mg\nJAMAIS le soir",
        "WARFARINE 5 mg soir\nsuspendu depuis le 12/11/2026",
        "WARFARINE 5 mg soir à ne pas donner",
        "Kinésithérapie :\nWARFARINE 5 mg soir",
    ],
)
def test_what_is_stopped_conditional_or_negated_is_never_current(lines: str) -> None:
    roll = roll_of(letter(f"{ORCHIDEE}{lines}\n\n{CASSIS}"))
    orchidee, cassis = roll.residents
    assert current(roll)["ORCHIDÉE Jeanne"] == ["RAMIPRIL 5 mg matin"]
    assert orchidee.apart == tuple(lines.split("\n")) and orchidee.doubts and not cassis.doubts
    assert not roll.whole
    said = annex(roll)
    assert all(f"non compté, à relire : {line}" in said for line in lines.split("\n"))


def test_stopped_treatments_below_allergies_are_neither() -> None:
    text = ORCHIDEE.replace("Traitements :", "Traitements arrêtés :")
    (one,) = roll_of(letter(text)).residents
    assert (one.allergies, one.treatments) == ("Iode", ())
    assert one.apart == ("Traitements arrêtés :", "RAMIPRIL 5 mg matin") and one.doubts


@pytest.mark.parametrize(
    "words",
    [
        "1 cp, jamais le matin",
        "1-0-1-0 si douleur",
        "arrêté : 1-0-0-0",
        "pas le soir",
        "n’est plus",
    ],
)
def test_no_moment_is_counted_where_a_line_says_no(words: str) -> None:
    assert treatment(words, key=True).moments == ()
    assert taken([words], key=True)[0] == ()


TITLES = ("Chambre", "Nom Prénom", "Né(e) le", "Traitements en cours")
ROWS = (
    ("1", "ORCHIDÉE Jeanne", "01/02/1935", "RAMIPRIL 5 mg matin"),
    ("3", "CASSIS René", "03/02/1935", "APIXABAN 2,5 mg matin"),
)


@pytest.mark.parametrize("align", ["LEFT", "CENTER", "RIGHT"])
@pytest.mark.parametrize("title", ["Traitements arrêtés", "Arrêtés", "Anciens\nmédicaments"])
def test_a_column_not_understood_stands_apart_under_its_title(title: str, align: str) -> None:
    rows = [(*row, f"WARFARINE {n} mg soir") for n, row in enumerate(ROWS)]
    roll = roll_of(columns((*TITLES, title), rows, align=align))
    assert not roll.whole
    for lines in current(roll).values():
        assert not any("WARFARINE" in line for line in lines)
    if align == "LEFT":
        assert current(roll) == {row[1]: [row[3]] for row in ROWS}
        told = " ".join(title.split())
        assert [each.apart for each in roll.residents] == [
            (f"{told} : WARFARINE {n} mg soir",) for n in range(2)
        ]
        assert all(each.doubts for each in roll.residents)
        assert told in [each.text for each in roll.unread]
        assert f"{told} : WARFARINE 1 mg soir" in annex(roll)
    for n in range(2):
        assert f"WARFARINE {n} mg soir" in annex(roll)


@pytest.mark.parametrize("words", ["RAMIPRIL 5 mg matin et soir", "X soir"])
def test_a_treatment_across_two_columns_is_neither_cut_nor_an_allergy(words: str) -> None:
    """The title is centred, the cell is not: the words begin under the title beside."""
    titles = ("Chambre", "Nom Prénom", "Né(e) le", "Allergies", "Traitements")
    row = ("1", "CASSIS René", "03/02/1935", "Iode", words)
    (one,) = roll_of(columns(titles, [row], align="CENTER")).residents
    assert one.treatments == () and one.doubts
    assert words in " ".join((*one.apart, one.allergies or ""))


def test_two_columns_of_treatments_both_stand_apart() -> None:
    """« Traitements » twice, one goes on below with « arrêtés »: neither is counted."""
    rows = [(*row, f"WARFARINE {n} mg soir") for n, row in enumerate(ROWS)]
    roll = roll_of(columns((*TITLES, "Traitements\narrêtés"), rows))
    assert set(map(tuple, current(roll).values())) == {()} and not roll.whole
    assert roll.residents[1].apart == (
        "Traitements en cours : APIXABAN 2,5 mg matin",
        "Traitements arrêtés : WARFARINE 1 mg soir",
    )
    assert all(each.doubts for each in roll.residents)


def test_a_title_on_two_lines_is_read_whole() -> None:
    titles = ("Chambre", "Nom\nPrénom", "Né(e) le", "Traitements\nen cours")
    roll = roll_of(columns(titles, ROWS))
    assert roll.whole and current(roll) == {row[1]: [row[3]] for row in ROWS}


_strange = st.sampled_from(
    ["GIR", "Arrêtés", "Traitements arrêtés", "Si besoin", "Traitement du soir", "Anciens\nsoins"]
)


@settings(max_examples=25)
@given(_strange, st.integers(0, 4), st.sampled_from(["LEFT", "CENTER", "RIGHT"]), st.data())
def test_a_strange_column_wherever_it_stands_never_flows_into_another(
    title: str, place: int, align: str, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
    rows = []
    for n, count in enumerate(cells):
        row = [str(n + 1), f"CASSIS{'ABCDEF'[n]} René", "03/02/1935", f"MEDIC{n} 5 mg matin"]
        row.insert(place, "\n".join(f"STRANGE{n}X{k} soir" for k in range(count)))
        rows.append(row)
    titles = [*TITLES]
    titles.insert(place, title)
    roll = roll_of(columns(titles, rows, align=align))
    assert not roll.whole
    for each in roll.residents:
        said = " ".join([each.name, each.room, each.born, each.allergies or ""])
        read = [line.words for line in each.treatments]
        assert "STRANGE" not in said + " ".join(read)
        assert set(read) <= {f"MEDIC{int(each.room) - 1} 5 mg matin"}
    kept = " ".join(
        [each.text for each in roll.unread] + [w for each in roll.residents for w in each.apart]
    )
    for n, count in enumerate(cells):
        assert all(f"STRANGE{n}X{k} soir" in kept for k in range(count))


_heads = ["", "Mme {} ({})", "{} - chambre {}", "{}", "\n{} - chambre {}", "\nChambre {}", "\n"]
_under = ["Traitements :", "Prescriptions :", "Traitements arrêtés :", "Si besoin :"]
_firsts = st.sampled_from(["Jeanne", "Marcel", "Odette"])
_drawn = st.lists(
    st.tuples(
        st.text("ABEGIJLMNOPRSTU", min_size=3, max_size=7), _firsts,
        st.sampled_from(_heads), st.sampled_from(_under), st.integers(1, 3),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=25)
@given(_drawn)
def test_no_sheet_gives_a_treatment_to_somebody_else(
    drawn: list[tuple[str, str, str, str, int]],
) -> None:
    """However a sheet begins: another's line is nobody's; a stopped one is no treatment."""
    text = ""
    lines: dict[str, tuple[str, bool, str]] = {}
    for n, (name, first, head, under, count) in enumerate(drawn):
        who, room = f"{name} {first}", str(11 + n)
        labels = f"Résident : {who} Chambre : {room}\nNé(e) le : 01/02/1935"
        text += (head.format(who, room) if head and n else labels) + f"\n{under}\n"
        mine = [f"MEDIC{n}X{k} 5 mg matin" for k in range(count)]
        text += "".join(f"{line}\n" for line in mine)
        lines |= dict.fromkeys(mine, (room, bool(head and n), under))
    roll = roll_of(letter(text))
    read = {line.words: each for each in roll.residents for line in each.treatments}
    for words, each in read.items():
        if words in lines:
            room, lost, under = lines[words]
            assert each.room == room and not lost, "somebody else's treatment"
            assert under in _under[:2], "a stopped treatment"
    kept = [*read, *(each.text for each in roll.unread)]
    kept += [words for each in roll.residents for words in each.apart]
    assert all(line in "\n".join(kept) for line in lines), "a lost line"
    assert roll.whole == all(
        not (head and n) and under in _under[:2] for n, (_, _, head, under, _) in enumerate(drawn)
    ) or len({(name, first) for name, first, *_ in drawn}) < len(drawn)
