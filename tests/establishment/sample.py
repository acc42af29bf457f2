"""A small hospital without fault, as the seven files; tests break it one line at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILES = {
    "establishment.toml": """\
format = 1

[region]
name = "Région fictive"

[[legal_entity]]
finess = "990000010"
name = "Centre hospitalier de Valbrume"

[[site]]
finess = "990000028"
legal_entity = "990000010"
name = "Site principal"
beds = 60

[[service]]
code = "URG"
name = "Urgences"
site = "990000028"
kind = "emergency"
beds = 12
units = ["URG", "UHCD"]
priority = "P0"
dmia = "4 h"
pdma = "15 min"
patients_per_hour = 6

[[service]]
code = "MED-A"
name = "Médecine A"
site = "990000028"
kind = "medicine"
beds = 30
priority = "P1"
dmia = "8 h"
patients_per_hour = 1.5

[[service]]
code = "ADM"
name = "Admissions"
site = "990000028"
kind = "administration"
priority = "P2"

[[gate]]
name = "identité assainie"
keeper = "RSSI"
before = ["SRV-FIC-01", "SRV-DPI-01"]
after = ["SRV-AD-01", "SRV-AD-02"]

[[bootstrap]]
members = ["SRV-AD-01", "SRV-DNS-01"]
order = ["SRV-DNS-01", "SRV-AD-01"]
""",
    "applications.toml": """\
[[application]]
id = "DPI"
name = "Dossier patient"
services = ["URG", "MED-A"]
used_by = ["ADM"]
priority = "P0"
dmia = "4 h"
supplier = "EDIT-01"
restore = "30 min"

[[application]]
id = "PAIE"
name = "Paie"
services = ["ADM"]
supplier = "EDIT-01"
hosted = "saas"
""",
    "machines.csv": """\
id;kind;name;site;service;role;os;restore_minutes
SW-COEUR;network;Cœur de réseau;990000028;;réseau;;20
SRV-DNS-01;server;Noms;990000028;;dns;Debian 12;10
SRV-AD-01;server;Annuaire 1;990000028;;identité;Debian 12;40
SRV-AD-02;server;Annuaire 2;990000028;;identité;Debian 12;40
SRV-FIC-01;server;Fichiers;990000028;;fichiers;Debian 12;60
SRV-DPI-01;server;Serveur du DPI;990000028;;dpi;Debian 12;50
PC-URG-01;workstation;Poste d'accueil;990000028;URG;poste;Windows 10;15
""",
    "people.csv": """\
id;last_name;first_name;service;profession;phone;email;rpps
P001;MARTIN;Élise;URG;cadre;06 39 98 00 01;e.martin@valbrume.example;99000000001
P002;DIALLO;Amadou;ADM;informaticien;+33 6 39 98 00 02;a.diallo@valbrume.example;
P003;LE GOFF;Nora;;directrice;4012;;
""",
    "oncall.ics": """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//FR
BEGIN:VEVENT
UID:1@valbrume.example
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Paris:20261102T080000
DTEND;TZID=Europe/Paris:20261109T080000
RRULE:FREQ=WEEKLY;INTERVAL=2
SUMMARY:Astreinte informatique
X-RELEVE-PERSON:P002
END:VEVENT
BEGIN:VEVENT
UID:2@valbrume.example
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Paris:20261109T080000
DTEND;TZID=Europe/Paris:20261116T080000
RRULE:FREQ=WEEKLY;INTERVAL=2
SUMMARY:Astreinte informatique
ATTENDEE:mailto:e.martin@valbrume.example
END:VEVENT
END:VCALENDAR
""",
    "suppliers.toml": """\
[[supplier]]
id = "EDIT-01"
name = "Éditeur fictif"
phone = "01 99 00 00 01"
email = "support@editeur.example"
contract = "2026-0042"
hosting = "HDS"
""",
    "dependencies.csv": """\
node;needs;kind;alternative
DPI;SRV-DPI-01;hébergement;
SRV-DPI-01;SRV-AD-01;identité;annuaire
SRV-DPI-01;SRV-AD-02;identité;annuaire
SRV-FIC-01;SRV-AD-01;identité;
SRV-AD-01;SRV-DNS-01;noms;
SRV-DNS-01;SRV-AD-01;identité;
SRV-DNS-01;SW-COEUR;réseau;
SRV-AD-02;SW-COEUR;réseau;
service:URG;PC-URG-01;poste;
""",
}


def write(folder: Path, files: Mapping[str, str | bytes] = FILES) -> Path:
    """Write the files into ``folder``, created; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return folder


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """The files with one passage replaced, which must be there."""
    assert old in FILES[name], (name, old)
    return {**FILES, name: FILES[name].replace(old, new, 1)}


def line_of(files: Mapping[str, str], name: str, text: str) -> int:
    """The number of the first line that holds ``text``."""
    return next(n for n, line in enumerate(files[name].split("\n"), 1) if text in line)
