"""Bytes to text, and text to rows: what people's spreadsheets and editors really write."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from releve.establishment.faults import Findings, shown

MAX_BYTES = 32 << 20
MAX_ROWS = 200_000
MAX_FIELD = 2_000
_SEPARATORS = ";,\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Row:
    """One line of a CSV: its number, its fields by normalised column name, stripped."""

    line: int
    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


def decode(file: str, data: bytes, findings: Findings) -> str | None:
    """UTF-8 (with or without BOM), else Windows-1252; None, with a fault, when it is no text."""
    if not data.strip():
        findings.fault(file, 0, "empty", "le fichier est vide", _EMPTY_REMEDY[file[-4:]])
        return None
    if data.startswith(_UTF16):
        findings.fault(file, 1, "encoding", "le fichier est en UTF-16", "Enregistrez-le en UTF-8.")
        return None
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        what = "un octet nul : ce n'est pas un fichier de texte, ou il est abîmé"
        findings.fault(file, line, "binary", what, "Reprenez une copie saine, en UTF-8.")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.note(file, 0, "lu comme du Windows-1252 (Latin-1)")
        holes = any(octet in data for octet in b"\x81\x8d\x8f\x90\x9d")  # controls in Latin-1
        return data.decode("latin-1" if holes else "cp1252")


_EMPTY_REMEDY = {
    ".csv": "Laissez au moins la ligne d'en-tête.",
    "toml": "Laissez au moins un commentaire disant pourquoi il n'y a rien.",
    ".ics": "Exportez un agenda, même sans événement (BEGIN:VCALENDAR … END:VCALENDAR).",
}


@dataclass(frozen=True)
class Columns:
    """The columns of a CSV, in the order they are shown to people.

    Without one of ``keys`` no row is read; without one of ``needed`` a plan or a call would lack
    something: a fault, and the rows are read all the same.
    """

    keys: tuple[str, ...]
    needed: tuple[str, ...]
    all: tuple[str, ...]


def read_rows(file: str, data: bytes, known: Columns, findings: Findings) -> Iterator[Row]:
    """The rows of a CSV that can be read; each one that cannot is a fault.

    A short row's last cells are empty; a column that is not there has no field at all.
    """
    text = decode(file, data, findings)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines = _fields(file, reader, findings)
    header = next(lines, None)
    if header is None:
        findings.fault(file, 0, "header", "il manque la ligne d'en-tête", _example(known.all))
        return
    columns = _columns(file, header, known.all, findings)
    if _lacking(file, header[0], columns, known, findings):
        return
    for line, cells in lines:
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            what = f"{len(cells)} champs pour {len(columns)} colonnes"
            remedy = "Mettez entre guillemets le champ qui contient le séparateur."
            findings.fault(file, line, "fields", what, remedy)
            continue
        told = zip_longest(columns, cells[: len(columns)], fillvalue="")
        fields = {name: cell for name, cell in told if name in known.all}
        if clean(file, line, list(fields.values()), findings):
            yield Row(line, fields)


def _lacking(
    file: str, line: int, columns: Sequence[str], known: Columns, findings: Findings
) -> bool:
    """A fault for the columns that are not there; whether the rows cannot be read without them."""
    keys = [name for name in known.keys if name not in columns]
    for kind, missing in (
        ("header", keys),
        ("column", [name for name in known.needed if name not in columns]),
    ):
        if missing:
            said = "les colonnes" if len(missing) > 1 else "la colonne"
            what = f"il manque {said} « {' », « '.join(missing)} »"
            remedy = "Ajoutez ce qui manque, ou renommez ainsi ce qui en tient lieu."
            findings.fault(file, line, kind, what, f"{remedy} {_example(known.all)}")
    return bool(keys)


def _fields(
    file: str, reader: Iterator[list[str]], findings: Findings
) -> Iterator[tuple[int, list[str]]]:
    """(first line number, stripped cells) of each row that says something."""
    count = 0
    while True:
        line = getattr(reader, "line_num", 0) + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if _unquoted(file, line, str(error), findings):
                continue
            return
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if not any(cells) or cells[0].startswith("#"):
            continue
        count += 1
        if count > MAX_ROWS + 1:
            what = f"plus de {MAX_ROWS} lignes"
            findings.fault(file, line, "limits", what, "Découpez l'établissement par site.")
            return
        yield line, cells


def _unquoted(file: str, line: int, said: str, findings: Findings) -> bool:
    """The fault of a row that the CSV reader refuses; whether the next rows may still be right."""
    if said.startswith("field larger"):
        what = f"un champ de plus de {csv.field_size_limit()} caractères"
        remedy = (
            f"Écrivez au plus {MAX_FIELD} caractères par champ,"
            " et vérifiez qu'un guillemet ouvert est refermé."
        )
        findings.fault(file, line, "limits", what, remedy)
        return True
    if said.startswith("new-line"):
        what, remedy = (
            "un retour à la ligne au milieu d'un champ",
            "Mettez ce champ entre guillemets.",
        )
    else:
        open_quote = said.startswith("unexpected end")
        why = "ouverts et jamais refermés" if open_quote else "refermés au milieu d'un champ"
        what = f"des guillemets {why}"
        remedy = "Doublez les guillemets qui sont dans un champ, refermez ceux qui l'entourent."
    findings.fault(file, line, "quotes", what, remedy)
    return False


def _separator(text: str) -> str:
    """The commonest of the three in the first line that is not a comment."""
    head = next((x for x in text.splitlines() if x.strip() and not x.startswith("#")), "")
    return max(_SEPARATORS, key=head.count)


def _columns(
    file: str, header: tuple[int, list[str]], known: Sequence[str], findings: Findings
) -> list[str]:
    line, cells = header
    columns: list[str] = []
    for cell in cells:
        name = normal(cell)
        if name in columns and name:
            what = f"la colonne « {shown(cell)} » est là deux fois"
            findings.fault(file, line, "header", what, "Gardez-en une.")
        elif name and name not in known:
            findings.note(file, line, f"colonne « {shown(cell)} » inconnue : gardée, non lue")
        columns.append(name)
    return columns


def _example(columns: Sequence[str]) -> str:
    return f"Première ligne : {';'.join(columns)}"


def normal(name: str) -> str:
    """A column's name without case, accents nor spaces: « Prénom Usuel » → ``prenom_usuel``."""
    bare = unicodedata.normalize("NFKD", name.strip().lower())
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[\s-]+", "_", kept)


def clean(file: str, line: int, values: Sequence[str], findings: Findings) -> bool:
    """False, with a fault, when a value holds a control or direction character or is too long."""
    for value in values:
        if len(value) > MAX_FIELD:
            what = f"un champ de {len(value)} caractères : « {shown(value[:40])}… »"
            findings.fault(file, line, "limits", what, f"Au plus {MAX_FIELD} caractères.")
            return False
        if not value.isprintable() and any(_hidden(c) for c in value):
            what = f"un caractère invisible dans « {shown(value)} »"
            findings.fault(file, line, "hidden", what, "Retapez ce champ au clavier.")
            return False
    return True


def _hidden(character: str) -> bool:
    """Controls, direction marks, lone surrogates, unassigned and private characters; not the
    no-break spaces of French typography.
    """
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def is_id(text: str) -> bool:
    """The form of a node's or a person's id."""
    return _ID.fullmatch(text) is not None
