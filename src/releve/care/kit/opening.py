"""Opening a kit without a browser: the same checks as its own script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from releve.care.kit.coding import ward_from_json
from releve.care.kit.envelope import unseal, unwrap
from releve.care.kit.errors import CodeWrong, KitAltered
from releve.care.kit.page import Cover, Outside, read_page
from releve.care.sheet import WardSheet


@dataclass(frozen=True)
class Opened:
    """A kit's contents. ``cover`` is the one inside, the only one to believe."""

    cover: Cover
    sheet: WardSheet
    pdf: bytes


def open_kit(path: Path, code: str) -> WardSheet:
    """The ward's sheet; raises ``CodeMistyped``, ``CodeWrong``, ``KitUnreadable`` or
    ``KitAltered``.
    """
    return read_kit(path, code).sheet


def read_kit(path: Path, code: str) -> Opened:
    """Everything in the kit; raises as :func:`open_kit`."""
    outside = read_page(path)
    identity = unwrap(outside.lock, code)
    if identity is None:
        raise CodeWrong(kit=f"{outside.cover.title}, n° {outside.cover.number}")
    return open_with(path, outside, identity)


def open_with(path: Path, outside: Outside, identity: str) -> Opened:
    """With the identity itself, as the house that made the kit can; raises ``KitAltered``."""
    try:
        contents, pdf = unseal(outside.sealed, identity)
        inside = Cover.from_json(contents["cover"])
        sheet = ward_from_json(contents["sheet"])
    except (ValueError, KeyError, TypeError) as error:
        raise KitAltered(path=path, why=error) from error
    if inside != outside.cover:
        raise KitAltered(path=path, why="la couverture ne correspond pas au contenu")
    return Opened(inside, sheet, pdf)
