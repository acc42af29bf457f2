"""The first page (what is missing), the table of contents, the dividers, and where rules come from."""

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
from releve.incident.binder.material import Material, Variant
from releve.incident.binder.rules import STATUS_WORDS, rules

_LISTED = 18
#: Parts that a table of contents on one page holds.
_PARTS = 20


def front(
    material: Material, lacks: tuple[Missing, ...], documents: tuple[Document, ...]
) -> tuple[Document, ...]:
    """« Ce qui manque » on one page, then the contents on the next."""
    return (
        Document("manque", "Ce qui manque", (_lacking(material, lacks),), 12, divider=False),
        Document("sommaire", "Sommaire", (_contents(material, documents),), 12, divider=False),
    )


def _lacking(material: Material, lacks: tuple[Missing, ...]) -> Sheet:
    rows = tuple((_counted(each), each.remedy) for each in lacks[:_LISTED])
    blocks: list[Block] = [_said(lacks)]
    if rows:
        columns = (Column("Manque", 92, strong=True), Column("Ce qu'il faut faire", 81))
        blocks.append(Table(columns, tuple((cut(a, 110), cut(b, 96)) for a, b in rows)))
    if len(lacks) > _LISTED:
        more = len(lacks) - _LISTED
        blocks.append(Say(f"Et {more} autres, à la fin du classeur : « Tout ce qui manque »."))
    blocks += [_doubts(material)] if material.census and material.census.doubts else []
    return Sheet(f"Classeur de crise : {material.hospital}", tuple(blocks), "Ce qui manque")


def _said(lacks: tuple[Missing, ...]) -> Box:
    if not lacks:
        return Box("Rien ne manque à ce classeur.", ("Relisez-le, essayez les numéros.",))
    many = "s" if len(lacks) > 1 else ""
    return Box(
        f"{len(lacks)} chose{many} manque{'nt' if many else ''} à ce classeur.",
        ("Chacune est aussi écrite à sa place : ⚠ devant, tirets dessous.",),
    )


def _doubts(material: Material) -> Say:
    count = len(material.census.doubts) if material.census else 0
    many = "s" if count > 1 else ""
    return Say(f"Recensement : {count} ligne{many} douteuse{many}, à la fin du classeur.")


def _counted(each: Missing) -> str:
    return each.what if each.count == 1 else f"{each.what} ({each.count} fois)"


def cut(words: Cell, most: int) -> Cell:
    """The beginning of a text, so that the list keeps to its page."""
    if not isinstance(words, str) or len(words) <= most:
        return words
    return words[: most - 1].rstrip() + "…"


def _contents(material: Material, documents: tuple[Document, ...]) -> Sheet:
    parts = tuple((d.slug, numbered(rank, d), d.about) for rank, d in enumerate(documents, 1))
    shown, more = parts[:_PARTS], len(parts) - _PARTS
    compact = len(parts) > 12
    listed = tuple((slug, cut_text(title, 60), "" if compact else about) for slug, title, about in shown)
    blocks: list[Block] = [Contents(listed)]
    if more > 0:
        blocks.append(Say(f"Puis {more} autres services, chacun derrière son intercalaire."))
    return Sheet("Sommaire", tuple(blocks), _variant_words(material))


def cut_text(words: str, most: int) -> str:
    """The same for a plain text."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _variant_words(material: Material) -> str:
    if material.copy.variant is Variant.CELL:
        return "Exemplaire de la cellule : il porte des mobiles personnels, ne le photocopiez pas."
    return "Exemplaire de service : les mobiles personnels n'y sont pas."


def numbered(rank: int, document: Document) -> str:
    """« 3. Annuaire de crise »."""
    return f"{rank}. {document.title}"


def divider(rank: int, document: Document) -> Document:
    """A page with the part's name in large type."""
    blocks: tuple[Block, ...] = (Box(numbered(rank, document), (document.about,)),)
    sheet = Sheet(f"Intercalaire {rank}", blocks)
    return Document(f"intercalaire-{rank}", document.title, (sheet,), 24, divider=False)


def back(material: Material, lacks: tuple[Missing, ...]) -> Document:
    """Where each rule comes from; everything that is missing; the census's doubtful lines."""
    columns = (Column("Règle", 88), Column("Source", 55), Column("Statut", 30))
    rows = tuple((r.words, r.source, STATUS_WORDS[r.status]) for r in rules().values())
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
        told = Table((Column("Procédure gardée dans Relève", 173),), tuple((p,) for p in material.procedures))
        sheets.append(Sheet("Procédures de l'hôpital", (told,)))
    if lacks:
        columns = (Column("Manque", 78, strong=True), Column("Faire", 60), Column("Où", 35))
        everything = tuple((_counted(each), each.remedy, ", ".join(each.documents)) for each in lacks)
        sheets.append(Sheet("Tout ce qui manque", (Table(columns, everything),)))
    if material.census and material.census.doubts:
        columns = (Column("Ligne", 18, strong=True), Column("Quoi", 85), Column("Que faire", 70))
        doubts = tuple((str(d.line), d.what, d.remedy) for d in material.census.doubts)
        sheets.append(Sheet("Recensement : lignes douteuses", (Table(columns, doubts),)))
    about = "Sources des règles, procédures, tout ce qui manque."
    return Document("sources", "Sources et manques", tuple(sheets), about=about)
