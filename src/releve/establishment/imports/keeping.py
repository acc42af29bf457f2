"""From a proposal to the home: what stands, what is kept, the mapping remembered, the fact told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from releve.establishment.errors import FolderFaulty
from releve.establishment.folder import read_bytes, read_stored
from releve.establishment.imports.layout import Layout
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping, parse_mapping, write_mapping
from releve.establishment.imports.prepare import Given, prepare, source_of
from releve.establishment.imports.standing import Proposal, Standing
from releve.establishment.model import Establishment
from releve.establishment.store import Generation, amend, current, stored_files
from releve.kernel.durable import write_durably
from releve.kernel.home import Home
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Tool

#: Beneath the establishment's own folder: mappings, what waits, procedures.
FOLDER = "establishment/imports"
#: Faults that an import leaves behind without being refused: a hole in a rota, a DMIA not held.
_TOLERATED = frozenset({"rota", "dmia"})
IMPORTED = "establishment.imported"


def standing(home: Home) -> Standing:
    """What the home keeps now; raises ``StoreDamaged``."""
    generation = current(home)
    if generation is None:
        return Standing({}, None, None)
    files = stored_files(home)
    return Standing(files, generation.number, read_stored(files))


def proposed(home: Home, given: Given) -> Proposal:
    """The proposal, with the mapping remembered for such a table unless one is given.

    Raises what :func:`~.prepare.prepare` does.
    """
    stands = standing(home)
    made = prepare(given, stands)
    if given.chosen != Mapping(given.chosen.kind):
        return made
    remembered = _remembered(home, given, made)
    if remembered is None:
        return made
    again = prepare(replace(given, chosen=remembered), stands)
    return replace(
        again, notes=(*again.notes, "correspondance des colonnes reprise du dernier import")
    )


def _remembered(home: Home, given: Given, made: Proposal) -> Mapping | None:
    path = _mapping_path(home, made.kind, made.layouts, given.name)
    try:
        kept = parse_mapping(path.read_bytes(), path.name)
    except OSError:
        return None
    names = {sheet.name for sheet in given.book.sheets}
    return kept if not kept.sheet or kept.sheet in names else replace(kept, sheet="", header=())


def _mapping_path(home: Home, kind: str, layouts: tuple[Layout, ...], name: str) -> Path:
    sign = layouts[0].signature if layouts else sha256(source_of(name, kind).encode()).hexdigest()
    return home.folder(FOLDER) / f"{kind}-{sign[:16]}.toml"


def keep(
    home: Home, proposal: Proposal, chosen: Mapping, now: datetime
) -> tuple[Generation | None, Establishment | None]:
    """Write the proposal, all or nothing; then remember the mapping that a person chose.

    Nothing is written when nothing changes. Raises ``Overtaken``, ``FolderFaulty``, ``HomeBusy``.
    """
    done: tuple[Generation | None, Establishment | None] = (current(home), None)
    if proposal.files:
        done = _amended(home, proposal, now)
    if chosen != Mapping(chosen.kind):
        path = _mapping_path(home, proposal.kind, proposal.layouts, proposal.name)
        lasting = replace(chosen, kind=proposal.kind, year=0, month=0)
        write_durably(path, write_mapping(lasting))
    return done


def _amended(home: Home, proposal: Proposal, now: datetime) -> tuple[Generation, Establishment]:
    """Faults that stood before the import do not refuse it."""
    try:
        return amend(home, proposal.files, now, seen=proposal.seen, tolerated=_TOLERATED)
    except FolderFaulty:
        before = standing(home).files
        known = {fault.kind for fault in read_bytes(before).faults} if before else set()
        if not known - _TOLERATED:
            raise
        tolerated = _TOLERATED | known
        return amend(home, proposal.files, now, seen=proposal.seen, tolerated=tolerated)


def fact(
    home: Home,
    kind: str,
    counts: dict[State, int],
    sha: str,
    now: datetime,
    *,
    finess: Finess | None,
    number: int,
    version: str,
) -> Evidence:
    """The decision that an import is, in counts: no name, nothing typed."""
    drill = home.world is World.DRILL
    taken = counts[State.NEW] + counts[State.CHANGED] + counts[State.REMOVED]
    return Evidence(
        what=IMPORTED,
        when=now,
        system="établissement",
        value=taken,
        unit="lignes",
        tool=Tool("releve establishment", version),
        finess=finess,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind="decision",
        origin="establishment.imports",
        number=number,
        sha256=sha,
        detail={"kind": kind, **{str(state): count for state, count in counts.items()}},
    )
