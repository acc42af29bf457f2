"""Sheets with labels (« Résident : … Chambre : … Traitements : »), and plain lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from releve.incident.binder.esms.roll import Resident, Unread, treatment
from releve.incident.binder.esms.table import DATE
from releve.incident.binder.esms.words import Line, Spacing

_LABELS = {
    "name": r"r[ée]sident(?:e|\(e\))?|nom(?: et pr[ée]nom| pr[ée]nom)?|usager",
    "first": r"pr[ée]noms?",
    "room": r"chambre|ch\.|lit",
    "born": r"n[ée]\(?e?\)? le|date de naissance|ddn",
    "allergies": r"allergies?(?: connues?)?(?: et intol[ée]rances)?",
    "treatments": r"traitements?(?: en cours)?|m[ée]dicaments|prescriptions?(?: en cours)?",
    "dlu": r"dlu(?: [àa] jour)?",
    "contact": r"personne [àa] pr[ée]venir|r[ée]f[ée]rent familial|famille",
    "other": (
        r"m[ée]decin traitant|gir|poids|r[ée]gime|date d'entr[ée]e|sexe|ins|ipp|remarques?"
        r"|personne de confiance|ant[ée]c[ée]dents"
    ),
}
_LABEL = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items())
    + r")\s*:\s*"
    + r"|(?<!\w)(?P<born_bare>n[ée]\(?e?\)? le)\s+(?=\d)",
    re.IGNORECASE,
)  # fmt: skip
_ROW = re.compile(
    r"(?P<room>[A-Z]{0,2}\d{1,4}[A-Z]?)\s+(?P<name>[^\d:]{4,80}?)\s+"
    r"(?P<born>\d{1,2}[/.-]\d{1,2}[/.-]\d{4})\s*(?P<rest>.*)"
)
_ALLERGY = re.compile(r"allergies?\s*:?\s*(?P<words>.+)", re.IGNORECASE)
_INDENT = 8.0
_REST, _WHOSE = "fin de ligne non comprise", "à qui est cette ligne ?"


@dataclass
class _Sheet:
    """One resident in the making."""

    page: int
    values: dict[str, str] = field(default_factory=dict)
    treatments: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read_sheets(lines: list[Line], key: bool) -> tuple[list[Resident], list[Unread]]:
    """Residents of sheets, each begun by a label that names somebody."""
    sheets: list[_Sheet] = []
    unread: list[Unread] = []
    last = ""
    before: list[tuple[str, str]] = []
    for line in lines:
        found = _labelled(line.text)
        names = [label for label, _ in found]
        if len(set(names)) != len(names):  # two sheets side by side: whose is what?
            unread.append(Unread(line.page, line.number, line.text, "deux fiches côte à côte ?"))
            last = ""
            continue
        if found and not all(_labelled(part) for part in line.parts):
            unread.append(Unread(line.page, line.number, line.text, "deux colonnes ?"))
            if sheets:
                sheets[-1].doubts.append(f"ligne à deux colonnes page {line.page}, non attribuée")
            last = ""
            continue
        if "name" in names:
            sheets.append(_Sheet(line.page, dict(before)))
            before = []
        if not found:
            last = _continued(line, last, sheets, unread)
            continue
        for label, value in found:
            if not sheets or (label == "room" and sheets[-1].values.get("room")):
                before.append((label, value))  # « Chambre : 12 » stands above its resident
            else:
                _put(sheets[-1], label, value)
            last = label
    return [_resident(sheet, key) for sheet in sheets], unread


def labelled(text: str) -> bool:
    """Whether a line says something of somebody: a label, or a room, a name and a date."""
    return bool(_labelled(text)) or _ROW.fullmatch(text) is not None


def _labelled(text: str) -> list[tuple[str, str]]:
    """(label, value) of a line that begins with a label; empty for any other."""
    marks = list(_LABEL.finditer(text))
    if not marks or text[: marks[0].start()].strip():
        return []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [
        ((mark.lastgroup or "other").removesuffix("_bare"), text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]


def _put(sheet: _Sheet, label: str, value: str) -> None:
    if label == "treatments":
        sheet.treatments += [value] if value else []
    elif label in sheet.values:
        sheet.doubts.append(f"deux fois « {label} » sur sa fiche")
    else:
        sheet.values[label] = value


def _continued(line: Line, last: str, sheets: list[_Sheet], unread: list[Unread]) -> str:
    """A line without label goes on what was said last, when that may run over several lines."""
    if sheets and last == "treatments" and line.page == sheets[-1].page:
        sheets[-1].treatments.append(line.text)
        return last
    if sheets and last == "allergies" and line.page == sheets[-1].page:
        sheets[-1].values["allergies"] += f" {line.text}"
        return last
    if sheets:
        unread.append(Unread(line.page, line.number, line.text, "sans étiquette : à qui est-ce ?"))
        if last in ("treatments", "allergies"):
            sheets[-1].doubts.append(f"suite possible page {line.page}, non attribuée")
    return ""


def _resident(sheet: _Sheet, key: bool) -> Resident:
    values, doubts = sheet.values, list(sheet.doubts)
    born = values.get("born", "")
    if not DATE.fullmatch(born):
        doubts.append("date de naissance non lue" if not born else "date de naissance à vérifier")
    if not values.get("room"):
        doubts.append("chambre non lue")
    return Resident(
        room=values.get("room", ""),
        name=" ".join(filter(None, (values.get("name", ""), values.get("first", "")))),
        born=born,
        allergies=values.get("allergies") or None,
        treatments=tuple(treatment(words, key=key) for words in sheet.treatments),
        page=sheet.page,
        contact=values.get("contact", ""),
        dlu=values.get("dlu", ""),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def read_list(lines: list[Line], key: bool) -> tuple[list[Resident], list[Unread]]:
    """Residents of a list: « 12 DUPONT Jeanne 01/02/1935 », then what stands further right."""
    sheets: list[_Sheet] = []
    unread: list[Unread] = []
    spacing = Spacing(lines)
    left, torn = 0.0, False
    above: Line | None = None
    for line in lines:
        row = _ROW.fullmatch(line.text)
        if row is not None:
            sheets.append(_Sheet(line.page, {n: row[n] for n in ("room", "name", "born")}))
            left = line.words[0].left
            if torn:
                sheets[-1].doubts.append("une ligne au-dessus est peut-être à cette personne")
            if row["rest"] and not _allergy(sheets[-1], row["rest"]):
                unread.append(Unread(line.page, line.number, line.text, _REST))
                sheets[-1].doubts.append(_REST)
            torn = False
        elif sheets and above is not None:
            if torn or spacing.parts(above, line) or line.words[0].left <= left + _INDENT:
                unread.append(Unread(line.page, line.number, line.text, _WHOSE))
                sheets[-1].doubts.append(f"suite possible page {line.page}, non attribuée")
                torn = True
            elif not _allergy(sheets[-1], line.text):
                sheets[-1].treatments.append(line.text)
        above = line
    return [_resident(sheet, key) for sheet in sheets], unread


def _allergy(sheet: _Sheet, text: str) -> bool:
    said = _ALLERGY.fullmatch(text)
    if said is None or "allergies" in sheet.values:
        return False
    sheet.values["allergies"] = said["words"].strip()
    return True
