"""Formulas of a sheet: none is computed; one whose value was never kept is told, on its line."""

from __future__ import annotations

import re
from dataclasses import replace

from releve.establishment.faults import shown
from releve.establishment.imports.book import Sheet, letter, text_of
from releve.establishment.imports.layout import Layout, is_total
from releve.establishment.imports.lines import Findings

#: Formulas that fetch or start something: a value kept beside one is not trusted.
_REACHING = re.compile(r"(?i)\b(webservice|dde|rtd|importxml|importdata|call|exec)\s*\(|\|\s*'")
_NAMES = frozenset({"last_name", "first_name", "full_name", "name"})
#: Beyond, the lines are counted.
_MOST_LINES = 50


def say_formulas(sheet: Sheet, layout: Layout, findings: Findings) -> None:
    """Each line with a formula in a column that is read, whose value is not known; the
    lines that :func:`unnamed` holds back are left to whoever drops them.
    """
    odd = _odd(sheet, layout)
    held = unnamed(sheet, layout)
    remedy = "Ouvrez le fichier dans le tableur et enregistrez-le, ou écrivez les valeurs."
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


def unnamed(sheet: Sheet, layout: Layout) -> frozenset[int]:
    """Lines of which a part of the name is a formula that gives nothing sure, and stands nowhere
    else.
    """
    places = {c.field: c.place for c in layout.columns if c.field in _NAMES}
    rows = dict(sheet.rows)
    lost = set()
    for row, columns in _odd(sheet, layout).items():
        odd = {f for f, place in places.items() if sheet.columns[place] in columns}
        apart = "last_name" in places and "last_name" not in odd
        if odd - {"full_name"} or (odd and not (apart and rows[row][places["last_name"]] != "")):
            lost.add(row)
    return frozenset(lost)


def _odd(sheet: Sheet, layout: Layout) -> dict[int, list[int]]:
    """Line → its columns with a formula that gives nothing sure, among those that are read."""
    if not sheet.formulas:
        return {}
    places = {sheet.columns[c.place]: c.place for c in layout.columns if c.field}
    rows = {n: cells for n, cells in sheet.rows if not is_total([text_of(c) for c in cells])}
    odd: dict[int, list[int]] = {}
    for row, column in sorted(sheet.formulas):
        if row not in rows or column not in places:
            continue
        if rows[row][places[column]] == "":
            odd.setdefault(row, []).append(column)
    return odd


def sure(sheet: Sheet) -> Sheet:
    """The sheet without the values of formulas that fetch or start something."""
    taken = {place for place, formula in sheet.formulas.items() if _REACHING.search(formula)}
    if not taken:
        return sheet
    rows = tuple(
        (number, tuple("" if (number, column) in taken else cell
                       for column, cell in zip(sheet.columns, cells, strict=True)))
        for number, cells in sheet.rows
    )  # fmt: skip
    return replace(sheet, rows=rows)
