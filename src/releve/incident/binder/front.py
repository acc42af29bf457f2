"""What is missing (the first page), the contents, the dividers, where rules come from."""

from __future__ import annotations

from releve.incident.binder.blocks import (
    Block,
    Box,
    Cell,
    Column,
    Contents,
    Document,
    Missing,
    Say,
    Sheet,
    Small,
    Table,
)
from releve.incident.binder.fonts import cut, fitted, lines
from releve.incident.binder.material import Material, Variant
from releve.incident.binder.rules import STATUS_WORDS, national, origin_of, rules

#: What the list may take of the first page, and what a line of it takes, in millimetres.
_LIST_MM, _LINE_MM = 195.0, 5.4
#: Papers whose content comes from a file of ``rules/`` as a whole.
_OF_PAPER = (
    ("Les dix premières minutes : preuves, qui réveiller.", "minutes"),
    ("Les cartes de rôle de la cellule.", "roles"),
    ("Les feuilles des services.", "forms"),
    ("Le rappel général du mode dégradé.", "degraded"),
    ("Le papier de huit semaines.", "stock"),
)
#: Parts that a table of contents on one page holds.
_PARTS = 20


def front(
    material: Material, lacks: tuple[Missing, ...], documents: tuple[Document, ...]
) -> tuple[Document, ...]:
    """« Ce qui manque » on one page, then the contents on the next."""
    return (
        Document("manque", "Ce qui manque", (_lacking(material, lacks),), 11, divider=False),
        Document("sommaire", "Sommaire", (_contents(material, documents),), 12, divider=False),
    )


def _lacking(material: Material, lacks: tuple[Missing, ...]) -> Sheet:
    """One page, whatever is missing: as many lines as it holds, then how many there are more."""
    what, todo = Column("Manque", 103, strong=True), Column("Ce qu'il faut faire", 70)
    rows: list[tuple[Cell, ...]] = []
    left = _LIST_MM
    for each in lacks:
        row = (cut(each.said, 200), cut(each.remedy, 160))
        left -= _LINE_MM * max(_lines(row[0], what), _lines(row[1], todo)) + 3
        if left < 0:
            break
        rows.append(row)
    blocks: list[Block] = [_said(lacks)]
    if rows:
        blocks.append(Table((what, todo), tuple(rows)))
    more = len(lacks) - len(rows)
    if more:
        words = "une autre chose" if more == 1 else f"{more} autres choses"
        blocks.append(Say(f"Et {words}, à la fin du classeur : « Tout ce qui manque »."))
    blocks += [_doubts(material)] if material.census and material.census.doubts else []
    return Sheet(f"Classeur de crise : {material.hospital}", tuple(blocks), "Ce qui manque")


def _lines(text: str, column: Column) -> int:
    """Lines of a cell, its too wide words broken as they will be."""
    mm = column.mm - 3
    return lines(fitted(text, mm, 11), mm, 11)


def _said(lacks: tuple[Missing, ...]) -> Box:
    if not lacks:
        return Box("Rien ne manque à ce classeur.", ("Relisez-le, essayez les numéros.",))
    many = "s" if len(lacks) > 1 else ""
    return Box(
        f"{len(lacks)} chose{many} manque{'nt' if many else ''} à ce classeur.",
        ("Chacune est aussi écrite à sa place, un « ! » encadré devant.",),
    )


def _doubts(material: Material) -> Say:
    count = len(material.census.doubts) if material.census else 0
    many = "s" if count > 1 else ""
    return Say(f"Recensement : {count} ligne{many} douteuse{many}, à la fin du classeur.")


def _contents(material: Material, documents: tuple[Document, ...]) -> Sheet:
    parts = tuple((d.slug, numbered(rank, d), d.about) for rank, d in enumerate(documents, 1))
    shown, more = parts[:_PARTS], len(parts) - _PARTS
    compact = len(parts) > 12
    entries = tuple(
        (slug, cut(title, 60), "" if compact else about) for slug, title, about in shown
    )
    blocks: list[Block] = [Contents(entries)]
    if more > 0:
        blocks.append(Say(f"Puis {more} autres services, chacun derrière son intercalaire."))
    return Sheet("Sommaire", tuple(blocks), _variant_words(material))


def _variant_words(material: Material) -> str:
    if material.copy.variant is Variant.CELL:
        return "Exemplaire de la cellule, avec des mobiles personnels : à ne pas photocopier."
    return "Exemplaire de service : les mobiles personnels n'y sont pas."


def numbered(rank: int, document: Document) -> str:
    """« 3. Annuaire de crise »."""
    return f"{rank}. {document.title}"


def divider(rank: int, document: Document) -> Document:
    """A page with the part's name in large type."""
    blocks: tuple[Block, ...] = (Box(numbered(rank, document), (document.about,)),)
    sheet = Sheet(f"Intercalaire {rank}", blocks)
    return Document(
        f"intercalaire-{rank}", document.title, (sheet,), 24, divider=False, alone=False
    )


def _procedures(material: Material) -> Table:
    names = {service.code: service.name for service in material.establishment.services}
    columns = (
        Column("Procédure gardée dans Relève", 93, strong=True),
        Column("Service", 50),
        Column("Datée du", 30),
    )
    rows = tuple((p.title, names.get(p.service, "tous"), p.day) for p in material.procedures)
    return Table(columns, rows)


def back(material: Material, lacks: tuple[Missing, ...]) -> Document:
    """Where each rule comes from; everything that is missing; the census's doubtful lines."""
    columns = (Column("Règle, numéro", 76), Column("Source", 67), Column("Statut", 30))
    rows = tuple((r.words, r.source, STATUS_WORDS[r.status]) for r in rules().values())
    rows += tuple((title, *origin_of(name)) for title, name in _OF_PAPER)
    rows += tuple(
        (f"{each.name} : {each.phone}", each.source, STATUS_WORDS[each.status])
        for each in national().values()
    )
    sheets = [
        Sheet(
            "D'où vient chaque règle",
            (
                Table(columns, rows),
                Small(
                    "« Source secondaire » : lue chez un tiers, pas dans le texte officiel."
                    " Faites relire cette page par votre juriste."
                ),
            ),
        )
    ]
    if material.procedures:
        sheets.append(Sheet("Procédures de l'hôpital", (_procedures(material),)))
    if lacks:
        columns = (Column("Manque", 78, strong=True), Column("Faire", 60), Column("Où", 35))
        everything = tuple((each.said, each.remedy, ", ".join(each.documents)) for each in lacks)
        sheets.append(Sheet("Tout ce qui manque", (Table(columns, everything),)))
    if material.census and material.census.doubts:
        columns = (Column("Ligne", 18, strong=True), Column("Quoi", 85), Column("Que faire", 70))
        doubts = tuple((str(d.line or "–"), d.what, d.remedy) for d in material.census.doubts)
        sheets.append(Sheet("Recensement : lignes douteuses", (Table(columns, doubts),)))
    about = "Sources des règles, procédures, tout ce qui manque."
    return Document("sources", "Sources et manques", tuple(sheets), about=about)
