"""Freezing what is published: crisis opening keeps the kits as they were at T0.

No kit is replaced until :func:`thaw`. What is received after T0 is not put in a kit at all: it
stays on the pages. Decided so because two kits of one ward on a table, one of them unverified, is
how a wrong sheet reaches a bed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from releve.care.kit.errors import ShelfUnreadable
from releve.care.kit.shelf import alone, kits_folder
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import fsync_folder, make_folder, write_durably
from releve.kernel.home import Home


@dataclass(frozen=True)
class Frozen:
    """Since when, and why, no kit is replaced."""

    since: datetime
    why: str


@dataclass(frozen=True)
class Thawed:
    """The last freeze that was lifted: since when it held, and when it was lifted."""

    since: datetime
    when: datetime


def freeze(home: Home, now: datetime, why: str) -> Frozen:
    """Keep what is published as it is; durable. Frozen already: the first T0 stands."""
    with alone(home):
        state = frozen(home)
        if state is None:
            path = kits_folder(home) / "frozen.json"
            make_folder(path.parent)
            write_durably(path, json.dumps({"since": iso(now), "why": why}).encode())
            state = Frozen(now, why)
        return state


def thaw(home: Home, now: datetime) -> bool:
    """Let kits be replaced again; False when nothing was frozen. Durable, and kept for
    :func:`thawed`: whoever is stopped before telling it tells it when started again.
    """
    with alone(home):
        try:
            state = frozen(home)
        except ShelfUnreadable:  # a freeze that no longer says its hour must be liftable too
            state = Frozen(now, "")
        if state is None:
            return False
        path = kits_folder(home) / "frozen.json"
        said = json.dumps({"since": iso(state.since), "when": iso(now)})
        write_durably(path.with_name("thawed.json"), said.encode())
        path.unlink()
        fsync_folder(path.parent)
        return True


def thawed(home: Home) -> Thawed | None:
    """The last freeze that was lifted, None when none ever was."""
    path = kits_folder(home) / "thawed.json"
    try:
        fields = json.loads(path.read_text("utf-8"))
        return Thawed(from_iso(fields["since"]), from_iso(fields["when"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShelfUnreadable(path=path, why=error) from error


def frozen(home: Home) -> Frozen | None:
    """The freeze in force, None when kits are replaced as usual."""
    path = kits_folder(home) / "frozen.json"
    try:
        fields = json.loads(path.read_text("utf-8"))
        return Frozen(from_iso(fields["since"]), str(fields["why"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShelfUnreadable(path=path, why=error) from error
