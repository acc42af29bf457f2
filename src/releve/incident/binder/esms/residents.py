"""The pages that the hosted record's PDF fills: families, residents, treatments, what is unread."""

from __future__ import annotations

import base64
import struct
from itertools import zip_longest
from textwrap import wrap

from releve.incident.binder.blocks import (
    Absent,
    Block,
    Box,
    Cell,
    Column,
    Document,
    Field,
    Fields,
    Head,
    Picture,
    Say,
    Sheet,
    Small,
    Table,
)
from releve.incident.binder.esms.home import CareHome
from releve.incident.binder.esms.roll import MOMENTS, Resident, Roll, Scan, Unread
from releve.incident.binder.fonts import width_mm

#: Residents across the family page, and how many rows when no list was given.
_ACROSS, _BLANK = 3, 20
_NAME_MM, _POINTS = 32.0, 10.0
_READ_AGAIN = "à relire par l'infirmier(ère)"
_ASK = "Exportez le PDF du dossier hébergé et redonnez-le au formulaire."
_MOST_UNREAD = 600
#: Characters of one line of annex A: a longer one goes on below, nothing is cut.
_LINE = 200
_COUNTED = "Traitements : combien de lignes à chaque moment ; mot pour mot en annexe A."


def families(home: CareHome, roll: Roll | None) -> Document:
    """Page 4: how families are called, the treating doctors, and whom was called when."""
    people = roll.residents if roll else ()
    title = "Appeler les familles et les médecins traitants"
    doctors = tuple((words,) for words in _doctors(home))
    blocks: list[Block] = [
        Fields((Field("Comment les familles sont appelées", home.cell("families")),)),
        Head("Médecins traitants"),
        Table((Column("Médecin, numéro, résidents", 173),), doctors),
        Head("Familles : cochez qui a été appelé, avec l'heure"),
    ]
    if people:
        columns = (Column("Ch.", 13, strong=True), Column("Résident", _NAME_MM), Column("Fait", 12))
        tall = -(-len(people) // _ACROSS)
        parts = [people[at : at + tall] for at in range(0, len(people), tall)]
        rows = [
            tuple(
                cell
                for each in row
                for cell in ((each.room, _short(each), "") if each else ("",) * 3)
            )
            for row in zip_longest(*parts)
        ]
        blocks.append(Table(columns * len(parts), tuple(rows)))
    else:
        columns = (
            Column("Chambre", 22),
            Column("Résident, famille, numéro", 121),
            Column("Appelé", 30),
        )
        blocks.append(Table(columns, blank=_BLANK // 2, tall=9))
    return Document("familles", title, (Sheet(title, tuple(blocks)),), 10)


def _doctors(home: CareHome) -> tuple[Cell, ...]:
    said = [" ".join(line.split()) for line in home.doctors.splitlines() if line.strip()]
    return tuple(said[:8]) if said and home.said("doctors") else (home.cell("doctors"),)


def _short(each: Resident) -> str:
    """The name on one line of its column: the room tells who it is."""
    name = each.name
    while width_mm(name, _POINTS) > _NAME_MM - 3 and len(name) > 2:
        name = name.rstrip("…")[:-1].rstrip() + "…"
    return name


def residents(home: CareHome, roll: Roll | None) -> Document:
    """Pages 5 and 6: residents by room, allergies, the moments of their treatments."""
    title = "Résidents"
    if roll is None or not roll.residents:
        return Document("residents", title, _without(home, roll), 11)
    columns = (
        Column("Ch.", 13, strong=True),
        Column("Résident", 37),
        Column("Né(e) le", 23),
        Column("Allergies", 29, strong=True),
        Column("Matin", 14),
        Column("Midi", 11),
        Column("Soir", 11),
        Column("Coucher", 20),
        Column("Sans h.", 15),
    )
    rows = tuple(_row(each) for each in by_room(roll.residents))
    half = -(-len(rows) // 2)
    sheets = []
    for number, some in enumerate((rows[:half], rows[half:]), 1):
        said = f"{roll.said(home.residents)}. {_COUNTED}"
        filled = Table(columns, some) if some else Table(columns, blank=20, tall=9)
        lead = Say(said, strong=not roll.whole)
        blocks: tuple[Block, ...] = (lead, *_absent(home, roll), filled)
        sheets.append(Sheet(f"{title} par chambre ({number}/2)", blocks))
    return Document("residents", title, tuple(sheets), 10)


def _absent(home: CareHome, roll: Roll) -> tuple[Say, ...]:
    """Those announced, by the PDF or by the home, who are not in the list."""
    announced = roll.announced if roll.announced is not None else home.residents
    lacking = (announced or 0) - len(roll.residents)
    if lacking <= 0:
        return ()
    many = "s" if lacking > 1 else ""
    words = f"{lacking} résident{many} annoncé{many} hors de la liste"
    return (Say(Absent(words, "Retrouvez qui : annexe B, ou le dossier hébergé.")),)


def by_room(people: tuple[Resident, ...]) -> list[Resident]:
    """In the order of rooms: 9 before 101, and those without a room last."""

    def rank(each: Resident) -> tuple[bool, int, str]:
        digits = "".join(c for c in each.room if c.isdigit())
        return (not digits, int(digits) if digits else 0, each.room)

    return sorted(people, key=rank)


def _row(each: Resident) -> tuple[Cell, ...]:
    where = each.room or each.name
    allergies: Cell = each.allergies or Absent(
        "non lues",
        "Lisez-les dans le dossier, écrivez-les sur le plan.",
        "allergies non lues",
        where,
    )
    name: Cell = each.name
    if each.doubts:
        name = Absent(f"{each.name} : à relire", _ASK, f"résidents {_READ_AGAIN}", where)
    return (each.room or "?", name, each.born or "non lue", allergies, *_moments(each))


def _moments(each: Resident) -> tuple[Cell, ...]:
    """How many lines name each moment, then how many name none."""
    if not each.treatments:
        none = Absent("aucun lu", _ASK, "résidents sans traitement lu", each.room or each.name)
        return ("", "", "", "", none)
    counts = [sum(m in line.moments for line in each.treatments) for m in MOMENTS]
    silent = sum(not line.moments for line in each.treatments)
    return tuple(str(count) if count else "" for count in (*counts, silent))


def _without(home: CareHome, roll: Roll | None) -> tuple[Sheet, ...]:
    """Two pages that say where the list is to be printed from."""
    supplier = home.said("supplier") or "le dossier hébergé"
    words = f"liste non fournie : imprimez-la depuis {supplier} et glissez-la ici"
    if roll is not None:
        said = roll.said(home.residents)
        words = f"PDF non compris ({said}) : voyez l'annexe B, glissez ici la liste"
    absent = Absent(words, _ASK)
    columns = (
        Column("Chambre", 20), Column("Résident, né(e) le", 60), Column("Allergies", 43),
        Column("Prochains traitements", 50),
    )  # fmt: skip
    by_hand = Say("À défaut, écrivez-la à la main, chambre par chambre, relue à deux.")
    return tuple(
        Sheet(
            f"Résidents par chambre ({n}/2)",
            (Say(absent), by_hand, Table(columns, blank=17, tall=11)),
        )
        for n in (1, 2)
    )


def annexes(roll: Roll | None) -> tuple[Document, ...]:
    """A: each resident's treatments, word for word. B: what was not understood, as it stood."""
    found = []
    if roll is not None and roll.residents:
        found.append(_treatments(roll))
    if roll is not None and (roll.unread or roll.scans):
        found.append(_originals(roll))
    return tuple(found)


def _treatments(roll: Roll) -> Document:
    title = "Annexe A : traitements, mot pour mot"
    columns = (Column("Ch.", 13, strong=True), Column("Résident", 74), Column("Traitements", 86))
    rows: list[tuple[Cell, ...]] = []
    for each in by_room(roll.residents):
        lines = [line.words for line in each.treatments] or ["aucun lu"]
        lines += [f"! non compté, à relire : {words}" for words in each.apart]
        lines += [f"à prévenir : {each.contact}"] if each.contact else []
        lines += [f"DLU : {each.dlu}"] if each.dlu else []
        if each.doubts:
            lines.append(f"! {_READ_AGAIN} : {' ; '.join(each.doubts)} (PDF, page {each.page})")
        head = (each.room or "?", f"{each.name}, {each.born}")
        rows += [(*head, part) for words in lines for part in _parts(words)]
    said = Say("Copié du PDF sans rien corriger. Date de valeur : celle du PDF, à relire.")
    aside = f"Têtes et pieds de page, mis à part : {' · '.join(roll.aside)}" if roll.aside else ""
    foot = (Small(aside),) if aside else ()
    blocks = (said, Table(columns, tuple(rows)), *foot)
    return Document("annexe-a", title, (Sheet(title, blocks),), 10)


def _parts(words: str) -> list[str]:
    """A line in pieces that a cell holds whole."""
    return wrap(words, _LINE, break_on_hyphens=False) or [""]


def _originals(roll: Roll) -> Document:
    title = f"Annexe B : {_READ_AGAIN}"
    sheets = []
    if roll.unread:
        sheets.append(Sheet(title, _unread_lines(roll.unread)))
    for scan in roll.scans:
        place = f"page {scan.page} du PDF"
        sheets.append(Sheet(title, _scanned(scan), place))
    return Document("annexe-b", title, tuple(sheets), 10)


def _unread_lines(unread: tuple[Unread, ...]) -> tuple[Block, ...]:
    columns = (Column("Page, ligne", 24), Column("Ce qui est écrit", 105), Column("Pourquoi", 44))
    shown = unread[:_MOST_UNREAD]
    rows = tuple((f"p. {each.page}, l. {each.line}", each.text, each.why) for each in shown)
    more = len(unread) - len(shown)
    tail = (
        (Say(f"Et {more} autres lignes : reprenez le PDF lui-même.", strong=True),) if more else ()
    )
    box = Box("Ces lignes ne sont à personne : retrouvez à qui elles sont avant de rien donner.")
    return (box, Table(columns, rows), *tail)


def _scanned(scan: Scan) -> tuple[Block, ...]:
    if not scan.image:
        return (
            Say("Cette page ne contient pas de texte : imprimez-la du PDF lui-même.", strong=True),
        )
    said = f"Page {scan.page} du PDF, telle quelle : elle ne contient pas de texte."
    return (Picture(_embedded(scan.image), said, 200.0),)


def _embedded(png: bytes) -> str:
    """The page's image inside a drawing of ours."""
    wide, tall = struct.unpack(">II", png[16:24])
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}"><image width="{wide}"'
        f' height="{tall}" xlink:href="data:image/png;base64,{data}"/></svg>'
    )
