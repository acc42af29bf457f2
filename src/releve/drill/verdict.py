"""From what was observed to measures with their targets. No clock, no process: values in, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from releve.drill.measures import Measure, NotMeasured, Target, Value
from releve.drill.scenario import Scenario


@dataclass(frozen=True)
class Compared:
    """A restored folder against the hashes taken before the attack."""

    expected: int
    found: int
    identical: int

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            self.expected + other.expected,
            self.found + other.found,
            self.identical + other.identical,
        )


@dataclass(frozen=True)
class Counted:
    """How many were right, out of how many expected."""

    right: int
    expected: int


@dataclass(frozen=True)
class Judged:
    """A binder read as paper. ``pages``: those that bear their band and number, out of all;
    ``missing``: numbers said missing, on paper and in the product's own list, out of those that the
    folder lacks, less the numbers said missing although the folder gives them.
    """

    pages: Counted
    missing: Counted


@dataclass(frozen=True)
class Observed:
    """What the simulator saw. None = it could not be seen; the reason is in ``reasons``."""

    first_byte: datetime | None
    alarm_seen: datetime | None
    files_lost: int | None
    attempts: int | None
    refused: int | None
    restored: Compared | None
    p0_seconds: float | None
    acknowledged_lost: int | None
    messages: int | None
    messages_lost: int | None
    #: Patients in the ward and bed where the record system has them.
    census: Counted | None
    #: Patients counted in the opened kits, out of the product's own census when it was frozen.
    kits: Counted | None
    first_file_seconds: float | None
    crisis_seconds: float | None
    binder: Judged | None
    #: Facts that the logbook noted by itself, out of those the ledger holds.
    logged: Counted | None
    order_respected: bool | None
    #: Measure id → why it could not be taken.
    reasons: Mapping[str, str]


#: A figure before it has its words: id, value, unit, target, who saw it.
Row = tuple[str, Value, str, Target | None, str]


@dataclass(frozen=True)
class Figure:
    """A measure before it has an entry in the ledger."""

    id: str
    value: Value
    unit: str
    target: Target | None
    seen_by: str

    def proved_by(self, index: int) -> Measure:
        """The measure, once its entry is durable."""
        return Measure(self.id, self.value, self.unit, self.target, index, self.seen_by)


def figures(observed: Observed, scenario: Scenario) -> tuple[list[Figure], list[NotMeasured]]:
    """All measures but the ledger's own, in the report's order, and those not taken."""
    o, fixed = observed, scenario.targets
    everything = o.restored.expected if o.restored else 0
    rows: list[Row] = [
        ("detect.seconds", _delay(o), "s", fixed["detect.seconds"], "simulateur, registre"),
        ("detect.files_lost", o.files_lost, "fichiers", None, "journal de l'attaquant"),
        _attempts("vault.destroy_attempts", o.attempts, fixed["vault.destroy_attempts"]),
        _attempts("vault.destroy_refused", o.refused, Target("==", o.attempts or 0)),
        _files("vault.restored_files", o.restored.found if o.restored else None, everything),
        _files(
            "vault.restored_identical", o.restored.identical if o.restored else None, everything
        ),
        (
            "restore.p0_seconds",
            _round(o.p0_seconds),
            "s",
            fixed["restore.p0_seconds"],
            "simulateur",
        ),
        (
            "vault.acknowledged_lost",
            o.acknowledged_lost,
            "objets",
            fixed["vault.acknowledged_lost"],
            "simulateur (réseau)",
        ),
        *_care(o, fixed),
        (
            "restore.order_respected",
            o.order_respected,
            "vrai ou faux",
            fixed["restore.order_respected"],
            "simulateur",
        ),
    ]
    taken, missing = [], []
    for id, value, unit, target, seen_by in rows:
        if id in o.reasons:
            missing.append(NotMeasured(id, o.reasons[id], target is not None))
        else:
            taken.append(Figure(id, value, unit, target, seen_by))
    return taken, missing


def _care(o: Observed, fixed: Mapping[str, Target]) -> list[Row]:
    """What became of patients' files, of the crisis and of its binder."""
    paper = o.binder
    return [
        _seen("feed.messages", o.messages, "messages", fixed, "logiciel du dossier patient simulé"),
        _seen(
            "feed.acknowledged_lost",
            o.messages_lost,
            "messages",
            fixed,
            "logiciel du dossier patient simulé",
        ),
        _counted("care.census_patients", o.census, "patients", "dossier patient simulé"),
        _counted("care.kit_patients", o.kits, "patients", "poste de continuité"),
        _seen(
            "care.first_file_seconds",
            _round(o.first_file_seconds),
            "s",
            fixed,
            "poste de continuité",
        ),
        _seen("crisis.open_seconds", _round(o.crisis_seconds), "s", fixed, "simulateur, registre"),
        _seen(
            "binder.pages", paper.pages.right if paper else None, "pages", fixed, "lecture des PDF"
        ),
        _counted("binder.missing", paper.missing if paper else None, "manques", "lecture des PDF"),
        (
            "log.entries_automatic",
            o.logged.right if o.logged else None,
            "lignes",
            Target(">=", o.logged.expected if o.logged else 1),
            "simulateur, registre",
        ),
    ]


def _seen(id: str, value: Value, unit: str, fixed: Mapping[str, Target], by: str) -> Row:
    return id, value, unit, fixed[id], by


def _counted(id: str, counted: Counted | None, unit: str, by: str) -> Row:
    return (
        id,
        counted.right if counted else None,
        unit,
        Target("==", counted.expected if counted else 0),
        by,
    )


def ledger_figures(
    entries: int | None, verified: bool, scenario: Scenario
) -> tuple[list[Figure], list[NotMeasured]]:
    """The two measures of the verifier, taken on the export."""
    target = scenario.targets["ledger.verified"]
    taken = [Figure("ledger.verified", verified, "vrai ou faux", target, "vérificateur")]
    if entries is None:
        reason = "l'export n'a pas pu être relu"
        return taken, [NotMeasured("ledger.entries", reason, had_target=False)]
    return [Figure("ledger.entries", entries, "entrées", None, "vérificateur"), *taken], []


def _delay(observed: Observed) -> float | None:
    """Seconds from the attacker's first byte to the alarm read in the ledger; None = no alarm."""
    if observed.first_byte is None or observed.alarm_seen is None:
        return None
    return _round((observed.alarm_seen - observed.first_byte).total_seconds())


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def _attempts(id: str, value: int | None, target: Target) -> Row:
    return id, value, "essais", target, "simulateur"


def _files(id: str, value: int | None, everything: int) -> Row:
    return id, value, "fichiers", Target("==", everything), "simulateur"


def compared(expected: Mapping[str, str], found: Mapping[str, str]) -> Compared:
    """Two manifests (path → SHA-256)."""
    same = sum(found.get(path) == digest for path, digest in expected.items())
    return Compared(len(expected), sum(path in found for path in expected), same)
