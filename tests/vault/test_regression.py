"""The detector on attacks and on honest days. Floors are those of ``docs/detection.md``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from releve.vault.formats import Examination, Reading, State
from releve.vault.regression import (
    Arrival,
    Tally,
    decide,
    judge,
    pair_renamed,
    shared_new_extension,
)
from releve.vault.scan import Change, scan_changes
from tests.vault.attacks import ATTACKS, as_base85, note, pixels_only
from tests.vault.documents import DOCUMENTS, EDITS, make_docx, make_text

SEEDS = (1, 2)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_suspect_on_every_kind_and_alarms(attack: str) -> None:
    changes = [
        Change(f"{kind}-{seed}.{extension}", content := maker(seed), ATTACKS[attack](content))
        for kind, (extension, maker) in DOCUMENTS.items()
        for seed in SEEDS
    ]
    report = scan_changes(changes)
    missed = [file for file in report.files if file.verdict != "suspect"]
    assert not missed
    assert report.alarm


@pytest.mark.parametrize(
    "attack", ["full", "every other 16", "4 of 16 KiB", "sparse 5 %", "xor key"]
)
@pytest.mark.parametrize("kind", ["dicom", "dicom8", "dicom-jpeg"])
def test_damage_to_the_pixels_alone_is_suspect(kind: str, attack: str) -> None:
    _, maker = DOCUMENTS[kind]
    contents = [maker(seed) for seed in SEEDS]
    changes = [
        Change(f"{place}.dcm", content, pixels_only(content, ATTACKS[attack]))
        for place, content in enumerate(contents)
    ]
    assert scan_changes(changes).count("suspect") == len(SEEDS)


@pytest.mark.parametrize("kind", EDITS)
def test_an_honest_change_is_never_suspect(kind: str) -> None:
    _, maker = DOCUMENTS[kind]
    changes = [
        Change(f"{name}-{seed}", content := maker(seed), edit(content))
        for name, edit in EDITS[kind]
        for seed in SEEDS
    ]
    report = scan_changes(changes)
    assert not [file for file in report.files if file.verdict == "suspect"]
    assert not report.alarm


def test_a_ransom_note_in_place_of_a_document_is_suspect() -> None:
    (file,) = scan_changes([Change("a.docx", make_docx(1), note(b""))]).files
    assert file.verdict == "suspect"


@pytest.mark.parametrize("head", [b"<html>", b"<?xml version='1.0'?>", b"<R=d>", b"a;b\n"])
def test_coded_ciphertext_that_begins_like_a_page_or_a_table_is_suspect(head: bytes) -> None:
    coded = as_base85(make_docx(1))
    lines = b";\n".join(coded[place : place + 76] for place in range(0, len(coded), 76))
    for text in (head + coded, head + lines):
        (file,) = scan_changes([Change("a.docx", make_docx(1), text)]).files
        assert file.verdict == "suspect"


def _seen(before: Reading, after: Reading, damage: str = "", truncated: bool = False) -> str:
    return judge(Examination(before, after, damage, truncated)).verdict


def test_what_was_not_readable_before_is_never_suspect() -> None:
    broken = Reading("zip", State.BROKEN, "abîmé")
    assert _seen(broken, Reading("unknown", State.OPAQUE)) == "unchecked"
    assert _seen(Reading("unknown", State.OPAQUE), broken) == "unchecked"
    assert _seen(Reading("empty", State.EMPTY), broken) == "ok"


def test_a_locked_archive_that_breaks_is_suspect() -> None:
    locked = Reading("zip", State.LOCKED)
    assert _seen(locked, Reading("zip", State.BROKEN)) == "suspect"
    assert _seen(locked, locked) == "unchecked"


def test_more_faults_than_before_is_a_regression_as_many_is_not() -> None:
    before = Reading("pdf", State.SOUND, faults=2)
    assert _seen(before, Reading("pdf", State.SOUND, faults=2)) == "ok"
    assert _seen(before, Reading("pdf", State.SOUND, faults=3)) == "suspect"


def test_a_document_locked_inside_an_archive_is_suspect_an_office_password_is_not() -> None:
    before = Reading("docx", State.SOUND)
    assert _seen(before, Reading("zip", State.LOCKED)) == "suspect"
    assert _seen(before, Reading("ole2", State.LOCKED)) == "unchecked"


def _tally(**counts: int) -> Tally:
    plain: dict[str, int] = {
        **{
            "suspects": 0,
            "truncated": 0,
            "stopped": 0,
            "changed": 0,
            "unchanged": 0,
            "gone": 0,
            "renamed": 0,
        },
        **{"opaque_new": 0, "note_folders": 0},
        **counts,
    }
    return Tally(new_extension=("", 0), containers=(), **plain)


@pytest.mark.parametrize(
    ("tally", "alarm"),
    [
        (_tally(suspects=3, changed=60), True),
        (_tally(suspects=3, changed=61), False),
        (_tally(suspects=10, changed=1000), True),
        (_tally(suspects=2, changed=2), True),
        (_tally(suspects=2, changed=5), False),
        (_tally(suspects=1, changed=1), False),
        (_tally(suspects=2, truncated=2, changed=2), False),
        (_tally(suspects=10, truncated=10, changed=20), True),
        (_tally(suspects=1, changed=400, note_folders=3), True),
        (_tally(suspects=0, changed=400, note_folders=30), False),
        (_tally(gone=10, unchanged=1), True),
        (_tally(gone=10, unchanged=10), False),
        (_tally(gone=6, unchanged=6, opaque_new=3), True),
        (_tally(suspects=0, changed=500), False),
        (_tally(stopped=3, changed=6), True),
        (_tally(stopped=3, changed=60), False),
        (_tally(emptied=3, changed=6), True),
        (_tally(emptied=3, changed=7), False),
        (_tally(emptied=2, changed=2), False),
        (_tally(blocked=3, changed=6), True),
        (_tally(blocked=3, changed=7), False),
        (_tally(gone=6, unchanged=6, pictured=3), True),
        (_tally(gone=6, unchanged=7, pictured=3), False),
        (_tally(gone=6, unchanged=6, pictured=2), False),
    ],
)
def test_the_alarm_rule(tally: Tally, alarm: bool) -> None:
    assert bool(decide(tally)) is alarm


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        (lambda name: name + ".locked", 3),
        (lambda name: name + ".id-7A.[adresse].lck", 3),
        (lambda name: name.rpartition(".")[0] + ".crypt", 3),
        (lambda name: "s/" + "x" * 12 + name[7], 3),
    ],
)
def test_renamed_files_find_their_old_name(rename: Callable[[str], str], expected: int) -> None:
    gone = [Arrival(f"s/note-{n}.docx", 9000 + 5000 * n) for n in range(3)]
    new = [Arrival(rename(old.path), old.size + 512) for old in gone]
    pairs = pair_renamed(gone, new)
    assert [(old.path, other.path) for old, other in pairs] == [
        (old.path, other.path) for old, other in zip(gone, new, strict=True)
    ]
    assert len(pairs) == expected


def test_a_usual_extension_is_not_a_ransom_mark() -> None:
    pairs = [("a.doc", "a.docx"), ("b.doc", "b.docx"), ("c.doc", "c.docx")]
    assert shared_new_extension(pairs, {".doc"}) == ("", 0)
    marked = [(old, old + ".k7x") for old, _ in pairs]
    assert shared_new_extension(marked, {".doc"}) == (".k7x", 3)


def test_a_text_already_full_of_blocks_may_change_its_blocks() -> None:
    import base64

    letter = make_text(1)[:400]
    first, second = (letter + base64.encodebytes(make_docx(seed)) for seed in (1, 2))
    (file,) = scan_changes([Change("message.eml", first, second)]).files
    assert file.verdict == "ok"
