"""Faults introduced on purpose, to see that the drill sees them.

Each is done by the simulator (what the network says, a process patched from outside, bytes on
disk); no switch exists in the product. ``docs/measures.md`` says which measure each must break.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from releve.kernel.errors import ReleveError

_PATCHES = Path(__file__).with_name("patches")


class UnknownSabotage(ReleveError):
    """Le sabotage « {name} » n'existe pas."""

    next_step = "Sabotages connus : {known}."


@dataclass(frozen=True)
class Sabotage:
    """``proxy``: how the network lies; ``patch``: a file imported by the product's processes."""

    name: str | None
    proxy: str = "honest"
    patch: str | None = None
    edits_ledger: bool = False

    def lay_patch(self, folder: Path) -> Path | None:
        """Write the patch as a ``sitecustomize`` module; returns the folder to put on the path."""
        if self.patch is None:
            return None
        folder.mkdir(mode=0o700, parents=True)
        text = (_PATCHES / self.patch).read_text("utf-8")
        (folder / "sitecustomize.py").write_text(text, "utf-8")
        return folder


NONE = Sabotage(None)
SABOTAGES = {
    sabotage.name: sabotage
    for sabotage in (
        Sabotage("delete-allowed", proxy="delete-allowed"),
        Sabotage("index-poisoned", proxy="index-poisoned"),
        Sabotage("detector-silent", patch="detector-silent.txt"),
        Sabotage("restore-flips-a-byte", patch="restore-flips-a-byte.txt"),
        Sabotage("ledger-edited", edits_ledger=True),
        Sabotage("ack-before-write", proxy="ack-before-write"),
    )
}


def find(name: str | None) -> Sabotage:
    """The sabotage of that name, the empty one for None; raises :class:`UnknownSabotage`."""
    if name is None:
        return NONE
    if name not in SABOTAGES:
        raise UnknownSabotage(name=name, known=", ".join(str(known) for known in SABOTAGES))
    return SABOTAGES[name]


def edit_ledger(storage: Path) -> None:
    """Change one letter of the first entries as they are published: history, rewritten on disk."""
    bundles = sorted(
        path for path in storage.rglob("*") if path.is_file() and "entries" in path.parts
    )
    for path in bundles:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(data)
