"""An Active Directory export (LDIF, csvde, Get-ADComputer, Get-ADUser, or read over LDAP)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from releve.establishment.imports.layout import Layout, Record
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.machines import Box, kind_of, name_in, plain
from releve.establishment.imports.names import read_name, split_names
from releve.establishment.imports.phones import Phones, main_and_others, read_phones, troubles
from releve.establishment.imports.services import Services
from releve.establishment.imports.staff import FIELDS, Someone, no_name, profession_of
from releve.establishment.model import MachineKind
from releve.establishment.words import cleaned, key

_DISABLED = 0x2  # ADS_UF_ACCOUNTDISABLE, MS-ADTS 2.2.16
_NO = frozenset({"false", "faux", "non", "no", "0"})
#: Accounts of programs, by their usual names.
_SERVICE = re.compile(
    r"(svc|srv|sa|adm|admin|administrateur|krbtgt|guest|invite|test|defaultaccount|backup|healthmailbox|msol|gmsa)\b|\$$"
)
#: A person's second account, by which they administer.
_SECOND = re.compile(r"(?i)(adm|admin|da|t0|t1)[-_.]")
_SHARED = re.compile(
    r"\b(bal|shared|partagee?|boite|secretariat|accueil|standard|contact|astreinte|garde)\b"
)
_CONTAINERS = re.compile(r"(?:organizationalunit|container|group|domaindns|contact|builtindomain)")


def read_directory(
    lines: Iterable[Record], layout: Layout, services: Services, findings: Findings
) -> tuple[list[Box], list[Someone]]:
    """(computers, people); disabled accounts, groups and accounts of programs are left out."""
    boxes: list[Box] = []
    people: list[Someone] = []
    for record in lines:
        what = _what(record, layout)
        if what == "other":
            continue
        name = cleaned(record.text("display") or record.text("name") or record.text("account"))
        if _disabled(record):
            kind = "machine" if what == "computer" else "compte"
            findings.leave_out(record.line, name, f"{kind} désactivé(e) dans l'annuaire")
        elif what == "computer":
            box = _computer(record, services, findings)
            if box is not None:
                boxes.append(box)
        else:
            person = _person(record, services, findings)
            if person is not None:
                people.append(person)
    return boxes, people


def _what(record: Record, layout: Layout) -> str:
    """computer, user or other, from the class, else from what the line holds."""
    category = record.text("category").lower()
    if "computer" in category:
        return "computer"
    if _CONTAINERS.search(category) and "person" not in category and "user" not in category:
        return "other"
    if "person" in category or "user" in category:
        return "user"
    if record.text("os") or record.text("fqdn") or record.text("account").endswith("$"):
        return "computer"
    if category:
        return "other"
    machine = {"os", "fqdn"} & layout.fields
    human = {"last_name", "first_name", "email"} & layout.fields
    return "user" if human and not (machine and not record.text("last_name")) else "computer"


def _disabled(record: Record) -> bool:
    control = record.text("control")
    if control.lstrip("-").isdigit():
        return bool(int(control) & _DISABLED)
    return key(record.text("enabled")) in _NO


def _computer(record: Record, services: Services, findings: Findings) -> Box | None:
    name = name_in(record, "name", findings) or cleaned(record.text("account")).rstrip("$")
    if not name:
        return None
    os = plain(record, "os", findings, name)
    kind = kind_of((), os, name)
    if "domain controllers" in record.text("dn").lower():
        kind = "server"
    role = plain(record, "description", findings, name)[:80]
    if not kind or kind == "other":
        what = "système d'exploitation non dit : prise comme poste"
        findings.doubt(record.line, name, what, "Dites ce qu'elle est dans machines.csv.")
        kind = "workstation"
    service = ""
    if kind == "workstation":
        units = re.findall(r"OU=([^,]+)", record.text("dn"), re.IGNORECASE)
        said = (record.text("service"), record.text("location"), *units)
        service = next((code for text in said if text and (code := services.find(text))), "")
    fqdn = record.text("fqdn")
    return Box(record.line, name, MachineKind(kind), service, "", role, os[:120], "", fqdn)


def _person(record: Record, services: Services, findings: Findings) -> Someone | None:
    account = record.text("account").partition("@")[0]
    last, first = cleaned(record.text("last_name")), cleaned(record.text("first_name"))
    shown_name = cleaned(record.text("display") or record.text("name"))
    if last and _SECOND.match(account):
        what = "compte d'administration, le deuxième de cette personne : pas pris"
        remedy = "Rien à faire, si son compte ordinaire est dans l'annuaire."
        findings.doubt(record.line, shown_name or account, what, remedy)
        return None
    if not last and not first and _is_person(shown_name) and not _SERVICE.search(key(account)):
        said = read_name(shown_name)
        last, first = said.last, said.first
    if not last and _SHARED.search(key(f"{account} {shown_name}")):
        what = "boîte ou compte partagé, pas une personne : pas pris"
        findings.doubt(record.line, shown_name or account, what, "Rien à faire, si c'en est une.")
        return None
    if _SERVICE.search(key(account)) or (not last and not record.text("email")):
        findings.leave_out(
            record.line, shown_name or account, "compte de programme, pas une personne"
        )
        return None
    if not last and not first:
        what = "compte sans nom ni prénom : pas une personne ? pas pris"
        findings.doubt(
            record.line, shown_name or account, what, "Remplissez sn et givenName, ou rien."
        )
        return None
    name = split_names(last, first) if last else read_name(shown_name)
    phones = Phones()
    for which in ("mobile", "phone", "extension"):
        for text in record.texts(which):
            phones += read_phones(text, inside=which == "extension")
    if phones.left:
        what = f"téléphone « {phones.left[:60]} » : pas pris"
        findings.doubt(record.line, shown_name, what, "Dix chiffres, +33…, ou un poste interne.")
    for what, remedy in troubles(phones):
        findings.doubt(record.line, shown_name, what, remedy)
    phone, others = main_and_others(phones)
    row = dict.fromkeys(FIELDS, "")
    row |= {
        "last_name": name.last,
        "first_name": name.first,
        "service": services.find(record.text("service")),
        "profession": profession_of(record.text("profession")),
        "phone": phone,
        "other_phones": others,
        "email": _address(record.text("email")),
    }
    number = cleaned(record.text("matricule"))
    return Someone(record.line, number if re.fullmatch(r"[\w.-]{1,64}", number) else "", name, row)


def _is_person(shown_name: str) -> bool:
    """« BARDANE Félicie »: capitals tell a surname beside a first name."""
    words = shown_name.split()
    if not 2 <= len(words) <= 5 or re.search(r"[\d(]", shown_name):
        return False
    loud = [word for word in words if len(word) > 1 and word.isupper()]
    return 0 < len(loud) < len(words) and not no_name(shown_name.lower())


def _address(text: str) -> str:
    found = re.search(r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)+", text)
    return found[0].lower() if found else ""
