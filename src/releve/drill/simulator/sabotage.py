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


class SabotagesClash(ReleveError):
    """Les sabotages {names} mentent tous sur le réseau : un seul à la fois."""

    next_step = "Jouez-les l'un après l'autre."


@dataclass(frozen=True)
class Sabotage:
    """``proxy``: how the network lies; ``patches``: files imported by the product's processes."""

    names: tuple[str, ...] = ()
    proxy: str = "honest"
    patches: tuple[str, ...] = ()
    edits_ledger: bool = False

    @property
    def name(self) -> str | None:
        """As it was asked for: names joined by commas; None when nothing is sabotaged."""
        return ",".join(self.names) or None

    def lay_patch(self, folder: Path) -> Path | None:
        """Write the patches as a ``sitecustomize`` module; returns the folder to put on the path.

        Each runs in a name space of its own.
        """
        if not self.patches:
            return None
        folder.mkdir(mode=0o700, parents=True)
        texts = [(_PATCHES / patch).read_text("utf-8") for patch in self.patches]
        lines = [f"exec(compile({text!r}, 'sabotage', 'exec'), {{}})\n" for text in texts]
        (folder / "sitecustomize.py").write_text("".join(lines), "utf-8")
        return folder


NONE = Sabotage()


def _patched(name: str) -> Sabotage:
    return Sabotage((name,), patches=(f"{name}.txt",))


SABOTAGES = {
    sabotage.names[0]: sabotage
    for sabotage in (
        Sabotage(("delete-allowed",), proxy="delete-allowed"),
        Sabotage(("index-poisoned",), proxy="index-poisoned"),
        _patched("detector-silent"),
        _patched("restore-flips-a-byte"),
        Sabotage(("ledger-edited",), edits_ledger=True),
        Sabotage(("ack-before-write",), proxy="ack-before-write"),
        _patched("feed-ack-before-write"),
        _patched("feed-drops-one"),
        _patched("kit-misses-a-patient"),
        _patched("order-reversed"),
        _patched("binder-blank"),
    )
}


def find(asked: str | None) -> Sabotage:
    """The sabotages asked for, joined by commas; the empty one for None. Raises
    :class:`UnknownSabotage`, or :class:`SabotagesClash` for two that lie on the network.
    """
    if asked is None:
        return NONE
    chosen = []
    for name in asked.split(","):
        if name not in SABOTAGES:
            raise UnknownSabotage(name=name, known=", ".join(SABOTAGES))
        chosen.append(SABOTAGES[name])
    liars = [sabotage for sabotage in chosen if sabotage.proxy != "honest"]
    if len(liars) > 1:
        raise SabotagesClash(names=", ".join(liar.names[0] for liar in liars))
    return Sabotage(
        names=tuple(sabotage.names[0] for sabotage in chosen),
        proxy=liars[0].proxy if liars else "honest",
        patches=tuple(patch for sabotage in chosen for patch in sabotage.patches),
        edits_ledger=any(sabotage.edits_ledger for sabotage in chosen),
    )


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
