"""From the traces of a night to what its report tells beside the measures, and what it leaves to be
decided. No process, no clock: values in, values out; the hospital's folder is read once.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from releve import __version__
from releve.drill.account import Account, Curve, Fleet, Passage, Revival, Scene, Struck
from releve.drill.hospital_map import spots
from releve.drill.recovery import Recovery
from releve.drill.scenario import Scenario
from releve.drill.simulator.his import His, Order
from releve.drill.simulator.his.story import Story
from releve.drill.simulator.his.truth import Fact, Truth
from releve.drill.simulator.plan import Plan
from releve.drill.stage import Stage
from releve.drill.verdict import Observed
from releve.drill.watch import Seen
from releve.establishment import Establishment, load_folder
from releve.kernel.units import duration, thousands

#: The simulated record system's own place in the hospital's folder.
RECORD_SYSTEM = "SRV-DPI-01"
_SECOND = timedelta(seconds=1)
#: More messages than this are never on their way at the same time, nor refused in one night.
_UNANSWERED = 500


@dataclass(frozen=True)
class Traces:
    """Left by a night that is over. ``struck``: path (it starts with the machine) and hour of each
    file encrypted; ``begun`` and ``isolated`` are story hours, all the rest real ones.
    """

    begun: Mapping[str, datetime]
    isolated: datetime | None
    struck: list[tuple[str, datetime]]
    alarm: Seen | None
    opened: Seen | None
    his: His
    recovered: Recovery
    establishment: Path


def account(traces: Traces, stage: Stage, scenario: Scenario, plan: Plan) -> Account:
    """Everything that is told beside the measures."""
    hospital = load_folder(traces.establishment)
    real = _hours(stage, scenario.start)
    machines = _machines(traces, real)
    revivals = _revivals(traces.recovered, hospital, _monotonic(stage, scenario.start))
    down = [machine.machine for machine in machines] + [one.node for one in revivals]
    if "his-killed" in traces.begun:
        down.append(RECORD_SYSTEM)
    again = {one.node: one.answered for one in revivals if one.answered is not None}
    return Account(
        scenes=_scenes(traces, real),
        curves=tuple(curve for curve in _curves(traces, real) if curve.points),
        struck=machines,
        revivals=revivals,
        passages=tuple(
            Passage(gate, traces.recovered.closed_by[gate], _monotonic(stage, scenario.start)(at))
            for gate, at in traces.recovered.closed.items()
        ),
        spots=spots(hospital, down, again),
        fleet=Fleet(plan.fleet, len(scenario.servers), 1, len(hospital.machines)),
        opened=real(traces.opened.at) if traces.opened else None,
        isolated=traces.isolated,
    )


def settings(scenario: Scenario, plan: Plan, length: timedelta, verdict: int) -> dict[str, str]:
    """What is said of the exercise itself; ``verdict`` is a ledger entry."""
    servers = len(scenario.servers)
    return {
        "Sauvegardes dans l'exercice": f"toutes les {scenario.backups.period_s:g} s",
        "Sauvegardes dans l'établissement": scenario.backup_period,
        "Machines": f"{plan.fleet} postes, {servers} serveurs et le dossier patient, tous de vrais"
        " processus",
        "DMIA des serveurs P0 (temps technique)": f"{scenario.dmia_p0_s:g} s",
        "Durée de la nuit": duration(length),
        "Programme": f"Relève {__version__}",
        "Verdict": f"preuve {thousands(verdict)}",
    }


def decisions(observed: Observed, told: Account, scenario: Scenario) -> tuple[str, ...]:
    """What this night leaves to a director: a fact, then a question; never an answer."""
    asked = (
        _about_backups(observed, scenario),
        _about_isolation(told),
        _about_gates(told),
        _about_kits(observed),
        "Qui administre le coffre peut encore tout effacer. Où mettre une deuxième copie, et sous"
        " quelle autre main ?",
        "Le temps des personnes n'est mesuré nulle part. Quand rejouer cette nuit avec elles ?",
    )
    return tuple(filter(None, asked))


# -- hours ----------------------------------------------------------------------------------------


def _hours(stage: Stage, start: datetime) -> Callable[[datetime], datetime]:
    """From a real hour to the story's, by the first line that has both."""
    seen = stage.seen
    ahead = seen[0].story - seen[0].at if seen else start - stage.now()
    return lambda real: (real + ahead).astimezone(start.tzinfo)


def _monotonic(stage: Stage, start: datetime) -> Callable[[float], datetime]:
    return lambda counter: start + timedelta(seconds=max(0.0, counter - stage.origin))


def _scenes(traces: Traces, real: Callable[[datetime], datetime]) -> tuple[Scene, ...]:
    scenes = [Scene(kind, story) for kind, story in traces.begun.items()]
    alarms = [real(seen.at) for seen in (traces.alarm, traces.opened) if seen is not None]
    if alarms:
        scenes.append(Scene("alarm", min(alarms)))
    return tuple(sorted(scenes, key=lambda scene: scene.story))


# -- what was struck, what came back --------------------------------------------------------------


