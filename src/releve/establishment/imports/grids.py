"""Rota tables as hospitals draw them → who is written for when, under which name.

Three shapes: days across (a month per line, people with marks, or names under a line of dates),
days or weeks down with a column per rota, and a plain list with a beginning and an end. See
:mod:`.grids_across` for the first, :mod:`.grids_down` for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import PurePath

from releve.establishment.imports.book import Sheet, text_of
from releve.establishment.imports.days import Course, Month, months_in, years_in
from releve.establishment.imports.hours import Hours, hour_in, hours_in
from releve.establishment.imports.layout import Layout
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.mapping import Mapping as Chosen
from releve.establishment.imports.marks import Marks
from releve.establishment.imports.named import Named
from releve.establishment.imports.services import stem
from releve.establishment.words import key, spaced

_FRAME = re.compile(
    r"^(?:(?:planning|tableau|liste|calendrier|tour|roulement|planification)s?"
    r"(?: +(?:des?|du|de la|d'))* +)+(?=\S)",
    re.IGNORECASE,
)
_MONTHS = (
    r"janv(?:ier|\.)?|févr(?:ier|\.)?|fev(?:rier|\.)?|mars|avr(?:il|\.)?|mai|juin|juil(?:let|\.)?|"
    r"août|aout|sept(?:embre|\.)?|oct(?:obre|\.)?|nov(?:embre|\.)?|déc(?:embre|\.)?|dec(?:embre|\.)?"
)
_DATED = re.compile(
    r"(?:\b(?:mois de|au titre de|année|semestre|trimestre|du mois d[e'])\s*)|"
    rf"\b(?:{_MONTHS})\b\.?|\b20\d\d\b|\b[Ss]\d{{1,2}}\b|\bT[1-4]\b|\b(?!24\s*[hH]\b)\d{{1,2}}\s*[hH]\s*(?:\d{{2}})?\b|"
    r"\((?![^)]*(?:garde|astreinte))[^)]*\)|\b\d{1,2}:\d\d\b|→",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"nom|noms|agent|agents|personne|nom prenom|nom et prenom|praticien|medecin|qui|titulaire|"
    r"astreignant|nom de l agent|intervenant|person|personnel|identite|nom du medecin|cadre"
)
_RANK = re.compile(
    r"(n|niv|niveau|rang|ligne)? ?\d|[1-4](er|ere|e|eme|nd|nde)( (appel|rang|ligne))?|premier|"
    r"second|suppleante?s?|adjointe?|renfort|doublure|reserve|backup|secours|binome"
)
_ALL_DAY = re.compile(r"\b(?:24\s*[hH](?:\s*/\s*24)?|[hH]24)\b")
_HALF = re.compile(r"\bnuit\b|\b(?:jour|journee)\b(?! feri)")
_HANDOVER = re.compile(r"\b(prise|releve|relai|relais|debut|passation|changement|a partir)\b")


@dataclass(frozen=True)
class Slot:
    """One cell: ``text`` names who is written under ``rota``, from ``first`` to the handover on
    ``last`` (None: the turn of one day). ``start`` and ``end``: hours that the line itself says.
    """

    line: int
    rota: str
    text: str
    first: date
    last: date | None = None
    start: time | None = None
    end: time | None = None
    phone: str = ""


@dataclass
class Read:
    """What a sheet gives."""

    slots: list[Slot] = field(default_factory=list)
    layout: Layout | None = None
    hours: dict[str, Hours] = field(default_factory=dict)


@dataclass
class Table:
    """A sheet being read, and what is known around it. ``piece``: the month of a part of it."""

    sheet: Sheet
    file: str
    chosen: Chosen
    named: Named
    findings: Findings
    today: date
    rotas: Mapping[str, str]
    marks: Marks = field(default_factory=Marks)
    titles: tuple[str, ...] = ()
    piece: Month | None = None

    def months(self) -> list[Month]:
        """The months that the table, its sheet and its file name, each once."""
        said = [self.sheet.name, *self.titles, PurePath(self.file).stem]
        return list(dict.fromkeys(month for text in said for month in months_in(text)))

    def course(self) -> Course:
        """Where in time the table lies: what a person said, its titles, its sheet, its file."""
        said = [self.sheet.name, *self.titles, PurePath(self.file).stem]
        months = [self.piece] if self.piece else []
        months += self.months()
        years = [month.year for month in months if month.year]
        years += [year for text in said for year in years_in(text)]
        first = months[0] if months else Month(0)
        month = first.month if self.piece else self.chosen.month or first.month
        year = self.chosen.year or first.year or (years[0] if years else 0)
        return Course(self.today, month, year)

    def course_of(self, month: Month) -> Course:
        """The same for a line that says its own month."""
        around = self.course()
        return replace(around, month=month.month, year=month.year or around.year)

    @property
    def title(self) -> str:
        """The rota that the titles name, else the sheet's or the file's name."""
        if self.chosen.rota:
            return self.chosen.rota
        for text in (*self.titles, self.sheet.name, PurePath(self.file).stem):
            name = self.rota(text)
            if len(name) > 3 and not re.fullmatch(r"(?i)feuil\w*\d*|sheet\d*|page\d*", name):
                return name
        return "Astreinte"

    def rota(self, text: str) -> str:
        """A rota's name without dates nor hours; the known one when it is known."""
        first = text.split("\n")[0]
        plain = spaced(_DATED.sub(" ", first)) or spaced(first)
        plain = _FRAME.sub("", plain).strip(" -–—:,;/.·|à")
        plain = re.split(r"\s+[-–—|:]\s+", plain)[0].strip(" -–—:,;/.'")
        said = rota_key(plain)
        known = self.rotas.get(said)
        if known is None and not re.search(r"astreinte|garde", said):
            both = (rota_key(f"{word} {plain}") for word in ("astreinte", "garde"))
            known = next((self.rotas[each] for each in both if each in self.rotas), None)
        if known:
            return known
        if plain.isupper() and len(plain) > 4:
            return plain.capitalize()
        return plain[:1].upper() + plain[1:] if plain[:2].islower() else plain

    def rota_of(self, label: str) -> str:
        """The rota of a line or a column; « N2 » and « Suppléant » are said after the title."""
        said = spaced(label.split("\n")[0])
        dated = months_in(said) and re.fullmatch(r"[a-z]+( (20)?\d\d)?", key(said))
        if not said or dated or _GENERIC.fullmatch(key(said)):
            return self.title
        if _RANK.fullmatch(key(said)):
            return f"{self.title} {said}" if len(said) <= 3 else f"{self.title} ({said.lower()})"
        return self.rota(label)

    def hours_for(self, rota: str, text: str = "") -> Hours:
        """The hours of a rota: a person's choice, what its header says, what the table says."""
        if rota in self.chosen.hours:
            return self.chosen.hours[rota]
        hours = Hours()
        around = [*self.titles, *self._loose()]
        pair = hours_in(text)
        if pair is None and _ALL_DAY.search(text):
            return replace(hours, week=hours.off)
        if pair:
            hours = replace(hours, week=pair, off=pair, stated=True)
        else:
            pair = next((p for each in around if (p := hours_in(each))), None)
            if pair:
                nights = "nuit" in key(rota) or pair in self.marks.hours.values()
                off = pair if nights else (pair[1], pair[1])
                hours = replace(hours, week=pair, off=off, stated=True)
        handover = next(
            (h for each in around if _HANDOVER.search(key(each)) and (h := hour_in(each))), None
        )
        lone = handover or next((h for each in self.titles if (h := hour_in(each))), None)
        if lone:
            hours = replace(hours, weeks=lone, stated=True)
            if pair is None:
                hours = replace(hours, week=(lone, lone), off=(lone, lone))
        elif pair:
            hours = replace(hours, weeks=pair[1])
        elif half := _HALF.search(key(f"{rota} {text}")):
            night = hours.week if half[0] == "nuit" else (hours.week[1], hours.week[0])
            hours = replace(hours, week=night, off=night)
        return hours

    def _loose(self) -> Iterable[str]:
        """Lines that say one thing alone: titles, legends, footers."""
        for _, cells in self.sheet.rows:
            said = {text_of(cell) for cell in cells if cell != ""}
            if len(said) == 1 and len(text := said.pop()) > 8:
                yield text


def when_of(slot: Slot) -> str:
    """« 05/12/2026 », « 07/12/2026 → 14/12/2026 »."""
    if slot.last is None:
        return f"{slot.first:%d/%m/%Y}"
    return f"{slot.first:%d/%m/%Y} → {slot.last:%d/%m/%Y}"


def rota_key(text: str) -> str:
    """A rota's name in one form."""
    drop = {"tour", "tableau", "planning", "liste", "astreintes", "gardes"}
    words = [word for word in stem(text) if word not in drop]
    return " ".join(words)
