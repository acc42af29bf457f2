"""The plan's eight pages: what is missing is said, treatments stand whole beside their resident."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pypdfium2
import pytest

from releve.incident.binder.blocks import Absent
from releve.incident.binder.esms import PAGES, BluePlan, CareHome, Copy, Roll, make, recognise
from releve.incident.binder.esms.home import LABELS
from releve.incident.binder.esms.reading import Record, read_record
from releve.incident.binder.esms.roll import Resident, Treatment, Unread
from tests.incident.esms.records import people, scan, table

NOW = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
HOME = CareHome(name="EHPAD Les Tilleuls", director="Mme Orchidée, 06.39.98.10.01", residents=60)


def plan(home: CareHome, roll: Roll | None = None, *, real: bool = False) -> BluePlan:
    return make(home, roll, Copy(7, NOW, "", real))


def pages(made: BluePlan) -> list[str]:
    """The words of each page, spaces made plain."""
    with pypdfium2.PdfDocument(made.pdf) as pdf:
        return [" ".join(p.get_textpage().get_text_range().split()) for p in pdf]


def test_nothing_known_is_eight_pages_that_say_what_is_missing() -> None:
    made = plan(CareHome())
    said = pages(made)
    assert len(said) == made.pages == PAGES
    assert said[0].count("numéro non renseigné") == 8
    assert "15" in said[0] and "09 72 43 91 25" in said[0], "national numbers stand by themselves"
    for page in (4, 5):
        assert (
            "liste non fournie : imprimez-la depuis le dossier hébergé et glissez-la ici"
            in (said[page])
        )
    asked = {LABELS[name] for name in LABELS} - {
        "Nombre de résidents", "Remplaçant de la direction", "Préfecture", LABELS["ght"],
        LABELS["samu"],
    }  # fmt: skip
    assert asked <= {each.what for each in made.missing}


def test_sixty_residents_fill_pages_five_and_six_and_annex_a() -> None:
    made = plan(HOME, recognise(read_record(table(people(60)))))
    said = pages(made)
    assert [("Résidents par chambre" in page) for page in said[4:6]] == [True, True]
    assert [page.startswith("SIMULATION") for page in said] == [True] * len(said)
    assert sum("Annexe A" in page for page in said) == len(said) - PAGES
    annex = " ".join(said[PAGES:])
    for each in people(60):
        for words in each.treatments:
            assert f"{each.room} {each.name}, {each.born} {words}" in annex


def test_a_long_treatment_is_never_cut() -> None:
    words = "".join(f"mot{n}," for n in range(120))
    one = Resident("1", "A B", "01/02/1935", "Iode", (Treatment(words),), 1)
    annex = " ".join(pages(plan(HOME, Roll((one,), (), (), 1, None, "liste")))[PAGES:])
    told = re.sub(r"[\s\u200b]", "", annex.replace("1 A B, 01/02/1935", ""))
    assert words in told


def test_who_is_to_be_read_again_and_who_is_missing_say_so_where_they_stand() -> None:
    doubt = Resident("9", "C D", "", None, (), 3, doubts=("date de naissance non lue",))
    unread = Unread(3, 12, "FUROSEMIDE 40 mg", "à qui est cette ligne ?")
    made = plan(HOME, Roll((doubt,), (unread,), (), 4, 60, "tableau"))
    said = pages(made)
    assert "C D : à relire" in said[4] and "non lues" in said[4]
    assert "59 résidents annoncés hors de la liste" in said[4]
    assert "p. 3, l. 12 FUROSEMIDE 40 mg" in said[-1]
    assert "Ces lignes ne sont à personne" in said[-1]
    what = {each.what for each in made.missing}
    assert {"allergies non lues", "résidents sans traitement lu"} <= what


def test_a_page_without_text_is_printed_as_it_is() -> None:
    made = plan(HOME, recognise(read_record(scan())))
    said = pages(made)
    assert "Page 1 du PDF, telle quelle" in said[-1]
    with pypdfium2.PdfDocument(made.pdf) as pdf:
        ink = pdf[len(pdf) - 1].render(scale=0.3, grayscale=True)
        assert min(bytes(ink.buffer)) < 64, "the drawing is there"


def test_real_and_exercise_never_share_a_band() -> None:
    assert pages(plan(HOME, real=True))[0].startswith("RÉEL")


def test_what_was_typed_and_read_is_never_markup() -> None:
    evil = '#panic("x") *gras* \\ $x$ <a> \u202e'
    home = CareHome(name=evil, director=f"{evil} 06 39 98 10 01", doctors=evil)
    one = Resident("1", evil, "01/02/1935", evil, (Treatment(evil),), 1)
    said = " ".join(pages(plan(home, Roll((one,), (), (), 1, None, "liste"))))
    assert '#panic("x") *gras*' in said and "\\u202e" in said


@pytest.mark.parametrize(
    ("words", "who", "number"),
    [
        ("Mme Orchidée, 06.39.98.10.01", "Mme Orchidée", "06 39 98 10 01"),
        ("01 99 00 50 00", "", "01 99 00 50 00"),
        ("+33 6 39 98 10 01 Mme Orchidée", "Mme Orchidée", "06 39 98 10 01"),
        ("poste 4521", "poste", "4521"),
        ("Mme Orchidée", "Mme Orchidée", None),
        ("je ne sais pas", "", None),
        ("?", "", None),
        ("", "", None),
    ],
)
def test_a_name_and_a_number_are_told_apart(words: str, who: str, number: str | None) -> None:
    found, reached = CareHome(director=words).reach("director")
    assert found == who
    if number is None:
        assert isinstance(reached, Absent)
    else:
        assert isinstance(reached, str) and reached.replace("\u00a0", " ") == number


def test_an_empty_record_is_no_list() -> None:
    roll = recognise(Record((), 0))
    assert roll.residents == () and not roll.whole
    assert "PDF non compris" in pages(plan(HOME, roll))[4]


def test_ninety_residents_with_long_names_and_eight_doctors_still_hold_page_four() -> None:
    long = tuple(
        Resident(str(n), "DE LA VALLÉE-PERVENCHE Marie-Antoinette", "01/02/1935", "Iode", (), 1,
                 contact="sa fille, 06 39 98 11 11", dlu="à jour le 01/11/2026")
        for n in range(1, 91)
    )  # fmt: skip
    doctors = "\n".join(f"Dr Genêt{n}, 01 99 00 41 2{n}" for n in range(8))
    home = CareHome(name="Les Tilleuls", families="Mme Cassis", doctors=doctors)
    said = pages(plan(home, Roll(long, (), (), 9, 90, "tableau")))
    assert "Dr Genêt7" in said[3] and "90 DE LA" in said[3]
    assert "Résidents par chambre (1/2)" in said[4]
    assert "à prévenir : sa fille" in said[-1] and "DLU : à jour" in said[-1]