def _machines(traces: Traces, real: Callable[[datetime], datetime]) -> tuple[Struck, ...]:
    files = Counter(path.partition("/")[0] for path, _ in traces.struck)
    first: dict[str, datetime] = {}
    for path, when in traces.struck:
        machine = path.partition("/")[0]
        first[machine] = min(when, first.get(machine, when))
    found = (Struck(machine, real(when), files[machine]) for machine, when in first.items())
    return tuple(sorted(found, key=lambda one: one.first))


def _revivals(
    recovered: Recovery, hospital: Establishment, at: Callable[[float], datetime]
) -> tuple[Revival, ...]:
    """In the order of the plan's steps; a step asked for twice is told once."""
    came = {one.node: one for one in recovered.revived}
    steps = {step.node: step for step in recovered.steps}
    return tuple(
        Revival(
            node,
            hospital.names.get(node, node),
            step.why,
            step.end - step.start,
            at(came[node].ordered) if node in came else None,
            at(came[node].answered) if node in came else None,
        )
        for node, step in steps.items()
    )


# -- curves ---------------------------------------------------------------------------------------


def _curves(traces: Traces, real: Callable[[datetime], datetime]) -> Iterable[Curve]:
    rows = traces.his.acknowledged()
    hours = sorted(real(row.at) for row in rows)
    yield Curve("messages", per_second(hours))
    struck = sorted(real(when) for _, when in traces.struck)
    yield Curve("files", tuple((when, count) for count, when in enumerate(struck, start=1)))
    answered = [(real(row.at), (row.sender, row.control_id)) for row in rows]
    yield Curve("patients", patients(traces.his.order, answered))


def per_second(hours: Iterable[datetime]) -> tuple[tuple[datetime, int], ...]:
    """How many fall in each second, from the first to the last, silent seconds included."""
    counted = Counter(hour.replace(microsecond=0) for hour in hours)
    if not counted:
        return ()
    first, last = min(counted), max(counted)
    seconds = (first + n * _SECOND for n in range(int((last - first) / _SECOND) + 1))
    return tuple((second, counted[second]) for second in seconds)


def patients(
    order: Order, answered: Iterable[tuple[datetime, tuple[str, str]]]
) -> tuple[tuple[datetime, int], ...]:
    """Patients in a bed by the record system's own facts, at the end of each second, as its
    messages were acknowledged. ``answered``: hour, then (sender, control id).
    """
    wanted: dict[tuple[str, str], datetime] = {}
    for hour, key in answered:
        wanted.setdefault(key, hour)
    taken: dict[datetime, list[tuple[Fact, ...]]] = {}
    drawn = itertools.islice(Story(order).messages(), len(wanted) + _UNANSWERED)
    for message in drawn:
        first = wanted.get((message.sender, message.control_id))
        if first is not None:
            taken.setdefault(first.replace(microsecond=0), []).append(message.facts)
    truth, known = Truth(), dict[datetime, int]()
    for second in sorted(taken):
        for facts in taken[second]:
            truth.take(facts)
        known[second + _SECOND] = sum(map(len, truth.census().values()))
    return tuple(known.items())


# -- what is left to decide -----------------------------------------------------------------------


def _about_backups(observed: Observed, scenario: Scenario) -> str:
    if observed.alarm_seen is None or observed.files_lost is None:
        return "Aucune alarme n'a été donnée pendant l'attaque. Qui doit en trouver la cause ?"
    lost = observed.files_lost
    many = "s" if lost > 1 else ""
    return (
        f"L'alarme vient d'une sauvegarde : toutes les {scenario.backups.period_s:g} s ici, pour"
        f" {lost} fichier{many} chiffré{many} avant elle. Vous sauvegardez"
        f" {scenario.backup_period} : est-ce assez souvent ?"
    )


def _about_isolation(told: Account) -> str:
    files = told.curve("files")
    if told.opened is None or told.isolated is None or files is None:
        return ""
    waited = told.isolated - told.opened
    if waited <= timedelta():
        return ""
    after = sum(told.opened < hour <= told.isolated for hour, _ in files.points)
    many = "s" if after > 1 else ""
    return (
        f"Entre la crise ouverte et les machines isolées, il s'est passé {duration(waited)} :"
        f" {after} fichier{many} de plus chiffré{many}. Qui peut, seul et de nuit, faire isoler"
        " une machine ?"
    )


def _about_gates(told: Account) -> str:
    if not told.passages:
        return ""
    names = " et ".join(f"« {one.gate} »" for one in told.passages)
    noun = "La porte" if len(told.passages) == 1 else "Les portes"
    close = "a été confirmée" if len(told.passages) == 1 else "ont été confirmées"
    return (
        f"{noun} {names} {close} d'un geste, par un compte du simulateur ; en vrai, y arriver prend"
        " des heures ou des semaines. Qui a le droit de dire « c'est propre » ?"
    )


def _about_kits(observed: Observed) -> str:
    if observed.kits is None or observed.kits.right <= 0:
        return "Aucun kit n'a pu être ouvert. Avec quoi soigner si tout s'arrête cette nuit ?"
    return (
        f"{observed.kits.right} patients étaient lisibles parce qu'un poste hors du réseau avait"
        " copié les kits. Sur quels postes les copier, et qui garde les enveloppes des codes ?"
    )
