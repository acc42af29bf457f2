"""What a head's answers conclude, where they contradict the folder, what accepting one changes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.establishment import Establishment, load_folder
from releve.establishment.amending import changed
from releve.establishment.contradictions import Amendment, Edit, Kind, contradictions
from releve.establishment.degraded import (
    At,
    DegradedSheet,
    Impact,
    Reliance,
    State,
    Way,
    coverage,
    dmia_of,
    lessening,
    rules,
    state,
    unacceptable,
)
from releve.establishment.folder import read_bytes
from releve.establishment.interview_errors import NothingToAmend
from releve.establishment.spoken import Vocabulary

VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
NOW = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
HOURS = [choice.span for choice in rules().horizons]
BAD, FINE, UNSURE = Impact.STOPPED, Impact.LATE, Impact.UNKNOWN


@pytest.fixture(scope="module")
def valbrume() -> Establishment:
    return load_folder(VALBRUME)


def ats(*impacts: Impact) -> tuple[At, ...]:
    return tuple(At(after, impact) for after, impact in zip(HOURS, impacts, strict=True))


def sheet(code: str, *relies: Reliance, holds: int = 2, loss: int | None = 15) -> DegradedSheet:
    """A service that holds ``holds`` of the four horizons; ``loss`` minutes."""
    impacts = [FINE if place < holds else BAD for place in range(4)]
    return DegradedSheet(
        service=code,
        version=1,
        answered=NOW - timedelta(days=3),
        by="Mme Orchidée",
        function="cadre de santé",
        horizons=ats(*impacts),
        pdma=None if loss is None else timedelta(minutes=loss),
        relies_on=relies,
    )


def known(valbrume: Establishment, code: str, **ways: Way) -> tuple[Reliance, ...]:
    """All that the graph says the service needs, on paper unless said otherwise."""
    needs = [d.needs for d in valbrume.dependencies if d.node == f"service:{code}"]
    return tuple(Reliance(n, valbrume.names[n], ways.get(n, Way.PAPER)) for n in needs)


def kinds(
    valbrume: Establishment, *sheets: DegradedSheet, about: str = ""
) -> list[tuple[Kind, str]]:
    """(kind, subject) of the contradictions of one service, the silent ones left out."""
    found = contradictions({each.service: each for each in sheets}, valbrume, NOW)
    code = about or sheets[0].service
    return [(c.kind, c.subject) for c in found if c.service == code]


# --- what the answers conclude ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("impacts", "hours"),
    [
        ((FINE, FINE, BAD, BAD), 4),
        ((BAD, BAD, BAD, BAD), 0),
        ((FINE, FINE, FINE, FINE), 192),
        ((FINE, UNSURE, BAD, BAD), 1),
        ((UNSURE, FINE, BAD, BAD), None),
        ((FINE, FINE, FINE, UNSURE), None),
        ((UNSURE, UNSURE, UNSURE, UNSURE), None),
    ],
)
def test_the_dmia_is_the_last_acceptable_before_the_first_that_is_not(
    impacts: tuple[Impact, ...], hours: int | None
) -> None:
    expected = None if hours is None else timedelta(hours=hours)
    assert dmia_of(ats(*impacts)) == expected


@given(st.lists(st.sampled_from(list(Impact)), min_size=4, max_size=4))
def test_no_answer_gives_a_dmia_beyond_what_was_accepted(impacts: list[Impact]) -> None:
    found, said = dmia_of(ats(*impacts)), ats(*impacts)
    if found is None:
        return
    before = [at for at in said if at.after <= found]
    assert not any(unacceptable(at.impact) for at in before)
    assert found == timedelta(0) or next(at for at in said if at.after == found).impact in (
        Impact.HINDRANCE,
        Impact.LATE,
    )


def test_an_answer_less_serious_with_time_is_asked_again() -> None:
    assert [at.after for at in lessening(ats(FINE, BAD, FINE, UNSURE))] == [HOURS[2]]
    assert lessening(ats(FINE, FINE, BAD, Impact.DANGER)) == ()


def test_an_interview_is_to_be_taken_again_after_a_year() -> None:
    fresh = sheet("URG")
    assert state(fresh, NOW) is State.FRESH
    assert state(fresh, NOW + timedelta(days=363)) is State.OLD
    assert state(None, NOW) is State.MISSING


def test_coverage_counts_only_fresh_interviews_that_conclude(valbrume: Establishment) -> None:
    unsure = replace(sheet("LABO"), horizons=ats(UNSURE, UNSURE, UNSURE, UNSURE))
    found = coverage(valbrume, {"URG": sheet("URG"), "LABO": unsure}, NOW)
    assert [[s.code for s in each.services] for each in found] == [["URG"], [], []]
    assert [s.code for s in found[2].waiting] == ["PHARM", "LABO", "IMAG"]
    assert found[1].waiting == ()


def test_two_sheets_that_differ_in_one_word_have_two_digests() -> None:
    one = sheet("URG")
    assert one.digest == sheet("URG").digest != replace(one, call="le cadre").digest


# --- where they contradict the folder ----------------------------------------------------------


def test_a_service_that_says_what_the_folder_says_contradicts_nothing(
    valbrume: Establishment,
) -> None:
    assert kinds(valbrume, sheet("URG", *known(valbrume, "URG"))) == []


def test_a_dmia_said_shorter_than_what_carries_it_can_be(valbrume: Establishment) -> None:
    hurried = sheet("URG", *known(valbrume, "URG"), holds=0)
    found = contradictions({"URG": hurried}, valbrume, NOW)
    short = next(each for each in found if each.kind is Kind.TOO_SHORT)
    assert short.amendment is None and "il faut" in short.known and "min" in short.known
    assert (Kind.DMIA, "") in kinds(valbrume, hurried)


@pytest.mark.parametrize(
    ("code", "holds", "words"),
    [
        ("SSR", 2, "ne l'accepte plus"),
        ("CHIR-A", 2, "n'a rien dit entre les deux"),
        ("CHIR-A", 3, "exige plus que le service"),
    ],
)
def test_the_remedy_says_on_which_side_the_dmia_differs(
    valbrume: Establishment, code: str, holds: int, words: str
) -> None:
    said = sheet(code, *known(valbrume, code), holds=holds)
    found = contradictions({code: said}, valbrume, NOW)
    differs = next(each for each in found if each.kind is Kind.DMIA)
    assert words in differs.remedy


def test_what_is_said_and_not_in_the_graph(valbrume: Establishment) -> None:
    base = known(valbrume, "URG")
    pacs = Reliance("PACS", "Archivage des images", Way.RUNNER)
    told = kinds(valbrume, sheet("URG", *base, pacs))
    assert told == [(Kind.NOT_IN_GRAPH, "PACS")]
    typed = Reliance("", "le PACS du couloir", Way.RUNNER)
    assert kinds(valbrume, sheet("URG", *base, typed)) == [(Kind.NOT_IN_GRAPH, "PACS")]
    fax = Reliance("", "le télécopieur", Way.RUNNER)
    assert kinds(valbrume, sheet("URG", *base, fax)) == [(Kind.NOT_IN_FOLDER, "le télécopieur")]
    deep = Reliance("SRV-DPI-01", "le serveur", Way.PAPER)
    assert kinds(valbrume, sheet("URG", *base, deep)) == [], "reached through the DPI"


def test_what_the_graph_knows_and_nobody_said(valbrume: Establishment) -> None:
    base = [each for each in known(valbrume, "URG") if each.node not in ("TEL", "GAP")]
    unused = Reliance("GAP", "Admissions", Way.UNUSED)
    told = kinds(valbrume, sheet("URG", *base, unused))
    assert told == [(Kind.SAID_UNUSED, "GAP"), (Kind.NOT_SAID, "TEL")]
    unsure = Reliance("TEL", "Téléphonie", Way.UNKNOWN)
    assert (Kind.NOT_SAID, "TEL") not in kinds(valbrume, sheet("URG", *base, unused, unsure))


@pytest.mark.parametrize(
    ("node", "way", "instead", "why"),
    [
        ("PACS", Way.OTHER_TOOL, "on consulte le PACS", "est ce qui est perdu"),
        ("SRV-PACS-01", Way.OTHER_TOOL, "on consulte le PACS", "tombent"),
        ("SRV-BASE", Way.OTHER_TOOL, "on ouvre le DPI", "s'arrête sans"),
        ("TEL", Way.PHONE, "", "est ce qui est perdu"),
        ("DPI", Way.PAPER, "feuilles du chariot", ""),
    ],
)
def test_an_instead_that_relies_on_what_is_lost(
    valbrume: Establishment, node: str, way: Way, instead: str, why: str
) -> None:
    others = [each for each in known(valbrume, "IMAG") if each.node != node]
    relied = Reliance(node, valbrume.names[node], way, instead)
    found = contradictions({"IMAG": sheet("IMAG", *others, relied)}, valbrume, NOW)
    lost = [each for each in found if each.kind is Kind.LOST_TOO]
    assert [why in each.known for each in lost] == ([True] if why else [])


def test_the_telephone_falls_with_the_root_of_what_it_replaces(valbrume: Establishment) -> None:
    links = [d for d in valbrume.dependencies if d.node not in ("TEL", "SRV-TEL-01")]
    root = next(d for d in valbrume.dependencies if d.node == "DPI")
    tied = replace(valbrume, dependencies=(*links, replace(root, node="TEL", needs="SRV-BASE")))
    phones = [
        replace(each, way=Way.PHONE) if each.node == "DPI" else each for each in known(tied, "URG")
    ]
    found = contradictions({"URG": sheet("URG", *phones)}, tied, NOW)
    lost = [each for each in found if each.kind is Kind.LOST_TOO]
    assert [each.subject for each in lost] == ["DPI TEL"]
    assert re.fullmatch(r"si (\S+) \(.*\) tombe, TEL \(.*\) et DPI \(.*\) tombent", lost[0].known)


def test_two_services_that_count_on_each_other(valbrume: Establishment) -> None:
    def helped(code: str, words: str) -> DegradedSheet:
        first, *others = known(valbrume, code)
        return sheet(code, replace(first, way=Way.OTHER_SERVICE, instead=words), *others)

    urg = helped("URG", "la réanimation nous dépanne")
    rea, alone = helped("REA", "on demande aux urgences"), helped("REA", "rien")
    assert (Kind.MUTUAL, "REA") in kinds(valbrume, urg, rea)
    assert not [k for k, _ in kinds(valbrume, urg, rea, about="REA") if k is Kind.MUTUAL]
    assert not [k for k, _ in kinds(valbrume, urg, alone) if k is Kind.MUTUAL]


def test_old_and_silent_services_are_named(valbrume: Establishment) -> None:
    old = replace(sheet("URG", *known(valbrume, "URG")), answered=NOW - timedelta(days=400))
    found = contradictions({"URG": old, "GONE": replace(old, service="GONE")}, valbrume, NOW)
    assert [c.kind for c in found if c.service == "URG"] == [Kind.OLD]
    silent = [c.service for c in found if c.kind is Kind.SILENT]
    assert silent == ["REA", "BLOC", "MAT", "PHARM", "LABO"]
    assert not any(c.service == "GONE" for c in found)


def test_a_new_answer_is_another_contradiction(valbrume: Establishment) -> None:
    def key(holds: int) -> str:
        said = sheet("URG", *known(valbrume, "URG"), holds=holds)
        found = contradictions({"URG": said}, valbrume, NOW)
        return next(c.key for c in found if c.kind is Kind.DMIA)

    assert key(1) == key(1) != key(3)


@pytest.mark.parametrize(
    ("words", "nodes"),
    [
        ("On téléphone au labo", {"TEL", "SRV-TEL-01", "OPER-TEL"}),
        ("voir le P.A.C.S", set()),
        ("par l'INTRANET", {"INTRANET", "SRV-WEB-01"}),
        ("sur papier", set()),
        ("", set()),
    ],
)
def test_words_name_nodes_and_nothing_is_guessed(
    valbrume: Establishment, words: str, nodes: set[str]
) -> None:
    assert set(Vocabulary(valbrume).nodes(words)) == nodes


# --- accepting an answer -----------------------------------------------------------------------


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".md"}


def lines_changed(before: bytes, after: bytes) -> tuple[set[str], set[str]]:
    """Lines only before, lines only after."""
    old, new = before.decode().splitlines(), after.decode().splitlines()
    return set(old) - set(new), set(new) - set(old)


def amended(files: dict[str, bytes], changes: dict[str, bytes]) -> Establishment:
    reading = read_bytes({**files, **changes})
    assert reading.faults == ()
    return reading.establishment


def service(found: Establishment, code: str) -> timedelta | None:
    return next(s.rto for s in found.services if s.code == code)


def test_a_dmia_accepted_changes_its_line_and_no_comment(valbrume: Establishment) -> None:
    files = bytes_of(VALBRUME)
    changes = changed(files, valbrume, Amendment(Edit.DMIA, "URG", "8 h"))
    assert changes.keys() == {"establishment.toml"}
    gone, come = lines_changed(files["establishment.toml"], changes["establishment.toml"])
    assert gone == set() and come == set(), "« 8 h » is another service's line already"
    assert service(amended(files, changes), "URG") == timedelta(hours=8)
    comments = [x for x in files["establishment.toml"].decode().splitlines() if "#" in x]
    assert [x for x in changes["establishment.toml"].decode().splitlines() if "#" in x] == comments


def test_a_dmia_that_was_not_there_stands_in_its_own_table(valbrume: Establishment) -> None:
    files = bytes_of(VALBRUME)
    text = files["establishment.toml"].decode().replace('dmia = "4 h"\n', "", 1)
    files["establishment.toml"] = text.replace("\n", "\r\n").encode()
    changes = changed(files, valbrume, Amendment(Edit.DMIA, "URG", "6 h"))
    assert service(amended(files, changes), "URG") == timedelta(hours=6)
    assert b"\n\n" not in changes["establishment.toml"].replace(b"\r\n\r\n", b"")


def test_a_dependency_is_added_in_the_columns_that_are_there(valbrume: Establishment) -> None:
    files = bytes_of(VALBRUME)
    rows = files["dependencies.csv"].decode().splitlines()[1:]
    turned = [",".join([r.split(";")[1], r.split(";")[3], r.split(";")[0]]) for r in rows]
    header = "needs,alternative,node"
    for text in ("\n".join([header, *turned]), files["dependencies.csv"].decode()):
        files["dependencies.csv"] = text.encode()
        changes = changed(files, valbrume, Amendment(Edit.ADD, "URG", "PACS"))
        found = amended(files, changes)
        assert ("service:URG", "PACS") in {(d.node, d.needs) for d in found.dependencies}
        assert changes["dependencies.csv"].startswith(text.encode())


def test_a_dependency_is_removed_wherever_it_is_written(valbrume: Establishment) -> None:
    files = bytes_of(VALBRUME)
    files["dependencies.csv"] += b"service:URG;DPI;application;\n"
    found = read_bytes(files).establishment
    changes = changed(files, found, Amendment(Edit.REMOVE, "URG", "DPI"))
    assert changes.keys() == {"dependencies.csv", "applications.toml"}
    links = {(d.node, d.needs) for d in amended(files, changes).dependencies}
    assert ("service:URG", "DPI") not in links and ("service:REA", "DPI") in links
    with pytest.raises(NothingToAmend):
        changed(files, found, Amendment(Edit.REMOVE, "URG", "PACS"))
    with pytest.raises(NothingToAmend):
        changed(files, found, Amendment(Edit.DMIA, "PARTI", "4 h"))
