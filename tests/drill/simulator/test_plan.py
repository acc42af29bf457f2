"""The same seed tells the same story, everywhere; another seed tells another."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from random import Random

import docx
import openpyxl
import pikepdf
import pydicom
import pytest
from odf.opendocument import load as load_odf
from PIL import Image

from releve.drill.scenario import Scenario
from releve.drill.simulator.documents import MAKERS
from releve.drill.simulator.plan import SLOTS, Plan, Strike, draw, sha256, story_sha256
from releve.drill.simulator.processes import SOURCES
from releve.drill.simulator.resaves import resave
from releve.kernel.errors import BadInput

_TELL = """
from releve.drill.scenario import load
from releve.drill.simulator.plan import draw, story_sha256
print(story_sha256(draw(load("nuit-de-dimanche"), 5, fleet=2, attempts=("b", "c", "a"))))
"""


def test_the_same_seed_tells_the_same_story_in_any_surroundings() -> None:
    told = set()
    for zone, order in (("Asia/Tokyo", "1"), ("America/Lima", "77"), ("Europe/Paris", "0")):
        surroundings = {"TZ": zone, "PYTHONHASHSEED": order, "PYTHONPATH": str(SOURCES)}
        done = subprocess.run(
            [sys.executable, "-c", _TELL],
            env={**os.environ, **surroundings},
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(done.stdout.strip())
    assert len(told) == 1 and len(told.pop()) == 64


def test_another_seed_or_fleet_tells_another_story(scenario: Scenario, plan: Plan) -> None:
    first = story_sha256(plan)
    attempts = ("a", "b", "c")
    assert story_sha256(draw(scenario, 6, fleet=2, attempts=attempts)) != first
    assert story_sha256(draw(scenario, 5, fleet=1, attempts=attempts)) != first


@pytest.mark.parametrize("fleet", [0, -1, 41])
def test_a_fleet_that_cannot_be_played_is_refused(scenario: Scenario, fleet: int) -> None:
    with pytest.raises(BadInput, match="--fleet"):
        draw(scenario, 1, fleet=fleet)


def test_the_story_covers_every_byte_and_every_order(plan: Plan) -> None:
    told = story_sha256(plan)
    first, *others = plan.machines
    document, *rest = first.documents
    altered = replace(document, data=document.data + b"x")
    edits = (replace(first.edits[0], data=b"autre"), *first.edits[1:])
    for changed in (
        replace(plan, machines=(replace(first, documents=(altered, *rest)), *others)),
        replace(plan, machines=(replace(first, edits=edits), *others)),
        replace(plan, strikes=tuple(reversed(plan.strikes))),
        replace(plan, strikes=(Strike(plan.strikes[0].path, "stripes"), *plan.strikes[1:]))
        if plan.strikes[0].pattern != "stripes"
        else replace(plan, strikes=plan.strikes[1:]),
        replace(plan, key=bytes(32)),
        replace(plan, events=tuple(reversed(plan.events))),
        replace(plan, intruder_order=tuple(reversed(plan.intruder_order))),
    ):
        assert story_sha256(changed) != told


def test_edits_follow_one_another(plan: Plan) -> None:
    for machine in plan.machines:
        now = {document.path: sha256(document.data) for document in machine.documents}
        for edit in machine.edits:
            assert now.get(edit.path) == edit.before
            now[edit.path] = sha256(edit.data)
            assert now[edit.path] != edit.before
        assert {edit.slot for edit in machine.edits} == set(range(1, SLOTS + 1))


def test_who_is_spared_is_not_struck(plan: Plan) -> None:
    struck = {strike.path.partition("/")[0] for strike in plan.strikes}
    assert len(plan.spared) == 1
    assert not struck & set(plan.spared)
    assert struck == {machine.name for machine in plan.machines} - set(plan.spared)
    paths = [strike.path for strike in plan.strikes]
    assert len(set(paths)) == len(paths)
    assert paths[0].startswith(plan.patient_zero)


@pytest.mark.parametrize("extension", sorted(MAKERS))
def test_documents_open_with_their_own_library_before_and_after_an_edit(extension: str) -> None:
    made = MAKERS[extension](Random("essai"))
    assert made == MAKERS[extension](Random("essai"))
    later = resave(extension, made, Random("suite"))
    assert later != made
    for data in (made, later):
        _open(extension, data)


def _open(extension: str, data: bytes) -> None:
    stream = io.BytesIO(data)
    match extension:
        case "docx":
            assert docx.Document(stream).paragraphs
        case "xlsx":
            assert openpyxl.load_workbook(stream).worksheets[0].max_row > 40
        case "odt":
            assert load_odf(stream).text.childNodes
        case "pdf":
            with pikepdf.open(stream) as document:
                assert len(document.pages) == 2
        case "dcm":
            assert len(pydicom.dcmread(stream).PixelData) == 128 * 128 * 2
        case "jpg" | "png":
            Image.open(stream).load()
        case "zip":
            assert zipfile.ZipFile(stream).testzip() is None
        case "gz":
            assert b"automate" in gzip.decompress(data)
        case _:
            assert "\n" in data.decode()
