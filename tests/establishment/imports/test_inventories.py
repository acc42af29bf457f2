"""Machines from GLPI, RVTools and a directory; suppliers; a directory read over LDAP."""

from __future__ import annotations

import json
from typing import Any

import ldap3
import pytest

from releve.establishment.folder import read_bytes
from releve.establishment.imports.book import Book
from releve.establishment.imports.errors import DirectoryRefused
from releve.establishment.imports.ldap import ATTRIBUTES, read_entries, read_ldap
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.prepare import Given, prepare
from releve.kernel.world import World
from tests.establishment.imports.files import (
    ENTITY,
    NOTHING,
    NOW,
    after,
    csv,
    doubts,
    establishment,
    known,
    made,
    xlsx,
)

_GLPI = csv(
    "Nom;Statut;Fabricant;Numéro de série;Type;Système d'exploitation - Nom;Lieu;Commentaires;",
    "SRV-PACS-01;En service;Dell;ABC1234;Serveur;Windows Server 2022;Salle;archives d'images;",
    "PC-URG-02;En service;HP;5CG0001;Mini tour;Windows 11;Urgences;;",
    "VM-LABO;En service;VMware;;VMware;Debian 12;Salle;;",
    "SW-ETAGE-3;En service;HPE;SG1;Switch;;Étage 3;;",
    "PC-VIEUX;Au rebut;HP;5CG0002;Portable;Windows 7;;;",
    "PC-URG-99;En service;HP;5CG0001;Mini tour;Windows 11;Urgences;;",
    "PC-URG-02;En service;HP;5CG0009;Mini tour;Windows 11;Urgences;;",
    "IMP-12;En service;Ricoh;R1;Imprimante;;;;",
    "=cmd|'/C calc'!A0;En service;HP;X9;Portable;;;;",
    codec="utf-8-sig",
)


def test_glpi_in_french_with_doubles_scrap_and_a_formula() -> None:
    proposal = made("glpi", _GLPI, known())
    machines = {m.id: m for m in establishment(known(), proposal).machines}
    assert {n: (str(m.kind), m.service) for n, m in machines.items() if n in (
        "SRV-PACS-01", "PC-URG-02", "VM-LABO", "SW-ETAGE-3")} == {
        "SRV-PACS-01": ("server", ""),
        "PC-URG-02": ("workstation", "URG"),
        "VM-LABO": ("server", ""),
        "SW-ETAGE-3": ("network", ""),
    }  # fmt: skip
    assert machines["SRV-PACS-01"].restore_source == "supposé"
    assert machines["SRV-PACS-01"].restore.total_seconds() == 3600
    assert any("serveur (2) : 60 min" in note for note in proposal.notes)
    left = [t.who for t in proposal.told if t.state is State.LEFT_OUT]
    assert left == ["PC-VIEUX", "IMP-12"]
    assert [line for line, _ in doubts(proposal)] == [7, 8, 10]
    assert "PC-URG-99" in machines, "même numéro de série, autre nom : aucune n'est perdue"


def test_glpi_in_english_and_from_its_api() -> None:
    english = csv('"Name","Status","Type","Operating System","Serial number"',
                  '"srv-a","Active","Server","Debian 12","S1"')  # fmt: skip
    api = json.dumps([
        {"id": 1, "name": "srv-a", "serial": "S1", "is_deleted": 0, "is_template": 0,
         "computertypes_id": "Server", "states_id": "En service"},
        {"id": 2, "name": "", "serial": "S2", "is_deleted": 0, "is_template": 1},
        {"id": 3, "name": "srv-b", "serial": "S3", "is_deleted": 1, "computertypes_id": "Server"},
    ]).encode()  # fmt: skip
    for data, name in ((english, "export.csv"), (api, "Computer.json")):
        proposal = made("glpi", data, name=name)
        assert [m.id for m in establishment(NOTHING, proposal).machines] == ["srv-a"]
        assert doubts(proposal) == []


