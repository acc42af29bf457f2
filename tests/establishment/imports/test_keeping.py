"""Confirmed, an import is whole or not there; the verb, the procedures, what waits."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import pikepdf
import pytest
from typer.testing import CliRunner

from releve.cli.main import app
from releve.establishment import current, procedures, stored
from releve.establishment.errors import Overtaken
from releve.establishment.imports import pending
from releve.establishment.imports.documents import gather, keep
from releve.establishment.imports.errors import FileUnreadable, PendingGone
from releve.establishment.imports.keeping import keep as keep_proposal
from releve.establishment.imports.keeping import proposed
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.prepare import Given
from releve.establishment.imports.reading import read_book
from releve.establishment.imports.standing import Proposal
from releve.establishment.store import stored_files
from releve.kernel.home import Home
from releve.runtime.ledger import read_entries
from tests.establishment.imports.files import ENTITY, NOW, csv
from tests.establishment.test_store import _killed_at

_LIST = csv("Nom;Prénom;Service;Tél", "MARTIN;Paul;Urgences;06 39 98 00 12", "DIALLO;Nora;USC;4521")


def proposal_of(home: Home, data: bytes, chosen: Mapping | None = None) -> Proposal:
    book = read_book(data, "liste.csv")
    given = Given("staff", "liste.csv", "0" * 64, book, chosen or Mapping(), NOW, False, ENTITY)
    return proposed(home, given)


def test_killed_at_any_moment_an_import_is_whole_or_not_there(home: Home) -> None:
    keep_proposal(home, proposal_of(home, _LIST), Mapping(), NOW)
    before = stored_files(home)
    again = proposal_of(home, _LIST.replace(b"4521", b"4522"))
    after = {**before, **again.files}
    assert set(again.files) == {"people.csv", "imported-people.csv"}
    for boundary in range(1, 400):
        status = _killed_at(boundary, lambda: keep_proposal(home, again, Mapping(), NOW))
        kept = stored_files(home)
        assert kept in (before, after)
        if os.WIFEXITED(status) or kept == after:
            break
    assert boundary > 20 and stored_files(home) == after


def test_who_looked_at_an_older_establishment_writes_nothing(home: Home) -> None:
    old = proposal_of(home, _LIST)
    keep_proposal(home, proposal_of(home, _LIST.replace(b"4521", b"4599")), Mapping(), NOW)
    with pytest.raises(Overtaken):
        keep_proposal(home, old, Mapping(), NOW)


def test_the_mapping_is_remembered_for_such_a_table(home: Home) -> None:
    data = csv("Nom;Bureau;Zone", "MARTIN;4521;Urgences", "DIALLO;4522;USC")
    assert proposal_of(home, data).layouts[0].fields == {"last_name"}
    chosen = Mapping("staff", columns={"Bureau": "extension", "Zone": "service"})
    keep_proposal(home, proposal_of(home, data, chosen), chosen, NOW)
    later = proposal_of(home, data.replace(b"4522", b"4523"))
    assert later.layouts[0].fields == {"last_name", "extension", "service"}
    assert later.counts[State.CHANGED] == 1
    assert any("reprise du dernier import" in note for note in later.notes)


def test_the_verb_says_what_is_doubtful_and_tells_the_ledger_without_a_name(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "liste.csv"
    figures = tmp_path / "f.json"

    def run(*more: str) -> tuple[int, str]:
        said = CliRunner().invoke(
            app, ["establishment", "import", *more, "--home", str(home.path)],
            standalone_mode=False,
        )  # fmt: skip
        if isinstance(said.exception, Exception):
            raise said.exception
        return int(said.return_value or 0), said.output

    path.write_bytes(_LIST)
    assert run("staff", str(path), "--dry-run")[0] == 0 and current(home) is None
    status, said = run("staff", str(path), "--json", str(figures))
    assert status == 0 and "2 nouveaux" in said
    written = json.loads(figures.read_text())
    assert written["counts"]["new"] == 2 and written["generation"] == 1
    path.write_bytes(_LIST + "\r\n=cmd|' /C calc'!A0;x;USC;4523\r\nGARNIER;Léa;USC;?".encode())
    status, said = run("staff", str(path))
    assert status == 1 and said.count("→") == 2
    with pytest.raises(FileUnreadable):
        path.write_bytes(b"PK\x03\x04")
        run("staff", str(path))
    path.write_text('kind = "staff"\nheader = "x"\n')
    with pytest.raises(Exception, match="ne se lit pas"):
        run("staff", str(path), "--map", str(path))
    told = [entry for _, entry in read_entries(home) if entry.what == "establishment.imported"]
    assert [(each.value, each.detail["kind"]) for each in told] == [(2, "staff"), (1, "staff")]
    assert "MARTIN" not in repr(told)


def _pdf(text: str, script: bool = False) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    page = Canvas(out)
    page.drawString(72, 720, text)
    page.save()
    if not script:
        return out.getvalue()
    live = io.BytesIO()
    with pikepdf.open(out) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
        )
        pdf.save(live)
    return live.getvalue()


def _docx(title: str, text: str) -> bytes:
    document: Any = docx.Document()
    document.core_properties.title = title
    document.add_paragraph(text)
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "étape", "mallette rouge"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_procedures_are_kept_byte_for_byte_and_found_by_their_words(home: Home) -> None:
    keep_proposal(home, proposal_of(home, _LIST), Mapping(), NOW)
    word = _docx("Panne du DPI aux urgences", "Prendre le dossier papier à l'accueil.")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("Bloc/Traçabilité.docx", word)
        made.writestr("Bloc/Thumbs.db", b"x")
        made.writestr("__MACOSX/._x", b"x")
    given = [
        ("zip.zip", archive.getvalue()),
        ("encore.docx", word),
        ("transfusion.pdf", _pdf("Transfusion en urgence vitale : groupe O")),
        ("piege.pdf", _pdf("bonjour", script=True)),
        ("coupe.docx", word[:-200]),
        ("notes.xlsx", b"x"),
    ]
    gathered = gather(home, given, stored(home), NOW)
    assert procedures.listed(home) == (), "rien n'est gardé avant la confirmation"
    assert keep(home, gathered) == 2 and keep(home, gathered) == 0
    states = [each.state for each in gathered.told]
    assert states.count(State.DOUBTFUL) == 3 and states.count(State.SAME) == 1
    assert any("JavaScript" in each.what for each in gathered.told)
    assert [p.title for p in procedures.listed(home)] == [
        "Panne du DPI aux urgences",
        "transfusion",
    ]
    hits = procedures.find(home, "MALLETTE rouge")
    assert [h.procedure.service for h in hits] == ["URGENCES"]
    assert "mallette rouge" in hits[0].around
    assert procedures.octets(home, hits[0].procedure.sha256) == word
    assert procedures.find(home, "groupe vital")[0].procedure.pages == 1
    with pytest.raises(procedures.UnknownProcedure):
        procedures.octets(home, "../../home.json")


def test_what_waits_is_purged_after_a_day_and_holds_no_secret(home: Home) -> None:
    data = csv("Nom;Mot de passe", "MARTIN;S3cr3t!")
    token = pending.deposit(home, "staff", "x.csv", data, NOW, {})
    folder = pending.waiting(home, token).folder
    assert b"S3cr3t!" not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert pending.purge(home, NOW + timedelta(hours=23)) == 0
    assert pending.purge(home, NOW + timedelta(hours=25)) == 1
    for gone in (token, "../../../home", "x" * 22):
        with pytest.raises(PendingGone):
            pending.waiting(home, gone)
