"""Sheets with labels (« Résident : … Chambre : … Traitements : »), and plain lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from releve.incident.binder.esms.roll import Resident, Unread, taken
from releve.incident.binder.esms.standing import opens, unknown_label
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
    "remarks": r"remarques?",
    "other": (
        r"m[ée]decin traitant|gir|poids|r[ée]gime|date d'entr[ée]e|sexe|ins|ipp"
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
_CAPITAL, _SMALL = r"[^\W\d_a-zß-ÿ]", r"[^\W\d_]"
_CIVIL = r"(?:mme|mmes|mlle|mr|m|madame|mademoiselle|monsieur)\b\.?"
_ROOM = r"[A-Z]{0,2}\d{1,4}[A-Z]?"
_LEAD = r"(?i:chambre|ch\b\.?|lit|n°)"
#: « Mme BLEUET », « BLEUET Yvette (2) », « chambre 2 »: whatever follows.
_TITLED = re.compile(
    rf"^\W*(?i:{_CIVIL})\s+{_CAPITAL}|\({_ROOM}\)|{_LEAD}\s*{_ROOM}\b|\bn[ée]+\(?e?\)? le\b"
    rf"|^\W*{_CAPITAL}[\w'’-]+(?:\s+{_CAPITAL}[\w'’-]+){{1,4}}[\s,–-]+{_ROOM}\W*$"
    rf"|^\W*{_ROOM}[\s,–-]+{_CAPITAL}[\w'’-]+(?:\s+{_CAPITAL}[\w'’-]+){{1,4}}\W*$"
)
_FULL_NAME = re.compile(rf"\W*{_SMALL}[\w'’-]+(?:\s+{_SMALL}[\w'’-]+){{1,4}}\W*")
_NAMED = re.compile(
    rf"(?!\W*{_LEAD}\s*{_ROOM}\W*$)\W*(?:(?:{_LEAD}\s*)?(?P<before>{_ROOM})[\s,:–-]+)?(?:(?i:{_CIVIL})\s+)?"
    rf"(?P<name>{_SMALL}[^\d\W_]+(?:[\s'’-]+{_SMALL}[^\d\W_]+){{0,5}})"
    rf"(?:[\s,(–-]+(?:{_LEAD}\s*)?(?P<after>{_ROOM})\W*|[\s,(–-]+n[ée]+\(?e?\)? le.*|\W*)"
)
#: What may run over several lines.
_LONG = ("treatments", "allergies", "remarks", "apart")
_ABOVE = "une ligne au-dessus est peut-être à cette personne"
_REST, _WHOSE = "fin de ligne non comprise", "à qui est cette ligne ?"


@dataclass
class _Sheet:
    """One resident in the making; ``titled``: begun by a title without label, which gets nothing
    but a doubt.
    """

    page: int
    values: dict[str, str] = field(default_factory=dict)
    treatments: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    titled: bool = False
    treated: bool = False  # the label of treatments was seen


def read_sheets(lines: list[Line], key: bool) -> tuple[list[Resident], list[Unread]]:
    """Residents of sheets, each begun by a label that names somebody.

    What may begin another sheet ends this one: a label twice, a gap, a page, a title that looks
    like a resident's. What follows is nobody's until a label names somebody again.
    """
    reading = _Reading(Spacing(lines))
    for line, below in zip_longest(lines, lines[1:]):
        reading.line(line, below)
        reading.above = line
    if all(sheet.titled for sheet in reading.sheets):
        return [], reading.unread
    return [_resident(sheet, key) for sheet in reading.sheets], reading.unread


class _Reading:
    """Where the reading of sheets stands."""

    def __init__(self, spacing: Spacing) -> None:
        self.sheets: list[_Sheet] = []
        self.unread: list[Unread] = []
        self.above: Line | None = None
        self._spacing = spacing
        self._open: _Sheet | None = None
        self._last = ""  # what the line above said: a line without label may go on it
        self._rooms: list[str] = []  # « Chambre : 12 » stands above its resident
        self._torn = False  # a line since the last sheet was nobody's

    def line(self, line: Line, below: Line | None) -> None:
        found = _labelled(line.text)
        names = [label for label, _ in found]
        above, ruled = self.above, line.ruled and not found
        if above is not None and (ruled or self._spacing.wide(above, line)):
            self._open, self._last = None, ""
        told = [each for each in names if each != "other"]
        if len(set(told)) != len(told):
            self._nobody(line, "deux fiches côte à côte ?")
        elif found and not all(_labelled(part) for part in line.parts):
            self._nobody(line, "deux colonnes ?")
        elif "name" in names:
            self._begin(_Sheet(line.page), found)
        elif found:
            self._said(line, found)
        elif self._heading(line, below):
            self._nobody(line, "un autre résident ?")
            self._titled(line)
        else:
            self._continued(line)

    def _begin(self, sheet: _Sheet, found: list[tuple[str, str]]) -> None:
        if self._torn or len(self._rooms) > 1:
            sheet.doubts.append(_ABOVE)
        self.sheets.append(sheet)
        self._open, self._torn = sheet, False
        rooms = [("room", each) for each in self._rooms[-1:]]
        self._rooms = []
        for label, value in (*rooms, *found):
            self._put(sheet, label, value)

    def _said(self, line: Line, found: list[tuple[str, str]]) -> None:
        """A line of labels: for the open sheet, unless one may begin another."""
        labels, sheet = [label for label, _ in found], self._open
        again = sheet is not None and any(_seen(sheet, label) for label in labels)
        if labels == ["room"] and (sheet is None or again):
            self._open, self._last = None, ""
            self._rooms.append(found[0][1])
        elif sheet is None or again or ("room" in labels and sheet.treated):
            self._nobody(line, "à qui est cette étiquette ?")
        else:
            for label, value in found:
                self._put(sheet, label, value)

    def _put(self, sheet: _Sheet, label: str, value: str) -> None:
        if label == "treatments":
            sheet.treated = True
            sheet.treatments += [value] if value else []
        elif label in sheet.values and label != "other":
            sheet.doubts.append(f"deux fois « {label} » sur sa fiche")
        else:
            sheet.values[label] = value
            if (label == "remarks" and value) or (label != "contact" and unknown_label(value)):
                sheet.apart.append(value)
        self._last = label

    def _heading(self, line: Line, below: Line | None) -> bool:
        """Whether a line without label looks like a resident's title."""
        if _TITLED.search(line.text):
            return True
        names = [label for label, _ in _labelled(below.text)] if below is not None else []
        return bool(_FULL_NAME.fullmatch(line.text)) and bool(names) and "name" not in names

    def _titled(self, line: Line) -> None:
        """The resident whom a title names: there, and to be read again, with nothing."""
        said = _NAMED.fullmatch(line.text)
        if said is not None:
            room = said["before"] or said["after"] or ""
            doubts = ["titre sans étiquette : rien n'est attribué, voir l'annexe B"]
            values = {"name": said["name"].strip(), "room": room}
            self.sheets.append(_Sheet(line.page, values, doubts=doubts, titled=True))

    def _continued(self, line: Line) -> None:
        """A line without label goes on what was said last, when that may run over several."""
        sheet = self._open
        if sheet is None or not (self._last in _LONG or unknown_label(line.text)):
            if self.sheets or self._torn:
                self._nobody(line, "sans étiquette : à qui est-ce ?")
        elif self._last == "treatments":
            sheet.treatments.append(line.text)
        elif self._last == "allergies" and not (unknown_label(line.text) or opens(line.text)):
            sheet.values["allergies"] += f" {line.text}"
        else:
            sheet.apart.append(line.text)
            self._last = "apart"

    def _nobody(self, line: Line, why: str) -> None:
        """The line is given back, the sheet above ends; it and the next are to be read again."""
        self.unread.append(Unread(line.page, line.number, line.text, why))
        if self.sheets:
            doubt = f"suite possible page {line.page}, non attribuée"
            self.sheets[-1].doubts.append(doubt)
        self._open, self._last, self._torn = None, "", True


