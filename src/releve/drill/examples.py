"""Hospitals described in the project's ``examples/``: beside the code, or inside a wheel."""

from __future__ import annotations

from pathlib import Path

from releve.kernel.errors import BadInput

_BESIDE = Path(__file__).resolve().parents[3] / "examples"
_PACKAGED = Path(__file__).resolve().parent / "examples"


def folder(name: str) -> Path:
    """The folder of that hospital; raises ``BadInput``."""
    root = _BESIDE if _BESIDE.is_dir() else _PACKAGED
    known = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if name not in known:
        fix = f"Hôpitaux fournis : {', '.join(known) or 'aucun'}."
        raise BadInput(where="hospital.establishment", what=f"« {name} » inconnu", fix=fix)
    return root / name
