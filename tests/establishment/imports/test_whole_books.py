"""Nothing of a file is lost in silence: every list is read, what is not is told."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import docx
import pytest

from releve.establishment.imports.documents import Gathered, gather
from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.lines import State
from releve.establishment.imports.reading import read_book
from releve.kernel.home import birth
from releve.kernel.world import World
from tests.establishment.imports.files import (
    NOTHING,
    NOW,
    csv,
    doubts,
    establishment,
    known,
    made,
    xlsx,
)


def people(proposal: Any) -> dict[str, Any]:
    found = establishment(NOTHING, proposal).people
    return {f"{one.last_name} {one.first_name}".strip(): one for one in found}


def test_each_sheet_is_read_and_its_name_is_the_service() -> None:
    data = xlsx(
        ("SOMMAIRE", [["Service", "Page"], ["URGENCES", 1], ["MATER", 2]]),
        ("URGENCES", [["Nom", "Prénom", "Portable"], ["FRÊNE", "Inès", "06 39 98 00 01"]]),
        ("MATER", [["MATER"], ["Nom / Prénom", "Tél."], ["Lilas Aude", "06-39-98-00-02"]]),
        ("Feuil4", [["AGENT", "POSTE"], ["ORME Basile", 4802]]),
    )
    proposal = made("staff", data)
    found = people(proposal)
    assert {name: (one.service, one.phone) for name, one in found.items()} == {
        "FRÊNE Inès": ("URGENCES", "06 39 98 00 01"),
        "LILAS Aude": ("MATER", "06 39 98 00 02"),
        "ORME Basile": ("", "4802"),
    }
    assert any("non lues : SOMMAIRE" in note for note in proposal.notes)


def test_another_version_of_a_list_is_told_and_not_read() -> None:
    new = [["Nom", "Prénom", "Tél"], ["FRÊNE", "Inès", "06 39 98 00 01"], ["ORME", "Aude", "4802"]]
    old = [["Nom", "Prénom", "Tél"], ["FRÊNE", "Inès", "06 39 98 00 99"]]
    proposal = made("staff", xlsx(("Feuil1 (2)", new), ("Feuil1", old)))
    assert people(proposal)["FRÊNE Inès"].phone == "06 39 98 00 01"
    assert ["Feuil1" in what and "pas lue" in what for _, what in doubts(proposal)] == [True]


def test_tables_side_by_side_and_one_below_the_other() -> None:
    head = ["Nom Prénom", "Fonction", "Tél"]
    beside = xlsx(
        ("P", [["JOUR", None, None, None, "NUIT"], [*head, None, *head],
               ["FRÊNE Inès", "IDE", "06 39 98 00 01", None, "ORME Aude", "AS", 639980002],
               ["LILAS Noé", "IDE", "06 39 98 00 03"]]),
    )  # fmt: skip
    assert set(people(made("staff", beside))) == {"FRÊNE Inès", "ORME Aude", "LILAS Noé"}
    below = csv(
        "Nom;Prénom;Tél", "FRÊNE;Inès;06 39 98 00 01", ";;", "Téléphone;Prénom;Nom",
        "06 39 98 00 02;Aude;ORME",
    )  # fmt: skip
    assert people(made("staff", below))["ORME Aude"].phone == "06 39 98 00 02"


def test_lists_pasted_together_hold_each_person_once() -> None:
    data = csv(
        "NOM;Prénom;Service;Tél 1;Tél 2",
        "FRÊNE;Inès;Pharmacie;06 39 98 00 01;",
        "ORME;Aude;Pharmacie;06 39 98 00 02;",
        "NOM;Prénom;Service;Tél 1;Tél 2",
        "FRENE;INES;PHARM;06.39.98.00.01;",
        "Aude;ORME;Pharmacie;06 39 98 00 02;",
        "LILAS;Prune;Pharmacie;06 39 98 00 03;46 10",
        "RETRAITÉ : HÊTRE;Paul;Pharmacie;06 39 98 00 04;",
    )
    proposal = made("staff", data)
    found = people(proposal)
    assert set(found) == {"FRÊNE Inès", "ORME Aude", "LILAS Prune"}
    assert found["LILAS Prune"].other_phones == "4610"
    assert [(line, "inversés" in what or "partie" in what) for line, what in doubts(proposal)] == [
        (6, True), (8, True),
    ]  # fmt: skip


def test_a_company_is_no_agent_and_a_fax_no_telephone() -> None:
    data = csv(
        "Prénom;Nom;Société;Service;Télécopie (bureau);Tél. mobile",
        "Inès;FRÊNE;CH VALBRUME;Imagerie;01 99 00 50 99;06 39 98 00 01",
        "Aude;ORME;CH VALBRUME;Imagerie;01 99 00 50 99;06 39 98 00 02",
        ";Support;Éditeur fictif;;;01 99 00 13 03",
    )
    proposal = made("staff", data)
    assert [line for line, _ in doubts(proposal)] == [4]
    assert {one.other_phones for one in people(proposal).values()} == {""}


def test_each_formula_without_a_value_is_doubtful_on_its_line() -> None:
    data = xlsx(
        ("L", [["Nom", "Prénom", "Téléphone"], ["FRÊNE", "Inès", '=WEBSERVICE("http://x.example")'],
               ['=HYPERLINK("http://x.example","A")', "Aude", "4802"], ["ORME", "Paul", "4803"]]),
    )  # fmt: skip
    proposal = made("staff", data)
    assert [line for line, _ in doubts(proposal)] == [2, 3]
    assert set(people(proposal)) == {"FRÊNE Inès", "ORME Paul"}


def test_the_sound_part_of_a_text_with_control_characters_is_kept() -> None:
    lines = ["Nom;Prénom;Tél", "FRÊNE;Inès;4801", "OR\0ME;Aude;4802", "LI\x1b[2JLAS;Noé;4803"]
    proposal = made("staff", csv(*lines, f"{'A' * 30_000};Ève;4804"), name="x.csv")
    assert set(people(proposal)) == {"FRÊNE Inès"}
    assert [line for line, _ in doubts(proposal)] == [3, 4, 5]
    with pytest.raises(FileUnreadable):
        read_book(bytes(range(32)) * 200 + b"\0" * 400, "x")


def test_a_password_is_said_with_what_to_do() -> None:
    sealed = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    sealed += "EncryptionInfo".encode("utf-16-le") + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(FileUnreadable, match="mot de passe : retirez-le dans le tableur"):
        read_book(sealed, "RH.xlsx")


def test_accounts_of_a_directory_that_are_nobody_new() -> None:
    data = csv(
        "SamAccountName;DisplayName;sn;givenName;mobile",
        "c1;FRÊNE Inès;FRÊNE;Inès;06 39 98 00 01",
        "c2;ORME Aude;;;06 39 98 00 02",
        "adm-c1;FRÊNE Inès (admin);FRÊNE;Inès;",
        "bal.chir;Secrétariat Chirurgie;;;",
    )
    proposal = made("ad", data)
    assert set(people(proposal)) == {"FRÊNE Inès", "ORME Aude"}
    assert [line for line, _ in doubts(proposal)] == [4, 5]


def test_glpi_search_answers_speak_in_numbers_and_say_when_they_are_partial() -> None:
    rows = [{"1": "srv-1", "31": "En service", "5": "SGH1", "4": "Server", "80": "Entité"},
            {"1": "pc-1", "31": "Au rebut", "5": "SGH2", "4": "Laptop", "80": None}]  # fmt: skip
    said = {"totalcount": 120, "count": 2, "content-range": "0-1/120", "data": rows}
    proposal = made("glpi", json.dumps(said).encode(), known())
    machines = {m.id: m for m in establishment(known(), proposal).machines}
    assert str(machines["srv-1"].kind) == "server" and "pc-1" not in machines
    assert ["2 enregistrements sur 120" in what for _, what in doubts(proposal)] == [True]


def test_serial_numbers_rounded_by_a_spreadsheet_make_no_two_machines_one() -> None:
    rows = ["Nom;Type;Numéro de série", "PC-A1;Portable;5,12E+11", "PC-B2;Portable;5,12E+11"]
    proposal = made("glpi", csv(*rows), known())
    assert {"PC-A1", "PC-B2"} <= {m.id for m in establishment(known(), proposal).machines}
    assert [line for line, _ in doubts(proposal)] == [2, 3]


def test_virtual_machines_of_one_name_in_two_datacenters_and_one_named_by_a_number() -> None:
    rows: list[list[Any]] = [
            ["VM", "Powerstate", "Datacenter", "Host"], ["VM-1", "poweredOn", "DC-A", "h1"],
            ["VM-1", "poweredOn", "DC-B", "h2"], [2019, "poweredOn", "DC-A", "h1"],
            ["VM-2", "suspended", "DC-A", "h1"]]  # fmt: skip
    proposal = made("rvtools", xlsx(("vInfo", rows)), known())
    names = {m.name for m in establishment(known(), proposal).machines}
    assert {"VM-1", "2019", "VM-2"} <= names
    assert [line for line, _ in doubts(proposal)] == [3, 5]


def test_contracts_that_ended_are_held_and_every_number_of_a_supplier_kept() -> None:
    data = csv(
        "Raison sociale;Marché;HO;HNO;Assistance mail;HDS;État",
        "Éditeur fictif A;2026-1;01 99 00 10 01;06 39 98 10 01;a@a.example;oui;actif",
        "Éditeur fictif A;;01 99 00 10 02;;;;",
        "Éditeur fictif B;2019-7;01 99 00 10 03;;;non;RÉSILIÉ le 31/12/2024",
        "1 contrat actif;;;;;;",
    )
    proposal = made("suppliers", data)
    (one,) = establishment(NOTHING, proposal).suppliers
    assert (one.phone, one.hosting) == ("01 99 00 10 01", "HDS")
    assert one.other_phones == "06 39 98 10 01 / 01 99 00 10 02"
    assert [line for line, _ in doubts(proposal)] == [3, 4]


def _word(extra: dict[str, bytes]) -> bytes:
    document = docx.Document()
    document.add_paragraph("Coupure d'internet : prendre le classeur rouge.")
    out = io.BytesIO()
    document.save(out)
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in extra.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_documents_that_act_or_lie_and_odd_entries_of_a_zip_are_told(tmp_path: Any) -> None:
    relation = (
        b'<Relationships><Relationship Id="r" TargetMode="External" Target="http://x.example/m"'
        b' Type="http://schemas.example/relationships/attachedTemplate"/></Relationships>'
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as into:
        into.writestr("Bloc/bon.docx", _word({}))
        link = zipfile.ZipInfo("lien.pdf")
        link.external_attr = 0o120777 << 16
        into.writestr(link, "/etc/passwd")
        for name in ("../../evade.docx", "/etc/evade.pdf", "C:\\evade.pdf", "outil.exe", "z.zip"):
            into.writestr(name, "x")
        into.writestr("vide.docx", "")
    home = birth(tmp_path / "home", World.DRILL, NOW)
    given = [
        ("tout.zip", archive.getvalue()),
        ("macro.docx", _word({"word/vbaProject.bin": b"x"})),
        ("modele.docx", _word({"word/_rels/settings.xml.rels": relation})),
        ("page.docx", b"<!DOCTYPE html><html><title>Session</title></html>"),
    ]
    gathered: Gathered = gather(home, given, None, NOW)
    assert [one.procedure.name for one in gathered.documents] == ["Bloc/bon.docx"]
    told = [each.who for each in gathered.told if each.state is State.DOUBTFUL]
    assert told == [
        "lien.pdf", "../../evade.docx", "/etc/evade.pdf", "C:\\evade.pdf", "outil.exe", "z.zip",
        "vide.docx", "macro.docx", "modele.docx", "page.docx",
    ]  # fmt: skip
