"""A folder as people write it: every accepted way of writing it says the same hospital; every fault
is told with its file, its line and what to do.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releve.establishment import check_folder, load_folder, read_folder
from releve.establishment.errors import FolderFaulty, FolderUnreadable
from releve.establishment.folder import FILES as NAMES
from releve.establishment.folder import read_bytes
from tests.establishment.sample import FILES, changed, line_of, write


def test_the_sample_reads_without_fault(tmp_path: Path) -> None:
    hospital = load_folder(write(tmp_path / "d"))
    urg, med, adm = hospital.services
    assert (urg.units, med.units) == (("URG", "UHCD"), ("MED-A",))
    assert (urg.rto, urg.rpo, adm.rto) == (timedelta(hours=4), timedelta(minutes=15), None)
    assert str(hospital.perimeter(urg)) == "990000010/990000028/URG"
    assert hospital.service_of_unit["UHCD"] is urg
    assert hospital.group is None
    drawn = {(d.node, d.needs) for d in hospital.dependencies if not d.line}
    assert drawn == {
        ("service:URG", "DPI"),
        ("service:MED-A", "DPI"),
        ("service:ADM", "PAIE"),
        ("PAIE", "EDIT-01"),
    }
    on_monday = datetime(2026, 11, 9, 8, tzinfo=UTC)
    assert hospital.on_call("Astreinte informatique", on_monday) == ("P001",)
    assert hospital.on_call("Astreinte informatique", on_monday - timedelta(days=2)) == ("P002",)


def _semicolons_to(separator: str) -> dict[str, str | bytes]:
    return {
        name: content.replace(";", separator) if name.endswith(".csv") else content
        for name, content in FILES.items()
    }


_QUOTED = FILES["machines.csv"].replace("Cœur de réseau", '"Cœur ""A"" ; réseau"')
_HEADER = "id;last_name;first_name;service;profession;phone;email;rpps"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({n: b"\xef\xbb\xbf" + c.encode() for n, c in FILES.items()}, id="bom"),
        pytest.param({n: c.replace("\n", "\r\n").encode() for n, c in FILES.items()}, id="crlf"),
        pytest.param({n: c.encode("cp1252") for n, c in FILES.items()}, id="windows-1252"),
        pytest.param(
            {n: c.replace("Cœ", "Coe").encode("latin-1") for n, c in FILES.items()}, id="latin-1"
        ),
        pytest.param(_semicolons_to(","), id="commas"),
        pytest.param(_semicolons_to("\t"), id="tabs"),
        pytest.param({**FILES, "machines.csv": _QUOTED}, id="quotes"),
        pytest.param(changed("people.csv", _HEADER, _HEADER.upper()), id="header in capitals"),
        pytest.param(changed("people.csv", "last_name", " Last Name "), id="header with spaces"),
        pytest.param(changed("people.csv", "id;", "íd;"), id="header with accents"),
        pytest.param(changed("people.csv", "P001", "# note\n\nP001"), id="comments and blanks"),
        pytest.param({**FILES, "LISEZMOI.md": "# à lire"}, id="a file beside"),
        pytest.param(changed("establishment.toml", "[region]", "# [[site]]\n[region]"), id="toml"),
    ],
)
def test_every_accepted_writing_says_the_same(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    hospital = load_folder(write(tmp_path / "d", files))
    plain = load_folder(write(tmp_path / "plain"))
    assert [m.id for m in hospital.machines] == [m.id for m in plain.machines]
    assert [p.first_name for p in hospital.people] == [p.first_name for p in plain.people]
    assert hospital.services[1].name == "Médecine A"
    assert {(d.node, d.needs) for d in hospital.dependencies} == {
        (d.node, d.needs) for d in plain.dependencies
    }


def test_columns_in_another_order_and_unknown_ones_are_noted(tmp_path: Path) -> None:
    rows = [line.split(";") for line in FILES["people.csv"].strip().split("\n")]
    turned = "\n".join(";".join([*reversed(row), "étage"]) for row in rows)
    reading = read_folder(write(tmp_path / "d", {**FILES, "people.csv": turned}))
    assert reading.faults == ()
    assert reading.establishment.people[0].last_name == "MARTIN"
    assert [(n.file, n.line) for n in reading.notes] == [("people.csv", 1)]
    assert "étage" in reading.notes[0].what


_BROKEN = {
    case["name"]: case
    for case in tomllib.loads(Path(__file__).with_name("broken.toml").read_text("utf-8"))["case"]
}
_TOML, _APPS, _DEPS = "establishment.toml", "applications.toml", "dependencies.csv"


@pytest.mark.parametrize("case", _BROKEN)
def test_each_fault_says_where_what_and_what_to_do(tmp_path: Path, case: str) -> None:
    broken = _BROKEN[case]
    folder = write(tmp_path / "d", changed(broken["file"], broken["old"], broken["new"]))
    faults = check_folder(folder)
    alike = [f for f in faults if f.kind == broken["kind"] and broken["said"] in f.what]
    found = [f for f in alike if broken["remedy"] in f.remedy]
    assert found, faults
    assert found[0].file in NAMES
    assert found[0].line > 0
    assert found[0].what.isprintable()
    with pytest.raises(FolderFaulty) as refusal:
        load_folder(folder)
    assert refusal.value.exit_code == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "line_holds"),
    [
        ("machines.csv", "SRV-AD-02;server", "SRV-AD-02;serveur", "serveur"),
        (_TOML, 'dmia = "4 h"', 'dmia = "-4 h"', "-4 h"),
        (_TOML, "beds = 60", "beds = 41", "beds = 41"),
        (_TOML, 'name = "Urgences"', "name = Urgences", "name = Urgences"),
        (_APPS, 'hosted = "saas"', 'hosted = "cloud"', "cloud"),
        (_DEPS, "DPI;SRV-DPI-01", "DPI;SRV-DPI-1", "SRV-DPI-1;"),
        ("people.csv", "99000000001", "9900", "MARTIN"),
        ("oncall.ics", "PRODID:-//test//FR", "bonjour", "bonjour"),
    ],
)
def test_the_line_told_is_the_one_to_mend(
    tmp_path: Path, name: str, old: str, new: str, line_holds: str
) -> None:
    files = changed(name, old, new)
    (fault,) = check_folder(write(tmp_path / "d", files))
    assert (fault.file, fault.line) == (name, line_of(files, name, line_holds))


def test_the_line_is_right_after_a_quoted_field_and_with_crlf(tmp_path: Path) -> None:
    files = changed("machines.csv", "SRV-AD-02;server", "# rien\n\nSRV-AD-02;serveur")
    files["machines.csv"] = files["machines.csv"].replace("Noms", '"No;ms"').replace("\n", "\r\n")
    (fault,) = check_folder(write(tmp_path / "d", files))
    assert fault.line == 7


def test_a_faulty_row_is_one_fault_not_one_for_each_that_names_it(tmp_path: Path) -> None:
    files = changed(_TOML, 'priority = "P0"', 'priority = "P9"')
    (fault,) = check_folder(write(tmp_path / "d", files))
    assert fault.kind == "word"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    files = {other: content for other, content in FILES.items() if other != name}
    faults = check_folder(write(tmp_path / "d", files))
    assert [f.kind for f in faults if f.file == name] == ["file"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        ("id".encode("utf-16"), "encoding"),
        (b"a\nb\0c", "binary"),
    ],
)
def test_no_text_is_told_once(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    faults = check_folder(write(tmp_path / "d", {**FILES, name: data}))
    assert [f.kind for f in faults if f.file == name] == [kind]


def test_several_faults_come_in_order_and_the_good_part_is_read() -> None:
    files = {name: content.encode() for name, content in FILES.items()}
    files["people.csv"] = files["people.csv"].replace(b"P002;DIALLO", b"P 2;DIALLO")
    files["machines.csv"] = files["machines.csv"].replace(b";20\n", b";vingt\n")
    reading = read_bytes(files)
    assert [f.file for f in reading.faults] == ["machines.csv", "oncall.ics", "people.csv"]
    assert [p.id for p in reading.establishment.people] == ["P001", "P003"]
    assert len(reading.establishment.machines) == 6


def test_a_missing_column_is_one_fault_and_the_rows_are_read() -> None:
    files = {name: content.encode() for name, content in FILES.items()}
    rows = files["machines.csv"].splitlines()
    files["machines.csv"] = b"\n".join(row.rpartition(b";")[0] for row in rows)
    reading = read_bytes({**files, "people.csv": files["people.csv"].replace(b"phone", b"gsm")})
    columns = [f for f in reading.faults if f.kind == "column"]
    assert [(f.file, f.line, f.breaks_graph) for f in columns] == [
        ("machines.csv", 1, True),
        ("people.csv", 1, False),
    ]
    assert len(reading.faults) == 2
    assert len(reading.establishment.machines) == 7
    assert len(reading.establishment.people) == 3


def test_a_workstation_may_have_no_minutes(tmp_path: Path) -> None:
    files = changed("machines.csv", "Windows 10;15", "Windows 10;")
    assert check_folder(write(tmp_path / "d", files)) == ()


def test_a_huge_field_is_told_by_its_limit_and_the_next_rows_are_read() -> None:
    files = {name: content.encode() for name, content in FILES.items()}
    files["people.csv"] = files["people.csv"].replace("Élise".encode(), b"E" * 200_000)
    reading = read_bytes(files)
    (fault,) = [f for f in reading.faults if f.file == "people.csv"]
    assert (fault.line, fault.kind) == (2, "limits")
    assert "au plus 2000 caractères" in fault.remedy
    assert [p.id for p in reading.establishment.people] == ["P002", "P003"]


def test_a_declared_rota_without_watch_and_one_that_stops_early(tmp_path: Path) -> None:
    rotas = """
