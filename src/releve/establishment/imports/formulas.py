"""Formulas of a sheet: none is computed; those whose value was never kept are told, line by line."""

from __future__ import annotations

import re
from collections.abc import Collection

from releve.establishment.faults import shown
from releve.establishment.imports.book import Sheet, letter, text_of
from releve.establishment.imports.layout import Layout, is_total
from releve.establishment.imports.lines import Findings

#: Formulas that fetch or start something: even a value kept beside one is not trusted.
_REACHING = re.compile(r"(?i)\b(webservice|dde|rtd|importxml|importdata|call|exec)\s*\(|\|\s*'")
#: Beyond, the lines are counted.
_MOST_LINES = 50


def say_formulas(sheet: Sheet, layout: Layout, findings: Findings) -> None:
    """Each line with a formula in a column that is read, whose value is unknown or not trusted; the
    lines that :func:`unnamed` holds back are left to whoever drops them.
    """
    odd = _odd(sheet, layout)
    held = unnamed(sheet, layout, _NAMES)
    remedy = (
        "Ouvrez le fichier dans le tableur, enregistrez-le, ou écrivez les valeurs elles-mêmes."
    )
    for row, cells in list(odd.items())[:_MOST_LINES]:
        places = ", ".join(f"{letter(column)}{row}" for column in cells)
        formula = shown(sheet.formulas[row, cells[0]])
        kept = "cette ligne n'est pas prise" if row in held else "lu vide"
        what = f"formule sans valeur enregistrée sûre en {places} (« {formula} ») : {kept}"
        findings.doubt(row, "", what, remedy)
    if len(odd) > _MOST_LINES:
        what = f"{len(odd) - _MOST_LINES} autres lignes à formules sans valeur enregistrée"
        findings.doubt(list(odd)[_MOST_LINES], "", what, remedy)
    if len(sheet.formulas) > sum(map(len, odd.values())):
        example = shown(next(iter(sheet.formulas.values())))
        findings.note(
            f"des formules (« {example} ») : leur valeur enregistrée est lue, rien n'est calculé"
        )


_NAMES = frozenset({"last_name", "first_name", "full_name", "name"})


def unnamed(sheet: Sheet, layout: Layout, names: Collection[str] = _NAMES) -> frozenset[int]:
    """Lines of which a part of the name is a formula that gives nothing sure."""
    columns = {sheet.columns[c.place] for c in layout.columns if c.field in names}
    return frozenset(row for row, cells in _odd(sheet, layout).items() if columns & set(cells))


def _odd(sheet: Sheet, layout: Layout) -> dict[int, list[int]]:
    """Line → its columns with a formula that gives nothing sure, among those that are read."""
    if not sheet.formulas:
        return {}
    places = {sheet.columns[c.place]: c.place for c in layout.columns if c.field}
    rows = {n: cells for n, cells in sheet.rows if not is_total([text_of(c) for c in cells])}
    odd: dict[int, list[int]] = {}
    for (row, column), formula in sorted(sheet.formulas.items()):
        if row not in rows or column not in places:
            continue
        if rows[row][places[column]] == "" or _REACHING.search(formula):
            odd.setdefault(row, []).append(column)
    return odd
