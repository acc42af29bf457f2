"""The dossier against the code: each part, port, store and verb is there, and no other."""

from __future__ import annotations

import csv
import importlib
import inspect
import io
import json
import subprocess
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings
from typer.main import get_command
from typer.testing import CliRunner

from releve.cli.dossier import verbs
from releve.cli.main import app
from releve.dossier import Material, privacy, technical, threats, write
from releve.dossier.blocks import Document, Drawing, Items, Table, Text
from releve.dossier.errors import FolderTaken
from releve.dossier.material import described
from releve.dossier.written import documents, table
from releve.establishment import load
from releve.kernel.home import Home
from releve.retention import Signer, shipped, sign
from releve.retention.app import desk
from releve.runtime.accounts import MARK
from releve.runtime.dossier import material_of
from releve.runtime.lives import mark_alive
from releve.runtime.settings import Settings as HomeSettings
from releve.runtime.settings import read_settings, receiver_port, remember_addresses
from releve.runtime.supervisor import PARTS
from tests.pages.conftest import records
from tests.retention.lived import DPO, NOW

__all__ = ["records"]
pytestmark = pytest.mark.django_db
VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
HOSTILE = ("#panic()", "<b>x</b>", "=1+1", "\x1b[2J", "$x$ *gras* _u_ `c`", "N" * 300, "\u202e")


@pytest.fixture
def material(records: Home) -> Material:
    return material_of(records, verbs(get_command(app)), NOW)


def _said(document: Document) -> str:
    """Every word of a document."""
    words = [document.title, document.first, document.source, *document.missing]
    for section in document.sections:
        words.append(section.title)
        for block in section.blocks:
            if isinstance(block, Table):
                words += [*block.heads, *(cell for row in block.rows for cell in row)]
            elif isinstance(block, Items):
                words += block.words
            elif isinstance(block, Text | Drawing):
                words.append(block.words)
    return "\n".join(words)


def test_each_part_is_described_and_no_other(material: Material) -> None:
    told = [each["name"] for each in described()["part"]]
    assert tuple(told) == PARTS == material.parts
    ids = {store.id for store in shipped().stores}
    for each in described()["part"]:
        assert set(each["writes"]) <= ids, each["name"]
        doc = inspect.getdoc(importlib.import_module(f"releve.runtime.{each['name']}")) or ""
        silent = each["listens"] == "personne"
        assert silent is ("No listening socket" in doc), each["name"]
    assert all(name in _said(technical.architecture(material)) for name in PARTS)


def test_each_port_and_socket_is_a_flow_and_no_other(material: Material, records: Home) -> None:
    ports = {field.name for field in fields(HomeSettings) if field.name.endswith("_port")}
    told = {each["port"] for each in described()["flow"]}
    sockets = {"run/signer.sock", "run/receiver.sock", "run/care.sock"}
    assert told == {*ports, *sockets, "addresses", "sortant", "aucun"}
    source = Path(str(importlib.import_module("releve").__file__)).parent
    text = "\n".join(path.read_text("utf-8") for path in source.rglob("*.py"))
    for socket in sockets:
        assert f'"{socket.removeprefix("run/")}"' in text
    number = str(receiver_port(records))
    again = material_of(records, material.verbs, NOW)
    assert f"127.0.0.1:{number}" in _said(technical.flows(again))
    assert read_settings(records).receiver_port == int(number)
    assert "arrêté" in _said(technical.flows(again))


def test_the_pages_own_addresses_the_users_and_what_lives_are_said(
    records: Home, material: Material
) -> None:
    assert "10.9.8.7:8443" not in _said(technical.flows(material))
    remember_addresses(records, ["10.9.8.7:8443"])
    mark_alive(records, "web")
    (records.path / MARK).write_text("{}")
    again = material_of(records, material.verbs, NOW)
    (https,) = [flow for flow in again.flows if flow.where == "10.9.8.7:8443"]
    assert https.state == "en service" and "sur le réseau" in technical.flows(again).first
    assert again.users["signer"] == "releve-signer" and again.served == ("web",)
    assert "--ldap" in _said(technical.flows(again))


def test_each_verb_is_there_and_each_gesture_is_a_verb(material: Material) -> None:
    known = {verb.name for verb in material.verbs}
    assert {"serve", "dossier", "retention purge", "care listen", "ledger export"} <= known
    assert all(verb.does for verb in material.verbs)
    architecture = _said(technical.architecture(material))
    assert all(verb.name in architecture and verb.does in architecture for verb in material.verbs)
    for each in (*described()["gesture"], *described()["leave"]):
        assert each["verb"] == "" or each["verb"] in known, each


def test_each_store_is_in_the_architecture_and_each_personal_one_in_the_register(
    material: Material,
) -> None:
    architecture, register = (
        _said(technical.architecture(material)),
        _said(privacy.register(material)),
    )
    for store in shipped().stores:
        assert store.outside or (store.name in architecture and store.id in architecture)
        assert store.people.startswith("aucune") or store.name in register


def test_the_ciphers_named_are_those_of_the_code() -> None:
    for each in described()["crypto"]:
        module = importlib.import_module(each["module"])
        assert each["word"] in Path(str(module.__file__)).read_text("utf-8"), each["what"]