def test_what_a_person_measured_stays_and_a_renamed_machine_is_known_by_its_number() -> None:
    first = after(NOTHING, made("glpi", _GLPI))
    data = first.files["machines.csv"].replace(b";60;suppos\xc3\xa9", b";45;", 1)
    files = {**first.files, "machines.csv": data}
    touched = type(first)(files, 2, read_bytes(files).establishment)
    again = made("glpi", _GLPI.replace(b"SRV-PACS-01", b"SRV-IMAGES"), touched)
    machines = {m.id: m for m in establishment(touched, again).machines}
    assert machines["SRV-PACS-01"].name == "SRV-IMAGES"
    assert machines["SRV-PACS-01"].restore.total_seconds() == 2700
    assert again.counts[State.NEW] == 0


def _rvtools(host: str = "esx2.x.example") -> bytes:
    info = [
        ["VM", "Powerstate", "Template", "DNS Name", "Host", "Cluster", "VM UUID",
         "OS according to the VMware Tools", "Connection state"],
        ["SRV-A", "poweredOn", "False", "srv-a.x.example", "esx1.x.example", "C1", "u1",
         "Debian GNU/Linux 12", "connected"],
        ["SRV-B", "poweredOn", "False", "", host, "C1", "u2", "Microsoft Windows 11",
         "connected"],
        ["MODELE", "poweredOff", "True", "", "esx1.x.example", "C1", "u3", "", "connected"],
        ["SRV-OFF", "poweredOff", "False", "", "esx1.x.example", "C1", "u4", "", "connected"],
        ["vCLS-1", "poweredOn", "False", "", "esx1.x.example", "C1", "u5", "", "connected"],
        ["SRV-PERDU", "poweredOn", "False", "", "esx1.x.example", "C1", "u6", "", "orphaned"],
    ]  # fmt: skip
    hosts = [["Host", "Cluster", "ESX Version"], ["esx1.x.example", "C1", "VMware ESXi 8.0"]]
    return xlsx(("vInfo", info), ("vDisk", [["VM", "Disk"], ["SRV-Z", "d1"]]), ("vHost", hosts))


def test_rvtools_machines_hosts_and_which_runs_on_which() -> None:
    proposal = made("rvtools", _rvtools())
    found = establishment(NOTHING, proposal)
    assert {m.id: str(m.kind) for m in found.machines} == {
        "esx1.x.example": "hypervisor",
        "esx2.x.example": "hypervisor",
        "SRV-A": "server",
        "SRV-B": "workstation",
    }
    assert {(d.node, d.needs) for d in found.dependencies} == {
        ("SRV-A", "esx1.x.example"),
        ("SRV-B", "esx2.x.example"),
    }
    assert [what for _, what in doubts(proposal)] == ["état « orphaned » dans vCenter : pas prise"]
    assert proposal.counts[State.LEFT_OUT] == 3
    first = after(NOTHING, proposal)
    moved = establishment(first, made("rvtools", _rvtools("esx1.x.example"), first))
    assert {d.needs for d in moved.dependencies if d.node == "SRV-B"} == {"esx1.x.example"}


_LDIF = b"""\
dn: CN=SRV-AD-01,OU=Domain Controllers,DC=x
objectClass: top
objectClass: person
objectClass: user
objectClass: computer
cn: SRV-AD-01
dNSHostName: srv-ad-01.x.example
operatingSystem: Windows Server 2022 Standard
userAccountControl: 532480

dn: CN=PC-OFF,DC=x
objectClass: computer
cn: PC-OFF
operatingSystem: Windows 11
userAccountControl: 4098

dn: CN=MARTIN Elise,DC=x
objectClass: person
objectClass: user
sn: MARTIN
givenName:: w4lsaXNl
sAMAccountName: e.martin
mail: e.martin@valbrume.example
mobile: +33 6 39 98 00 77
ipPhone: 4577
userAccountControl: 512
userPassword:: TW90RGVQYXNzZQ==

dn: CN=svc_veeam,DC=x
objectClass: user
objectClass: person
sAMAccountName: svc_veeam
cn: svc_veeam
userAccountControl: 66048
"""


