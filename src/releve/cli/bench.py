"""``bench``: speeds as ratios against a named baseline of the same minute."""

from __future__ import annotations

import importlib
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from releve.cli.options import ROOT, JsonOption, screen, write_json
from releve.kernel.errors import BadInput

_NOT_BENCHES = ("__init__", "rows")


def bench(
    name: Annotated[str | None, typer.Argument(help="Un banc ; tous par défaut.")] = None,
    json_file: JsonOption = None,
) -> int:
    """Mesure la vitesse ; chaque banc dit sa référence et son but. 1 = un but manqué."""
    root = ROOT.resolve()
    known = sorted(p.stem for p in (root / "bench").glob("*.py") if p.stem not in _NOT_BENCHES)
    if name is not None and name not in known:
        fix = f"Bancs connus : {', '.join(known)}."
        raise BadInput(where="bench", what=f"« {name} » n'existe pas", fix=fix)
    sys.path.insert(0, str(root))
    chosen = [name] if name else known
    figures = {n: importlib.import_module(f"bench.{n}").measure() for n in chosen}
    for subject, rows in figures.items():
        for row in rows:
            state = "● tenu" if row.met else "○ manqué"
            goal = f"visé {row.op} {row.goal:g}"
            text = f"{row.id:34} {row.value:10.2f} {row.unit:3} {goal:12} {state}"
            print(f"{subject:10} {text}", file=screen(json_file))
    written = [{**asdict(r), "met": r.met} for rows in figures.values() for r in rows]
    write_json(json_file, written)
    return 0 if all(row["met"] for row in written) else 1