def test_what_is_not_protected_is_the_threat_models_own(material: Material) -> None:
    lines, rows = threats.not_promised(), threats.threats()
    assert len(lines) > 10 and len(rows) > 8 and len(threats.positions()) > 15
    assert all(line.translated for line in lines), "docs/threat-model.md a changé : threats.toml"
    assert all(row.translated for row in rows), "docs/threat-model.md a changé : threats.toml"
    security, impact = _said(technical.security(material)), _said(privacy.impact(material))
    assert all(line.words in security for line in lines)
    assert all(row.lacks in impact for row in rows)


def test_nothing_is_green_by_text_alone(material: Material) -> None:
    for document in documents(material):
        assert "conforme" not in _said(document).lower(), document.title
    impact = privacy.impact(material)
    for section in impact.sections[:4]:
        for block in section.blocks:
            if isinstance(block, Table) and "État" in block.heads:
                assert {row[-1] for row in block.rows} == {privacy.DRAFT}
    assert "non cotées" in _said(impact)
    assert "non mesuré" in _said(technical.operating(material))
    assert "Aucun certificat HDS" in _said(technical.security(material))
    assert "Aucune déclaration de conformité RGAA" in "\n".join(
        block.words
        for section in technical.security(material).sections
        for block in section.blocks
        if isinstance(block, Text)
    )


def test_what_is_missing_is_said_and_goes_once_it_is_there(
    records: Home, material: Material
) -> None:
    missing = [said for document in documents(material) for said in document.missing]
    assert "DPO non renseigné (./run retention dpo)" in missing
    assert any(said.startswith("Durée non décidée") for said in missing)
    assert any("tour de garde" in said for said in missing)
    desk.enter_officer(DPO, date(2026, 11, 2), "essai", NOW)
    load(records, VALBRUME, NOW)
    by = Signer("Mme Odile Ferrand", "directrice", date(2026, 11, 2))
    for store in shipped().stores:
        sign(records, store.id, by, None if store.decided else 240)
    again = material_of(records, material.verbs, NOW)
    left = {said for document in documents(again) for said in document.missing}
    assert left == {"Service arrêté : les adresses sont celles qu'il reprendrait (./run serve)"}
    assert DPO in _said(privacy.register(again))
    assert "Astreinte informatique" in _said(technical.operating(again))


def test_an_open_listening_without_a_dpo_is_said(records: Home, material: Material) -> None:
    desk.override("Le flux doit partir cette nuit, DPO injoignable", "10.2.0.5", "x", NOW)
    again = material_of(records, material.verbs, NOW)
    assert any("10.2.0.5" in said for said in privacy.impact(again).missing)


def test_pages_carry_their_date_home_and_source_and_are_not_cut(
    material: Material, tmp_path: Path
) -> None:
    made = write(material, tmp_path / "d")
    assert len(made.files) == 8 and made.missing
    for document in documents(material):
        path = tmp_path / "d" / f"{document.slug}.pdf"
        text = subprocess.run(
            ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout
        pages = text.split("\f")[:-1]
        assert pages and all("fait le 29 nov. 2026" in page for page in pages)
        flat = ["".join(page.split()).replace("-", "") for page in pages]
        assert all("CHdeValbrume" in page and "SIMULATION" in page for page in flat)
        assert "Fait à partir" in pages[0]
        for said in document.missing:
            assert "".join(said.split()).replace("-", "") in "".join(flat), said
    with pytest.raises(FolderTaken, match="n'est pas vide"):
        write(material, tmp_path / "d")


def test_hostile_names_stay_text_and_cells_are_not_formulas(
    material: Material, tmp_path: Path
) -> None:
    flow = replace(material.flows[0], source="=cmd|' /C calc'!A0", data="@SUM(A1)\x1b[2J")
    odd = replace(material, entity=" ".join(HOSTILE), dpo=HOSTILE[0], flows=(flow,))
    odd = replace(odd, suppliers=tuple((name, name) for name in HOSTILE), rotas=HOSTILE)
    write(odd, tmp_path / "d")
    rows = list(
        csv.reader(
            io.StringIO((tmp_path / "d/flux.csv").read_bytes().decode("utf-8-sig")), delimiter=";"
        )
    )
    assert rows[1][0] == "'=cmd|' /C calc'!A0"
    assert rows[1][4] == "'@SUM(A1)\\u001b[2J"
    for cell in ("=1", "+1", "-1", "@x", "\tx"):
        assert not table(["a"], [[cell]]).decode("utf-8-sig").split("\r\n")[1].startswith(cell)
    told = json.loads((tmp_path / "d/dossier.json").read_text("utf-8"))
    assert told["flows"][0]["source"].startswith("=cmd")


def test_the_verb_ends_with_1_when_something_is_missing(
    records: Home, tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "d"
    done = CliRunner().invoke(app, ["dossier", str(folder), "--home", str(records.path)])
    assert done.exit_code == 1, done.output
    assert "○ DPO non renseigné" in done.output
    assert sorted(path.name for path in folder.iterdir())[0] == "01-architecture.pdf"
