"""A scenario: what happens on the bad night, when, and what the hospital aims at.

Written in TOML, read strictly: an unknown key, a wrong type or a target looser than the package's
least one is refused with the file, the key and what to write. All durations are real seconds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NoReturn, TypeVar, cast, get_args

from releve.drill.measures import Target
from releve.kernel.errors import BadInput, ReleveError
from releve.kernel.ids import TEST_FINESS, Finess, finess, is_test_finess

Kind = Literal[
    "opening", "receiver-killed", "listener-killed", "attack", "his-killed", "intruder",
    "crisis", "restore", "loss", "closing",
]  # fmt: skip
ServerRole = Literal["identity", "files", "database"]
T = TypeVar("T")

#: Where the scenarios shipped with the program lie.
SHIPPED = Path(__file__).with_name("scenarios")
DEFAULT = "nuit-de-dimanche"
#: Seconds the alarm may take beyond the backup period: the package's least target.
DETECT_MARGIN_S = 60
MAX_FLEET = 40
#: The least number of attempts against the backups in a drill.
LEAST_ATTEMPTS = 12
#: What a scenario that says nothing of them plays.
ESTABLISHMENT = "valbrume"
FEED = {"patients": 300, "messages_per_s": 25}
#: The least number of patient messages acknowledged in a drill.
LEAST_MESSAGES = 600
#: The least number of pages of a binder made in the night.
LEAST_PAGES = 100
#: A first patient file, and the crisis, within a minute.
FIRST_FILE_S, CRISIS_OPEN_S = 60, 60


@dataclass(frozen=True)
class Event:
    """Something of the night; ``at_s`` seconds after its start, never sooner."""

    at_s: float
    kind: Kind
    who: str
    text: str


@dataclass(frozen=True)
class Backups:
    """Each machine's timetable: ``first_s`` plus its share of ``spread_s``, then every period."""

    period_s: float
    first_s: float
    spread_s: float


@dataclass(frozen=True)
class Attack:
    """The attack starts at a second drawn in the window; it knows nothing of the backups.

    ``attempts``: how many of the intruder's catalogue are drawn, all when there are fewer.
    """

    earliest_s: float
    latest_s: float
    files_per_s: float
    spared_workstations: int
    attempts: int


@dataclass(frozen=True)
class Feed:
    """What the record system sends: how many patients it holds, at what rate it speaks."""

    patients: int
    messages_per_s: float


@dataclass(frozen=True)
class Scenario:
    """A checked scenario. ``start`` is the story's hour; ``backup_period`` the hospital's words."""

    name: str
    title: str
    start: datetime
    hospital: str
    #: The folder that describes it, under ``examples/``.
    establishment: str
    finess: Finess
    backup_period: str
    dmia_p0_s: float
    fleet: int
    servers: tuple[ServerRole, ...]
    backups: Backups
    attack: Attack
    feed: Feed
    timeline: tuple[Event, ...]
    #: Measure id → fixed target, the package's or tighter. The measures whose target is « all of
    #: them » (destroy_refused, restored_identical) are compared by the engine.
    targets: Mapping[str, Target]


def least_targets(period_s: float, dmia_s: float) -> dict[str, Target]:
    """The targets no scenario may loosen."""
    return {
        "detect.seconds": Target("<=", period_s + DETECT_MARGIN_S),
        "vault.destroy_attempts": Target(">=", LEAST_ATTEMPTS),
        "restore.p0_seconds": Target("<=", dmia_s),
        "vault.acknowledged_lost": Target("==", 0),
        "feed.messages": Target(">=", LEAST_MESSAGES),
        "feed.acknowledged_lost": Target("==", 0),
        "care.first_file_seconds": Target("<=", FIRST_FILE_S),
        "crisis.open_seconds": Target("<=", CRISIS_OPEN_S),
        "binder.pages": Target(">=", LEAST_PAGES),
        "restore.order_respected": Target("==", True),
        "ledger.verified": Target("==", True),
    }


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with the program."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load(name: str) -> Scenario:
    """Read a shipped scenario by its name, or any TOML file by its path; raises ``BadInput``."""
    path = Path(name) if name.endswith(".toml") else SHIPPED / f"{name}.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped())
        _refuse(path, f"illisible ({error})", f"Donnez un fichier .toml ou un nom : {known}.")
    return parse(text, path)


