"""A small hospital and its feed: two wards on the map, one unit nobody placed, real HL7."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from releve.care.intake import Kept
from releve.care.progress import tell
from releve.care.projection import Projector
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from tests.care.messages import (
    Bed,
    Someone,
    a01,
    a28,
    a31,
    a40,
    al1,
    mdm,
    no_allergy,
    oru,
    rde,
)

ELISE = Someone("800001", "DUPONT", "Élise", "19510412", birth_name="MARTIN", ins="251047500099971")
ELISA = Someone("800002", "DUPONT", "Élise", "19871102", identity_status="PROV")
PAUL = Someone("800003", "LE GOFF", "Paul", "19700101", "M")
ROSE = Someone("800004", "MOREAU", "Rose", "19450618")
HOSTILE = Someone("800005", "<script>alert(1)</script>", "\u202eLive\u0007", "19990909")
STRAY = Someone("800006", "PERDU", "Jean", "19600505", "M")
BEFORE = Someone("800009", "DUPONT", "Élise", "19510412", birth_name="MARTIN")

B01 = Bed("CHIR-B", "101", "B01", "S1")
B02 = Bed("CHIR-B", "102", "B02", "S2")
B03 = Bed("CHIR-B", "103", "B03", "S5")
M01 = Bed("MED-A", "201", "M01", "S3")
M02 = Bed("MED-A", "202", "M02", "S4")
X01 = Bed("INCONNU", "1", "X01", "S6")


def story() -> list[bytes]:
    """Admissions, a merge, homonyms, allergies (stated, none stated, never), treatments (running,
    stopped, never), a corrected result, a document, a hostile name.
    """
    return [
        a28(BEFORE),
        a28(ELISE, al1("Pénicilline", reaction="œdème")),
        a01(ELISE, B01, "1"),
        a40(ELISE, BEFORE.ipp),
        rde(ELISE, B01, "P1", "Héparine calcique 5000 UI", amount="5000", unit="UI"),
        rde(ELISE, B01, "P2", "Paracétamol 1 g", amount="1", unit="g"),
        rde(ELISE, B01, "P2", "Paracétamol 1 g", control_code="DC", when="20261121023000"),
        oru(ELISE, B01, "L1", "Potassium", "4.1", unit="mmol/L", status="P"),
        oru(ELISE, B01, "L1", "Potassium", "4.3", unit="mmol/L", status="C", when="20261121021000"),
        mdm(ELISE, B01, "D1", "Compte rendu opératoire", "Suites simples.\nLever à J1."),
        a28(ELISA),
        a01(ELISA, B02, "2"),
        a28(PAUL),
        a31(PAUL, no_allergy(), when="20261121020500"),
        a01(PAUL, M01, "3"),
        a28(ROSE),
        a01(ROSE, M02, "4"),
        a28(HOSTILE, al1("<img src=x onerror=alert(2)>")),
        a01(HOSTILE, B03, "5"),
        a28(STRAY),
        a01(STRAY, X01, "6"),
    ]


def fill(home: Home, messages: Sequence[bytes], *, received: datetime | None = None) -> None:
    """Project ``messages`` after those already there, as if received one second apart."""
    folder = home.path / "care"
    folder.mkdir(exist_ok=True)
    projector = Projector(folder / "views.sqlite3")
    first = projector.cursor
    start = received or SystemClock().now() - timedelta(seconds=len(messages))
    records = [
        Kept(first + n, start + timedelta(seconds=n), _sender(raw), raw)
        for n, raw in enumerate(messages)
    ]
    projector.take(records)
    tell(home, projector.cursor)
    projector.close()


def _sender(raw: bytes) -> str:
    fields = raw.split(b"|", 4)
    return f"{fields[2].decode()}|{fields[3].decode()}"


def write_folder(folder: Path) -> Path:
    """The establishment's folder: CHIR-B and MED-A on the main site."""
    folder.mkdir()
    services = "".join(
        textwrap.dedent(
            f"""
            [[service]]
            code = "{code}"
            name = "{name}"
            site = "990000028"
            kind = "surgery"
            beds = 12
            units = ["{code}"]
            priority = "P1"
            """
        )
        for code, name in (("CHIR-B", "Chirurgie B"), ("MED-A", "Médecine A"))
    )
    head = textwrap.dedent(
        """
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
        beds = 300
        """
    )
    texts = {
        "establishment.toml": head + services,
        "applications.toml": "# aucune\n",
        "suppliers.toml": "# aucun\n",
        "machines.csv": "id;kind;name;site;service;role;os;restore_minutes\n",
        "people.csv": "id;last_name;first_name;service;profession;phone;email;rpps\n",
        "dependencies.csv": "node;needs;kind\n",
        "oncall.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//essai//FR\r\nEND:VCALENDAR\r\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder
