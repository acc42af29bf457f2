"""A small writer of French messages: IHE PAM FR 2.11 identities and movements, and what is ordered,
measured and written about a patient. Every number is a test one, every name invented.

Each function returns one message as a sender puts it on the wire (segments end with CR, UTF-8). The
same arguments give the same bytes, control number included, unless ``control`` says otherwise: a
duplicate is a second call. Times are the sender's own texts (« 202611210309 », Europe/Paris).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

#: Test OIDs of the INS (ANS, « référentiel INS », annexe): NIR and NIA.
INS_NIR = "1.2.250.1.213.1.4.10"
INS_NIA = "1.2.250.1.213.1.4.11"
#: Who gives the numbers: the fictional hospital, under its test FINESS.
IPP_FROM = "VALBRUME&1.2.250.1.71.4.2.2.990000010&ISO"
VISIT_FROM = "VALBRUME-NDA&1.2.250.1.71.4.2.2.990000028&ISO"
SITE = "990000028"
WHEN = "20261121020000"
#: SNOMED CT: « no known allergy ».
NO_ALLERGY = "716186003^Aucune allergie connue^SCT"

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


@dataclass(frozen=True)
class Someone:
    """An invented patient. ``name`` is the name in use, ``birth_name`` the one of PID-5 type L."""

    ipp: str
    name: str
    first_names: str = "Élise"
    born: str = "19510412"
    sex: str = "F"
    birth_name: str = ""
    ins: str = ""
    identity_status: str = "VALI"


@dataclass(frozen=True)
class Bed:
    """Where: unit code, room, bed (PV1-3), with the visit it belongs to."""

    ward: str
    room: str
    bed: str
    visit: str
    kind: str = "I"
    vip: str = ""


def escaped(text: str) -> str:
    """Text for a field: separators as escapes (HL7 2.5 §2.7)."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def message(
    kind: str,
    *segments: str,
    sender: str = "DPI|VALBRUME",
    when: str = WHEN,
    control: str = "",
    version: str = "2.5^FRA^2.11",
    charset: str = "UNICODE UTF-8",
) -> bytes:
    """A whole message of ``kind`` (« ADT^A01^ADT_A01 ») around ``segments``."""
    body = "\r".join(part for part in segments if part)
    number = control or sha256(f"{sender}{when}{kind}{body}".encode()).hexdigest()[:16]
    header = (
        f"MSH|^~\\&|{sender}|RELEVE|VALBRUME|{when}||{kind}|{number}|T|{version}|||||FRA|{charset}"
    )
    codec = "latin-1" if charset.startswith("8859") else "utf-8"
    return f"{header}\r{body}\r".encode(codec)


def pid(who: Someone, visit: str = "") -> str:
    """PID: number, INS when there is one, names (L = birth, D = in use), birth, sex, PID-32."""
    numbers = f"{escaped(who.ipp)}^^^{IPP_FROM}^PI"
    if who.ins:
        numbers += f"~{who.ins}^^^ASIP-SANTE-INS-NIR&{INS_NIR}&ISO^INS"
    birth = escaped(who.birth_name or who.name)
    first = escaped(who.first_names.split(" ")[0])
    names = f"{birth}^{first}^{escaped(who.first_names)}^^^^L"
    if who.birth_name and who.birth_name != who.name:
        names += f"~{escaped(who.name)}^{first}^^^^^D"
    account = f"{visit}^^^{VISIT_FROM}^AN" if visit else ""
    gap = "|" * 14  # from PID-18 to PID-32
    return (
        f"PID|1||{numbers}||{names}||{escaped(who.born)}|{who.sex}||||||||||{account}"
        f"{gap}{who.identity_status}"
    )


def pv1(where: Bed, *, left: str = "") -> str:
    """PV1: class, place, visit number, VIP indicator, discharge."""
    place = f"{escaped(where.ward)}^{escaped(where.room)}^{escaped(where.bed)}^{SITE}"
    fields = [""] * 46
    fields[1], fields[2], fields[3] = "1", where.kind, place
    fields[16], fields[19] = where.vip, f"{where.visit}^^^{VISIT_FROM}^VN"
    fields[45] = left
    return "|".join(["PV1", *fields[1:]]).rstrip("|")


def zbe(
    movement: str,
    when: str,
    event: str,
    *,
    action: str = "INSERT",
    historic: bool = False,
    unit: str = "",
    nature: str = "HMS",
) -> str:
    """ZBE: movement id, its date, action, historic flag, original event, unit, nature."""
    uf = f"^^^^^^UF^^^{unit}" if unit else ""
    flag = "Y" if historic else "N"
    return f"ZBE|{movement}^DPI|{when}||{action}|{flag}|{event}|{uf}|{uf}|{nature}"


def al1(substance: str, *, code: str = "", kind: str = "DA", reaction: str = "", n: int = 1) -> str:
    """AL1 for one substance, given as text."""
    return f"AL1|{n}|{kind}|{code}^{escaped(substance)}||{escaped(reaction)}"


def no_allergy() -> str:
    """AL1 that states there is none."""
    return f"AL1|1|DA|{NO_ALLERGY}"


def identity(trigger: str, who: Someone, *more: str, when: str = WHEN, **header: str) -> bytes:
    """A28 creates, A31 updates, A47 changes the identifiers; ``more``: AL1 segments and others."""
    structure = {"A28": "ADT_A05", "A31": "ADT_A05", "A47": "ADT_A30"}.get(trigger, "ADT_A05")
    kind = f"ADT^{trigger}^{structure}"
    stay = "PV1|1|N" if trigger in ("A28", "A31") else ""
    return message(kind, f"EVN||{when}", pid(who), stay, *more, when=when, **header)