def parse(text: str, path: Path) -> Scenario:
    """Check the text of a scenario; raises ``BadInput`` naming the file and the key."""
    try:
        root = _Table(path, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        _refuse(path, f"TOML mal formé ({error})", "Corrigez la ligne indiquée.")
    hospital, fleet = root.table("hospital"), root.table("fleet")
    backups, attack = root.table("backups"), root.table("attack")
    feed = root.table("feed") if "feed" in root.data else _Table(path, "feed", dict(FEED))
    period, dmia = backups.number("period_s", 5), hospital.number("dmia_p0_s", 1)
    scenario = Scenario(
        name=path.stem,
        title=root.take("title", str),
        start=_aware(root),
        hospital=hospital.take("name", str),
        establishment=hospital.take_or("establishment", ESTABLISHMENT),
        finess=_test_finess(hospital),
        backup_period=hospital.take("backup_period", str),
        dmia_p0_s=dmia,
        fleet=fleet.whole("workstations", 1, MAX_FLEET),
        servers=_servers(fleet),
        backups=Backups(period, backups.number("first_s", 0), backups.number("spread_s", 0)),
        attack=Attack(
            attack.number("earliest_s", 0),
            attack.number("latest_s", 0),
            attack.number("files_per_s", 0.1),
            attack.whole("spared_workstations", 1, MAX_FLEET),
            attack.whole("attempts", LEAST_ATTEMPTS, 1000),
        ),
        feed=Feed(feed.whole("patients", 20, 400), feed.number("messages_per_s", 1)),
        timeline=_timeline(root),
        targets=_targets(root.table("targets"), least_targets(period, dmia)),
    )
    for table in (root, hospital, fleet, backups, attack, feed):
        table.finish()
    _check_attack(scenario, path)
    return scenario


def _check_attack(scenario: Scenario, path: Path) -> None:
    if scenario.attack.latest_s < scenario.attack.earliest_s:
        _refuse(path, "attack.latest_s précède earliest_s", "Inversez les deux secondes.")
    if scenario.attack.spared_workstations >= scenario.fleet:
        fix = "Laissez au moins un poste à attaquer."
        _refuse(path, "attack.spared_workstations épargne tous les postes", fix)
    if [event.kind for event in scenario.timeline].count("attack") != 1:
        _refuse(path, "timeline : il faut une seule attaque", "Gardez un seul kind = « attack ».")


class _Table:
    """A TOML table whose keys are ticked off as they are read; what remains is refused."""

    def __init__(self, path: Path, name: str, data: Mapping[str, object]) -> None:
        self.path, self.name = path, name
        self.data, self._left = data, set(data)

    def take(self, key: str, kind: type[T]) -> T:
        if key not in self.data:
            self.refuse(key, "manque", f"Ajoutez cette clé ({_words(kind)}).")
        value = self.data[key]
        self._left.discard(key)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.refuse(key, f"vaut {value!r}", f"Il faut {_words(kind)}.")
        return value

    def take_or(self, key: str, otherwise: str) -> str:
        return self.take(key, str) if key in self.data else otherwise

    def number(self, key: str, least: float) -> float:
        if isinstance(self.data.get(key), int) and not isinstance(self.data[key], bool):
            value = float(self.take(key, int))
        else:
            value = self.take(key, float)
        if not least <= value <= 86400:
            self.refuse(key, f"vaut {value:g}", f"Il faut un nombre entre {least:g} et 86400.")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.take(key, int)
        if not least <= value <= most:
            self.refuse(key, f"vaut {value}", f"Il faut un entier entre {least} et {most}.")
        return value

    def table(self, key: str) -> _Table:
        return _Table(self.path, key, self.take(key, dict))

    def finish(self) -> None:
        for key in sorted(self._left):
            self.refuse(key, "clé inconnue", "Ôtez-la ou corrigez son orthographe.")

    def refuse(self, key: str, what: str, fix: str) -> NoReturn:
        _refuse(self.path, f"{f'{self.name}.' if self.name else ''}{key} : {what}", fix)


def _timeline(root: _Table) -> tuple[Event, ...]:
    events = []
    for rank, entry in enumerate(root.take("timeline", list), start=1):
        if not isinstance(entry, dict):
            root.refuse("timeline", f"l'entrée {rank} n'est pas une table", "Écrivez [[timeline]].")
        table = _Table(root.path, f"timeline[{rank}]", entry)
        kind = table.take("kind", str)
        if kind not in get_args(Kind):
            table.refuse("kind", f"vaut {kind!r}", f"Choisissez : {', '.join(get_args(Kind))}.")
        event = Event(
            table.number("at_s", 0),
            cast(Kind, kind),
            table.take("who", str),
            table.take("text", str),
        )
        table.finish()
        events.append(event)
    return tuple(sorted(events, key=lambda event: event.at_s))


def _targets(table: _Table, least: dict[str, Target]) -> dict[str, Target]:
    targets = dict(least)
    for key in table.data:
        if key not in least or least[key].op == "==":
            table.refuse(key, "cible non réglable", "Ôtez-la : elle est fixée par le programme.")
        floor = least[key]
        wanted = table.number(key, 0)
        if not floor.met_by(wanted):
            fix = f"Écrivez une valeur {floor.op} {floor.value:g} : une cible se resserre."
            table.refuse(key, f"{wanted:g} desserre la cible du programme", fix)
        targets[key] = Target(floor.op, wanted)
    return targets


def _servers(fleet: _Table) -> tuple[ServerRole, ...]:
    roles = fleet.take("servers", list)
    known = get_args(ServerRole)
    if any(role not in known for role in roles) or len(set(roles)) != len(roles) or not roles:
        fleet.refuse("servers", f"vaut {roles!r}", f"Choisissez parmi : {', '.join(known)}.")
    return tuple(cast(ServerRole, role) for role in roles)


def _aware(root: _Table) -> datetime:
    start = root.take("start", datetime)
    if start.tzinfo is None:
        root.refuse("start", "heure sans fuseau", "Écrivez par exemple 2026-11-22T01:00:00+01:00.")
    return start


def _test_finess(hospital: _Table) -> Finess:
    text = hospital.take("finess", str)
    fix = f"Un exercice se joue sous un FINESS de test : {', '.join(TEST_FINESS)}."
    try:
        number = finess(text)
    except ReleveError as error:
        hospital.refuse("finess", str(error), fix)
    if not is_test_finess(number):
        hospital.refuse("finess", f"{text} n'est pas un numéro de test", fix)
    return number


def _words(kind: type[object]) -> str:
    names: dict[type[object], str] = {
        str: "un texte",
        int: "un nombre entier",
        float: "un nombre",
        dict: "une table",
        list: "une liste",
        datetime: "une date et heure avec fuseau",
    }
    return names.get(kind, kind.__name__)


def _refuse(path: Path, what: str, fix: str) -> NoReturn:
    raise BadInput(where=path, what=what, fix=fix)
