"""contacts.csv: the numbers of a crisis that no directory keeps (SAMU, ARS, insurer…).

The file is optional; its columns are ``slug;name;phone;hours;checked``. A row without a phone means
that somebody was asked and does not know; « sans objet » that there is none to know. Slugs that
``contacts.toml`` does not list are kept, and printed after the others.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from releve.establishment.faults import Findings, shown
from releve.establishment.inventory import check_reach
from releve.establishment.numbering import trouble
from releve.establishment.text import Columns, Row, is_id, read_rows

FILE = "contacts.csv"
#: The word for « there is none »: no insurer, no group.
NONE = "sans objet"
HEADER = ("slug", "name", "phone", "hours", "checked")
_COLUMNS = Columns(("slug",), (), HEADER)


@dataclass(frozen=True)
class CrisisContact:
    """One row. ``phone`` as written, empty when asked and not known; ``checked``: the day on which
    somebody last called the number.
    """

    slug: str
    name: str
    phone: str
    hours: str
    checked: date | None
    line: int = 0

    @property
    def none(self) -> bool:
        """True when the hospital says that there is nobody to call."""
        return self.phone.casefold() == NONE


@dataclass(frozen=True)
class Asked:
    """A number that every hospital is asked for. ``missing``: what paper says in its place;
    ``needed``: whether its absence is a fault of the binder.
    """

    slug: str
    label: str
    missing: str
    needed: bool
    help: str


@cache
def asked() -> tuple[Asked, ...]:
    """All of them, in the order of the form."""
    text = files("releve.establishment").joinpath("contacts.toml").read_text("utf-8")
    return tuple(Asked(**fields) for fields in tomllib.loads(text)["contact"])


def read_contacts(data: bytes, findings: Findings) -> tuple[CrisisContact, ...]:
    """The good rows, once each; a fault for every other one."""
    found: dict[str, CrisisContact] = {}
    for row in read_rows(FILE, data, _COLUMNS, findings):
        slug = row["slug"]
        if not is_id(slug):
            what = f"slug : « {shown(slug)} » ne peut pas servir d'identifiant"
            remedy = "Reprenez celui de docs/establishment.md, par exemple ars-garde."
            findings.fault(FILE, row.line, "id", what, remedy)
        elif slug in found:
            what = f"« {shown(slug)} » est déjà à la ligne {found[slug].line}"
            findings.fault(FILE, row.line, "duplicate", what, "Gardez-en un.")
        else:
            found[slug] = _contact(row, findings)
    return tuple(found.values())


def _contact(row: Row, findings: Findings) -> CrisisContact:
    phone, checked = row["phone"], None
    if phone.casefold() != NONE:
        check_reach(FILE, row.line, phone, "", findings)
        if wrong := trouble(phone):
            what = f"téléphone « {shown(phone)} » : {wrong[0]}"
            findings.fault(FILE, row.line, "contact", what, wrong[1])
    if row["checked"]:
        checked = day(row["checked"])
        if checked is None:
            what = f"checked : « {shown(row['checked'])} » n'est pas une date"
            findings.fault(FILE, row.line, "date", what, "Écrivez 2026-11-29, ou rien.")
    return CrisisContact(row["slug"], row["name"], phone, row["hours"], checked, row.line)


def day(text: str) -> date | None:
    """« 2026-11-29 » or « 29/11/2026 »; None when it is neither."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 (a day, no hour)
        except ValueError:
            continue
    return None


def contacts_of(stored: Mapping[str, bytes]) -> dict[str, CrisisContact]:
    """slug → contact, from the files that a home keeps; empty when there is no such file."""
    data = stored.get(FILE)
    return {} if data is None else {each.slug: each for each in read_contacts(data, Findings())}


def write_contacts(contacts: Iterable[CrisisContact]) -> bytes:
    """The file, as :func:`read_contacts` reads it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER)
    for each in contacts:
        checked = each.checked.isoformat() if each.checked else ""
        writer.writerow((each.slug, each.name, each.phone, each.hours, checked))
    return out.getvalue().encode()
