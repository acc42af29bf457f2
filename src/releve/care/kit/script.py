"""The script that kits carry, as :mod:`releve.care.kit.build` left it at install."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from releve.care.kit.errors import KitsNotBuilt

BUILT = Path(__file__).with_name("built") / "kit.js"


@cache
def built_script() -> str:
    """Pure ASCII, one line; raises :class:`KitsNotBuilt` when it was never built."""
    if not BUILT.is_file():
        fix = "Construisez-les : python -m releve.care.kit.build (./run le fait seul)."
        raise KitsNotBuilt(why="leur script n'a pas été assemblé à l'installation", fix=fix)
    return BUILT.read_text("ascii")
