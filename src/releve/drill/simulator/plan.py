"""The story, drawn before anything starts: who has what, what happens, in which order.

:func:`draw` is pure: the same scenario, seed and fleet give the same plan on every machine (no
clock, no locale, no order of a set), each subject drawing from its own stream. What timing then
lets happen of it is a measure, not part of the story. :func:`story_sha256` names the story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Literal

import rfc8785

from releve.drill.scenario import MAX_FLEET, Event, Scenario, ServerRole
from releve.drill.simulator import documents, resaves
from releve.drill.simulator.hospital_sql import HOSPITAL_SQL
from releve.kernel.errors import BadInput
from releve.kernel.ids import MachineName, machine_name

Role = Literal["workstation"] | ServerRole
Pattern = Literal["full", "head", "stripes", "intermittent"]
_PATTERNS: tuple[Pattern, ...] = ("full", "full", "intermittent", "head", "stripes")

#: Benign edits are drawn for that many backups of each machine.
SLOTS = 6
_EDITS_PER_SLOT = 2
_SERVICES = [
    "URGENCES", "LABO", "PHARMACIE", "IMAGERIE", "CHIRURGIE", "ADMISSIONS", "MATERNITE",
    "REANIMATION",
]  # fmt: skip
_SERVER_NAMES: dict[Role, str] = {
    "identity": "SRV-IDENTITE",
    "files": "SRV-FICHIERS",
    "database": "SRV-BASE",
}
#: How many documents of each kind a workstation or the shared folder holds, besides common ones.
_MIX = {
    "docx": 2, "xlsx": 5, "odt": 4, "pdf": 5, "dcm": 3, "jpg": 3,
    "png": 1, "zip": 2, "gz": 3, "csv": 3, "txt": 3, "log": 1,
}  # fmt: skip
#: What a server that is not a file server keeps beside its data.
_SERVER_MIX = {"csv": 3, "txt": 3, "gz": 2, "log": 2}
_FOLDERS = ("Comptes rendus", "Plannings", "Qualité", "Imagerie", "Exports")


@dataclass(frozen=True)
class Document:
    """A file of a machine; ``path`` is relative to the machine's folder, with ``/``."""

    path: str
    data: bytes


@dataclass(frozen=True)
class Edit:
    """What a person does before backup ``slot``: ``before`` is the SHA-256 they expect to find
    (None = a new file); the new bytes are ``data``.
    """

    slot: int
    path: str
    before: str | None
    data: bytes


@dataclass(frozen=True)
class Machine:
    """A simulated machine, its documents at the start and its benign edits."""

    name: MachineName
    role: Role
    documents: tuple[Document, ...]
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class User:
    """An invented account of the hospital's directory; ``salt`` is what its hash is salted with."""

    login: str
    name: str
    password: str
    salt: bytes


@dataclass(frozen=True)
class Strike:
    """A file the attacker will encrypt; ``path`` starts with the machine's name."""

    path: str
    pattern: Pattern


@dataclass(frozen=True)
class Plan:
    """The whole story. ``key`` is the attacker's (32 bytes), left in the folder by the attacker."""

    scenario: str
    seed: int
    fleet: int
    machines: tuple[Machine, ...]
    users: tuple[User, ...]
    events: tuple[Event, ...]
    strikes: tuple[Strike, ...]
    files_per_s: float
    key: bytes
    patient_zero: MachineName
    spared: tuple[MachineName, ...]
    intruder_order: tuple[str, ...]
    database_sql: str

    def machine(self, name: str) -> Machine:
        """The machine of that name; raises ``KeyError``."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise KeyError(name)


def draw(
    scenario: Scenario, seed: int, fleet: int | None = None, *, attempts: Sequence[str] = ()
) -> Plan:
    """Draw the story of ``seed``; ``attempts`` are the ids of the intruder's catalogue, shuffled.

    ``fleet`` replaces the scenario's number of workstations; at least one of them is attacked, so a
    fleet of one spares nobody. Raises ``BadInput`` for a fleet that cannot be played.
    """
    size = scenario.fleet if fleet is None else fleet
    if not 1 <= size <= MAX_FLEET:
        fix = f"Donnez entre 1 et {MAX_FLEET} postes."
        raise BadInput(where="--fleet", what=f"{size} postes ne se jouent pas", fix=fix)
    machines = tuple(_machines(scenario, seed, size))
    workstations = [machine for machine in machines if machine.role == "workstation"]
    order = _stream(seed, "victims")
    order.shuffle(workstations)
    spared = min(scenario.attack.spared_workstations, size - 1)
    victims, safe = workstations[: size - spared], workstations[size - spared :]
    servers = [machine for machine in machines if machine.role != "workstation"]
    shuffled = sorted(attempts)
    _stream(seed, "intruder").shuffle(shuffled)
    return Plan(
        scenario=scenario.name,
        seed=seed,
        fleet=size,
        machines=machines,
        users=tuple(_users(seed)),
        events=_events(scenario, seed),
        strikes=tuple(_strikes(seed, victims, servers)),
        files_per_s=scenario.attack.files_per_s,
        key=_stream(seed, "key").randbytes(32),
        patient_zero=victims[0].name,
        spared=tuple(machine.name for machine in safe),
        intruder_order=tuple(shuffled[: scenario.attack.attempts]),
        database_sql=HOSPITAL_SQL.replace("@seed@", str(seed)),
    )


def story_sha256(plan: Plan) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of the plan, bytes replaced by their SHA-256."""
    return hashlib.sha256(rfc8785.dumps(_plain(asdict(plan)))).hexdigest()