def movement(
    trigger: str,
    who: Someone,
    where: Bed,
    number: str,
    *more: str,
    at: str = WHEN,
    sent: str = "",
    action: str = "",
    historic: bool = False,
    event: str = "",
    **header: str,
) -> bytes:
    """A movement of the stay: A01 admission, A02 transfer, A03 discharge, A11/A12/A13 cancels
    (their ZBE says CANCEL and the event they cancel), Z99 update. ``number`` is ZBE-1, ``at``
    ZBE-2.
    """
    cancels = {"A11": "A01", "A12": "A02", "A13": "A03", "A52": "A21", "A53": "A22"}
    origin = event or cancels.get(trigger, trigger)
    done = action or (
        "CANCEL" if trigger in cancels else "UPDATE" if trigger == "Z99" else "INSERT"
    )
    moved = zbe(number, at, origin, action=done, historic=historic, unit=where.ward)
    left = at if trigger == "A03" else ""
    structure = {"A02": "ADT_A02", "A03": "ADT_A03"}.get(trigger, "ADT_A01")
    return message(
        f"ADT^{trigger}^{structure}",
        f"EVN||{sent or at}||||{at}",
        pid(who, where.visit),
        pv1(where, left=left),
        *(part for part in more if not part.startswith("AL1")),
        moved,
        *(part for part in more if part.startswith("AL1")),
        when=sent or at,
        **header,
    )


def a28(who: Someone, *more: str, **header: str) -> bytes:
    """A patient is created."""
    return identity("A28", who, *more, **header)


def a31(who: Someone, *more: str, **header: str) -> bytes:
    """Traits or allergies are updated."""
    return identity("A31", who, *more, **header)


def a01(who: Someone, where: Bed, number: str, *more: str, at: str = WHEN) -> bytes:
    """Admission."""
    return movement("A01", who, where, number, *more, at=at)


def a02(who: Someone, where: Bed, number: str, *, at: str = WHEN) -> bytes:
    """Transfer to ``where``."""
    return movement("A02", who, where, number, at=at)


def a03(who: Someone, where: Bed, number: str, *, at: str = WHEN) -> bytes:
    """Discharge from ``where``."""
    return movement("A03", who, where, number, at=at)


def a40(kept: Someone, gone: str, *, when: str = WHEN, **header: str) -> bytes:
    """The number ``gone`` is merged into ``kept``."""
    prior = f"MRG|{gone}^^^{IPP_FROM}^PI"
    return message("ADT^A40^ADT_A39", f"EVN||{when}", pid(kept), prior, when=when, **header)


def a37(one: Someone, other: Someone, *, when: str = WHEN, **header: str) -> bytes:
    """Two numbers are parted again."""
    parts = (f"EVN||{when}", pid(one), pid(other))
    return message("ADT^A37^ADT_A37", *parts, when=when, **header)


def rde(
    who: Someone,
    where: Bed,
    order: str,
    drug: str,
    *,
    amount: str = "",
    unit: str = "",
    start: str = "",
    control_code: str = "NW",
    status: str = "",
    route: str = "",
    when: str = WHEN,
    sender: str = "DPI|VALBRUME",
) -> bytes:
    """One prescription: ORC (NW new, XO changed, HD held, DC stopped, CA cancelled) and RXE."""
    return message(
        "RDE^O11^RDE_O11",
        pid(who, where.visit),
        pv1(where),
        f"ORC|{control_code}|{order}^DPI|||{status}||^^^{start}||{when}",
        f"RXE|^^^{start}|^{escaped(drug)}|{amount}||{escaped(unit)}",
        f"RXR|{route}" if route else "",
        when=when,
        sender=sender,
    )


def oru(
    who: Someone,
    where: Bed | None,
    order: str,
    name: str,
    value: str,
    *,
    unit: str = "",
    status: str = "F",
    flag: str = "",
    at: str = WHEN,
    when: str = WHEN,
    code: str = "",
    sender: str = "LABO|VALBRUME",
    control: str = "",
) -> bytes:
    """One result, numeric or text; ``status`` is OBX-11 (P, F, C, D…), ``at`` OBX-14."""
    kind = "NM" if value.replace(".", "", 1).isdigit() else "ST"
    known = code or escaped(name)
    return message(
        "ORU^R01^ORU_R01",
        pid(who, where.visit if where else ""),
        pv1(where) if where else "",
        f"OBR|1|{order}^DPI|{order}^LABO|{known}^{escaped(name)}|||{at}|||||||||||||||{when}|||{status}",
        f"OBX|1|{kind}|{known}^{escaped(name)}||{escaped(value)}|{escaped(unit)}||{flag}|||{status}|||{at}",
        when=when,
        sender=sender,
        control=control,
    )


def mdm(
    who: Someone,
    where: Bed,
    document: str,
    title: str,
    text: str,
    *,
    status: str = "LA",
    at: str = WHEN,
    when: str = WHEN,
) -> bytes:
    """MDM^T02: a document with its text."""
    return message(
        "MDM^T02^MDM_T02",
        f"EVN||{when}",
        pid(who, where.visit),
        pv1(where),
        f"TXA|1|^{escaped(title)}|TX|{at}||||||||{document}^DPI|||||{status}",
        f"OBX|1|TX|^{escaped(title)}||{escaped(text)}||||||F",
        when=when,
    )