def test_a_directory_completes_people_and_never_keeps_a_password() -> None:
    stands = known(people_csv="id;last_name;first_name;phone;email\nP001;MARTIN;Élise;;\n",
                   oncall_ics="BEGIN:VCALENDAR\nEND:VCALENDAR\n")  # fmt: skip
    proposal = made("ad", _LDIF, stands)
    found = establishment(stands, proposal)
    assert [(p.id, p.phone, p.other_phones, p.email) for p in found.people] == [
        ("P001", "06 39 98 00 77", "4577", "e.martin@valbrume.example")
    ]
    # SRV-AD-01 is already there, with an operating system that its folder wrote: kept.
    assert {t.who for t in proposal.told if t.state is State.KEPT} == {"Annuaire 1"}
    assert {t.who for t in proposal.told if t.state is State.LEFT_OUT} == {"PC-OFF", "svc_veeam"}
    assert "userPassword" in doubts(proposal)[0][1]
    whole = b"".join(proposal.files.values()) + repr(proposal).encode()
    assert b"MotDePasse" not in whole and b"TW90RGVQYXNzZQ" not in whole


def test_suppliers_keep_their_comments_and_every_contract() -> None:
    text = '# Relu en mars.\n[[supplier]]\nid = "EDIT-01"\nname = "Éditeur fictif"  # sûr\n'
    stands = known(suppliers_toml=text)
    data = csv(
        "Fournisseur;N° contrat;Hotline;Mail support",
        "EDITEUR FICTIF SAS;2026-1;01 99 00 11 01 (8h-18h) – astreinte 01 99 00 11 99;s@e.example",
        "Éditeur fictif;2026-2;;",
        "Nouvelle société;M-3;voir extranet;contact[at]n.example",
        "TOTAL;;;",
    )
    proposal = made("suppliers", data, stands)
    kept = proposal.files["suppliers.toml"].decode()
    assert "# Relu en mars." in kept and "# sûr" in kept
    found = {s.id: s for s in establishment(stands, proposal).suppliers}
    assert found["EDIT-01"].phone == "01 99 00 11 01"
    assert found["EDIT-01"].other_phones == "01 99 00 11 99"
    assert found["EDIT-01"].contract == "2026-1, 2026-2"
    assert len(doubts(proposal)) == 2 and len(found) == 2


def _mock(entries: int) -> Any:
    server = ldap3.Server("fictif")
    connection: Any = ldap3.Connection(
        server, "cn=lecteur,dc=x", "secret", client_strategy=ldap3.MOCK_SYNC
    )
    connection.strategy.add_entry("cn=lecteur,dc=x", {"userPassword": "secret", "sn": "lecteur"})
    for n in range(entries):
        connection.strategy.add_entry(
            f"cn=agent{n},dc=x",
            {"objectClass": ["person", "user"], "sn": f"NOM{n}", "givenName": "Anne",
             "mail": f"a{n}@x.example", "userPassword": "MotDePasse", "sAMAccountName": f"a{n}"},
        )  # fmt: skip
    connection.bind()
    return connection


def test_a_directory_is_read_page_by_page_and_asked_for_no_secret() -> None:
    book, digest = read_entries(_mock(1203), "dc=x")
    assert len(book.sheets[0].rows) == 1204 and len(digest) == 64
    assert "MotDePasse" not in repr(book) and "userPassword" not in ATTRIBUTES
    given = Given("ad", "annuaire", digest, book, Mapping(), NOW, False, ENTITY)
    assert len(establishment(NOTHING, prepare(given, NOTHING)).people) == 1203
    assert isinstance(book, Book)


@pytest.mark.parametrize("address", ["ldaps://ad.exemple.example", "http://127.0.0.1", "ldap://"])
def test_a_drill_asks_no_directory_beyond_loopback(address: str) -> None:
    with pytest.raises(DirectoryRefused):
        read_ldap(address, "dc=x", "cn=l", "p", World.DRILL)


def test_a_directory_that_does_not_answer_is_said() -> None:
    with pytest.raises(DirectoryRefused, match=r"127\.0\.0\.1"):
        read_ldap("ldap://127.0.0.1:9", "dc=x", "cn=l", "p", World.DRILL)