def _seen(sheet: _Sheet, label: str) -> bool:
    if label == "treatments":
        return sheet.treated
    return label != "other" and label in sheet.values


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


def _resident(sheet: _Sheet, key: bool) -> Resident:
    values, doubts = sheet.values, list(sheet.doubts)
    born = values.get("born", "")
    if not DATE.fullmatch(born):
        doubts.append("date de naissance non lue" if not born else "date de naissance à vérifier")
    if not values.get("room"):
        doubts.append("chambre non lue")
    treatments, apart, why = taken(sheet.treatments, key=key)
    if sheet.apart:
        doubts.append("remarque, ou étiquette non comprise : lignes à part")
    return Resident(
        room=values.get("room", ""),
        name=" ".join(filter(None, (values.get("name", ""), values.get("first", "")))),
        born=born,
        allergies=values.get("allergies") or None,
        treatments=treatments,
        page=sheet.page,
        contact=values.get("contact", ""),
        dlu=values.get("dlu", ""),
        doubts=tuple(dict.fromkeys((*doubts, *why))),
        apart=(*sheet.apart, *apart),
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
                sheets[-1].doubts.append(_ABOVE)
            if row["rest"] and not _allergy(sheets[-1], row["rest"]):
                unread.append(Unread(line.page, line.number, line.text, _REST))
                sheets[-1].doubts.append(_REST)
            torn = False
        elif sheets and above is not None:
            loose = torn or spacing.parts(above, line) or _TITLED.search(line.text)
            if loose or line.words[0].left <= left + _INDENT:
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
