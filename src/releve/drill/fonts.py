"""Fonts of the drill's papers: the machine's DejaVu Sans when it is there, else the sans that
ReportLab carries; both are embedded.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


def fonts() -> list[Path]:
    """The folders to read fonts from."""
    carried = find_spec("reportlab")
    folders = [_DEJAVU]
    if carried is not None and carried.origin is not None:
        folders.append(Path(carried.origin).parent / "fonts")
    return [folder for folder in folders if folder.is_dir()]
