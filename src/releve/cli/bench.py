"""``bench``: speeds as ratios against a named baseline of the same minute."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated

import typer

from releve.cli.options import ROOT, JsonOption, write_json
from releve.kernel.errors import BadInput


def bench(
    name: Annotated[str | None, typer.Argument(help="Un banc ; tous par défaut.")] = None,
    json_file: JsonOption = None,
) -> int:
    """Mesure la vitesse ; chaque banc dit sa référence et son but. 1 = un but manqué."""
    root = ROOT.resolve()
    known = sorted(path.stem for path in (root / "bench").glob("[a-z]*.py"))
    if name is not None and name not in known:
        fix = f"Bancs connus : {', '.join(known)}."
        raise BadInput(where="bench", what=f"« {name} » n'existe pas", fix=fix)
    sys.path.insert(0, str(root))
    chosen = [name] if name else known
    figures = {n: importlib.import_module(f"bench.{n}").measure() for n in chosen}
    for subject, rows in figures.items():
        for row in rows:
            state = "● tenu" if row["met"] else "○ manqué"
            goal = f"visé {row['op']} {row['goal']}"
            print(f"{subject:10} {row['id']:32} {row['value']:>12} {row['unit']:12} {goal} {state}")
    write_json(json_file, figures)
    return 0 if all(row["met"] for rows in figures.values() for row in rows) else 1