[[rota]]
name = "Directeur de garde"

[[rota]]
name = "Astreinte informatique"
from = 2026-11-01
to = 2028-06-01
"""
    files = {**FILES, _TOML: FILES[_TOML] + rotas}
    faults = check_folder(write(tmp_path / "d", files))
    assert [(f.file, f.kind) for f in faults] == [
        (_TOML, "rota"),
        ("oncall.ics", "rota"),
        ("oncall.ics", "rota"),
    ]
    assert "Directeur de garde" in faults[0].what


@pytest.mark.parametrize("what", ["missing", "a file", "empty", "a link", "a pipe"])
def test_what_is_no_folder_of_an_establishment_is_unreadable(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "d"
    if what == "a file":
        folder.write_text("x")
    elif what != "missing":
        folder.mkdir()
    if what == "a link":
        (tmp_path / "secret").write_text("x")
        (folder / _TOML).symlink_to(tmp_path / "secret")
    if what == "a pipe":
        os.mkfifo(folder / _TOML)
    with pytest.raises(FolderUnreadable) as refusal:
        check_folder(folder)
    told = {"missing": "introuvable", "a file": "pas un dossier", "a link": "lien symbolique"}
    assert told.get(what, "") in str(refusal.value)
    assert refusal.value.exit_code == 2
    assert refusal.value.remedy


def _watch(rota: str, start: str, end: str, rule: str = "") -> str:
    return (
        f"BEGIN:VEVENT\nUID:{rota}{start}\nDTSTART;TZID=Europe/Paris:{start}\n"
        f"DTEND;TZID=Europe/Paris:{end}\n{rule}SUMMARY:{rota}\nX-RELEVE-PERSON:P001\nEND:VEVENT\n"
    )


def _agenda(*events: str) -> dict[str, str]:
    return {**FILES, "oncall.ics": "BEGIN:VCALENDAR\n" + "".join(events) + "END:VCALENDAR\n"}


def test_an_endless_repetition_begun_long_ago_still_covers_today(tmp_path: Path) -> None:
    old = _watch("G", "20240101T080000", "20240108T080000", "RRULE:FREQ=WEEKLY\n")
    new = _watch("G", "20261102T080000", "20261103T080000")
    hospital = load_folder(write(tmp_path / "d", _agenda(old, new)))
    assert hospital.on_call("G", datetime(2026, 12, 25, 3, tzinfo=UTC)) == ("P001",)
    assert hospital.on_call("H", datetime(2026, 12, 25, 3, tzinfo=UTC)) == ()


@pytest.mark.parametrize(
    ("rule", "holes"),
    [
        ("RRULE:FREQ=DAILY\n", 0),
        ("RRULE:FREQ=DAILY;COUNT=20\n", 0),
        ("RRULE:FREQ=DAILY;UNTIL=20270301T080000Z\n", 0),
        ("RRULE:FREQ=DAILY;INTERVAL=2;COUNT=4\n", 3),
        ("RRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/Paris:20261103T080000\n", 1),
        ("RDATE;TZID=Europe/Paris:20261105T080000\n", 1),
    ],
)
def test_holes_are_those_between_the_turns(tmp_path: Path, rule: str, holes: int) -> None:
    files = _agenda(_watch("G", "20261102T080000", "20261103T080000", rule))
    faults = check_folder(write(tmp_path / "d", files))
    assert [f.kind for f in faults] == ["rota"] * holes


def test_the_night_the_clocks_change_is_no_hole(tmp_path: Path) -> None:
    night = _watch("G", "20261024T200000", "20261025T080000", "RRULE:FREQ=DAILY;COUNT=3\n")
    day = _watch("G", "20261024T080000", "20261024T200000", "RRULE:FREQ=DAILY;COUNT=3\n")
    assert check_folder(write(tmp_path / "d", _agenda(night, day))) == ()


def test_a_hole_in_the_repeated_hour_says_which_of_the_two(tmp_path: Path) -> None:
    before = _watch("G", "20261024T200000", "20261025T020000")
    after = _watch("G", "20261025T030000", "20261025T080000").replace(
        "DTSTART;TZID=Europe/Paris:20261025T030000", "DTSTART:20261025T010000Z"
    )
    (fault,) = check_folder(write(tmp_path / "d", _agenda(before, after)))
    assert "02:00 (heure d'été) au 25 oct. 2026 à 02:00 (heure d'hiver)" in fault.what


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DTSTART;TZID=Europe/Paris:20261102T080000", "DTSTART:2026-11-02", "n'est pas une date"),
        ("DTSTART;TZID=Europe/Paris:20261102T080000\n", "", "(DTSTART manque)"),
        ("DTEND;TZID=Europe/Paris:20261109T080000\n", "DURATION:8h\n", "mal écrite"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2", "RRULE:FREQ=SOUVENT", "« RRULE » est illisible"),
    ],
)
def test_unreadable_hours_are_told_in_french(tmp_path: Path, old: str, new: str, said: str) -> None:
    faults = check_folder(write(tmp_path / "d", changed("oncall.ics", old, new)))
    told = [f.what for f in faults if f.kind == "ics"]
    assert told
    assert all(said in each for each in told)


def test_the_numbers_of_a_crisis_are_checked_like_the_seven_files(tmp_path: Path) -> None:
    rows = "slug;name;phone;hours;checked\n"
    good = rows + "samu;Régulation;01 99 00 50 15;nuit;29/11/2026\nassurance;;sans objet;;\n"
    assert check_folder(write(tmp_path / "bon", {**FILES, "contacts.csv": good})) == ()
    bad = rows + "samu;;zéro six;;\nsamu;;15;;\né;;15;;\nars-garde;;15;;hier\n"
    faults = check_folder(write(tmp_path / "mauvais", {**FILES, "contacts.csv": bad}))
    assert [(fault.place, fault.kind) for fault in faults] == [
        ("contacts.csv:2", "contact"),
        ("contacts.csv:3", "duplicate"),
        ("contacts.csv:4", "id"),
        ("contacts.csv:5", "date"),
    ]
    assert all(fault.remedy for fault in faults)


def test_premium_and_foreign_crisis_numbers_are_faults_and_elsewhere_notes(tmp_path: Path) -> None:
    rows = "slug;name;phone;hours;checked\n"
    good = "a;;3114;;\nb;;+262 692 00 12 34;;\nc;;4521;;\nd;;15;;\ne;;+33 (0)6 39 98 00 12;;\n"
    assert check_folder(write(tmp_path / "bon", {**FILES, "contacts.csv": rows + good})) == ()
    bad = (
        "a;;0 892 70 12 34;;\nb;;+33 8 99 70 12 34;;\nc;;118218;;\nd;;3949;;\ne;;0041791234567;;\n"
    )
    faults = check_folder(write(tmp_path / "mauvais", {**FILES, "contacts.csv": rows + bad}))
    assert [fault.line for fault in faults] == [2, 3, 4, 5, 6]
    assert [fault.what.rpartition(" : ")[2] for fault in faults] == [
        *["numéro surtaxé"] * 4, "numéro étranger",
    ]  # fmt: skip
    assert all("écrivez" in fault.remedy for fault in faults)
    files = changed("people.csv", "+33 6 39 98 00 02", "+41 79 123 45 67")
    reading = read_bytes({name: text.encode() for name, text in files.items()})
    assert reading.faults == ()
    assert any("numéro étranger" in note.what for note in reading.notes)