def sha256(data: bytes) -> str:
    """In hexadecimal, as manifests and edits write it."""
    return hashlib.sha256(data).hexdigest()


def _plain(value: object) -> _Json:
    if isinstance(value, bytes):
        return {"sha256": sha256(value), "size": len(value)}
    if isinstance(value, float):
        return round(value * 1000)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} n'a pas de forme canonique")


_Json = dict[str, "_Json"] | list["_Json"] | str | int | None


def _stream(seed: int, subject: str) -> Random:
    """One stream per subject: adding a draw to one moves no other. Not a source of secrets."""
    return Random(f"{seed}/{subject}")  # noqa: S311 (a story is drawn, nothing is protected)


def _machines(scenario: Scenario, seed: int, size: int) -> Iterator[Machine]:
    common = tuple(_common(seed))
    for rank in range(size):
        name = f"PC-{_SERVICES[rank % len(_SERVICES)]}-{rank + 1:02d}"
        yield _machine(seed, machine_name(name), "workstation", _MIX, common)
    for role in scenario.servers:
        mix = _MIX if role == "files" else _SERVER_MIX
        yield _machine(seed, machine_name(_SERVER_NAMES[role]), role, mix, ())


def _machine(
    seed: int, name: MachineName, role: Role, mix: dict[str, int], common: tuple[Document, ...]
) -> Machine:
    rng = _stream(seed, f"documents/{name}")
    own = []
    for extension, count in mix.items():
        for rank in range(count):
            folder = rng.choice(_FOLDERS)
            path = f"{folder}/{extension}-{rank + 1:02d}-{rng.randrange(10**5):05d}.{extension}"
            own.append(Document(path, documents.MAKERS[extension](rng)))
    found = (*own, *common)
    return Machine(name, role, found, tuple(_edits(_stream(seed, f"edits/{name}"), found)))


def _common(seed: int) -> Iterator[Document]:
    """Protocols that every workstation holds."""
    rng = _stream(seed, "common")
    for extension in ("docx", "pdf", "odt"):
        yield Document(f"Protocoles/protocole.{extension}", documents.MAKERS[extension](rng))


def _edits(rng: Random, found: tuple[Document, ...]) -> Iterator[Edit]:
    """Each slot: two re-saves of files not edited since, and every other slot a new file."""
    latest = {document.path: document.data for document in found}
    for slot in range(1, SLOTS + 1):
        for path in rng.sample(sorted(latest), _EDITS_PER_SLOT):
            extension = path.rpartition(".")[2]
            before = latest[path]
            latest[path] = resaves.resave(extension, before, rng)
            yield Edit(slot, path, sha256(before), latest[path])
        if slot % 2:
            new = f"Comptes rendus/nouveau-{slot}.txt"
            latest[new] = documents.text(rng)
            yield Edit(slot, new, None, latest[new])


def _users(seed: int) -> Iterator[User]:
    rng = _stream(seed, "users")
    for rank in range(12):
        login = f"agent{rank + 1:02d}"
        password = f"{rng.choice(_SERVICES).lower()}-{rng.randrange(10**8):08d}"
        yield User(login, documents.person(rng), password, rng.randbytes(16))


def _events(scenario: Scenario, seed: int) -> tuple[Event, ...]:
    """The timeline, with the attack at the second that was drawn."""
    at = _stream(seed, "attack").uniform(scenario.attack.earliest_s, scenario.attack.latest_s)
    events = (
        Event(round(at, 3), event.kind, event.who, event.text) if event.kind == "attack" else event
        for event in scenario.timeline
    )
    return tuple(sorted(events, key=lambda event: (event.at_s, event.kind)))


def _strikes(seed: int, victims: list[Machine], servers: list[Machine]) -> Iterator[Strike]:
    """Patient zero first, then the servers it reaches, then the other victims."""
    rng = _stream(seed, "strikes")
    zero, *others = victims
    first = _targets_of(zero, rng)
    head, rest = first[:8], first[8:]
    reached = [path for server in servers for path in _targets_of(server, rng)[:10]]
    data = [f"{server.name}/{path}" for server in servers for path in SERVER_DATA[server.role]]
    rng.shuffle(reached)
    spread = [path for machine in others for path in _targets_of(machine, rng)]
    rng.shuffle(spread)
    for path in (*head, *data, *_interleaved(reached, rest), *spread):
        yield Strike(path, rng.choice(_PATTERNS))


#: The files that hold a server's own data, beside its documents.
SERVER_DATA: dict[Role, tuple[str, ...]] = {
    "identity": ("annuaire.sqlite",),
    "files": (),
    "database": ("dumps/valbrume.sql",),
    "workstation": (),
}


def _targets_of(machine: Machine, rng: Random) -> list[str]:
    paths = [f"{machine.name}/{document.path}" for document in machine.documents]
    rng.shuffle(paths)
    return paths


def _interleaved(one: list[str], other: list[str]) -> Iterator[str]:
    for rank in range(max(len(one), len(other))):
        yield from one[rank : rank + 1]
        yield from other[rank : rank + 1]
