"""One night, from an empty home to its result.

The engine calls in order: prepare, play the agenda on the wall clock, look, prove. What it decides
(which figure, which target) lies in ``verdict``; what it starts lies in ``simulator``. It looks at
the product through the :class:`~releve.drill.ports.Platform` port only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from random import Random

from releve.drill import conclusion, examples, proof, verdict
from releve.drill.bedside import Bedside
from releve.drill.hospital import Hospital
from releve.drill.measures import Happening, Measure, NotMeasured, Result
from releve.drill.night import Night
from releve.drill.ports import Platform
from releve.drill.scenario import Scenario
from releve.drill.simulator.errors import AlreadyPlayed
from releve.drill.simulator.intruder import BY_ID
from releve.drill.simulator.persons import People
from releve.drill.simulator.plan import Plan, draw, story_sha256
from releve.drill.simulator.proxy import Proxy
from releve.drill.simulator.sabotage import Sabotage, edit_ledger
from releve.drill.stage import Stage
from releve.kernel.clock import Clock
from releve.kernel.world import World


class Drill:
    """Plays one scenario once. ``play`` leaves no process behind, whatever happens."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        fleet: int | None,
        platform: Platform,
        clock: Clock,
        sabotage: Sabotage,
        show: Callable[[Happening], None],
        progress: Callable[[str], None],
    ) -> None:
        self._scenario, self._seed, self._fleet = scenario, seed, fleet
        self._platform, self._clock, self._sabotage = platform, clock, sabotage
        self._stage = Stage(clock, scenario.start, show)
        self._progress = progress
        platform.home.check_world(World.DRILL)

    def play(self) -> Result:
        """The whole drill; raises ``ReleveError`` when it could not be played at all."""
        started = self._clock.now()
        with ExitStack() as held:
            night = self._prepare(held)
            self._stage.begin()
            observed = night.play()
            self._progress("Vérification de la preuve")
            return self._conclude(started, night, observed)

    def _prepare(self, held: ExitStack) -> Night:
        """Everything that exists before the story's first second."""
        folder = self._platform.home.path / "simulateur"
        if folder.exists():
            raise AlreadyPlayed(path=self._platform.home.path)
        folder.mkdir(mode=0o755)
        self._progress("Tirage de l'histoire, démarrage du service")
        patch = self._sabotage.lay_patch(folder / "sabotage")
        establishment = examples.folder(self._scenario.establishment)
        self._platform.load_establishment(establishment)
        with ThreadPoolExecutor(1) as pool:
            drawing = pool.submit(self._draw)
            held.callback(self._platform.stop)
            self._platform.start(patch)
            anchor = self._platform.anchor()
            plan = drawing.result()
        self._progress("Inscription des machines, ouverture des comptes")
        with ThreadPoolExecutor(1) as pool:
            people = self._people()
            held.callback(people.close)
            code, scenario = self._platform.first_access_code(), self._scenario
            coming = pool.submit(people.arrive, code, scenario.finess, scenario.hospital)
            given = {machine.name: self._platform.enrol(machine.name) for machine in plan.machines}
            proxy = Proxy(
                self._sabotage.proxy,
                self._platform.address("receiver"),
                folder / "acquittements.jsonl",
                self._platform.storage(),
                folder / "detournes",
            )
            held.callback(proxy.stop)
            hospital = Hospital(folder, plan, self._scenario, self._clock)
            held.callback(hospital.stop)
            bedside = Bedside(
                self._platform,
                self._stage,
                self._clock,
                scenario,
                self._seed,
                establishment,
                folder,
            )
            held.callback(bedside.close)
            hospital.start_servers()
            coming.result()
        environments = {machine: proxy.through(lines) for machine, lines in given.items()}
        return Night(
            self._scenario,
            plan,
            self._platform,
            self._stage,
            self._clock,
            hospital,
            people,
            proxy,
            environments,
            bedside,
            establishment,
            folder,
            anchor,
        )

    def _people(self) -> People:
        home, rng = self._platform.home, Random(f"{self._seed}/people")  # noqa: S311 (a story)
        return People(home.world, home.path, self._platform.address("web"), self._clock, rng)

    def _draw(self) -> Plan:
        return draw(self._scenario, self._seed, self._fleet, attempts=sorted(BY_ID))

    def _conclude(self, started: datetime, night: Night, observed: verdict.Observed) -> Result:
        taken, missing = verdict.figures(observed, self._scenario)
        measures = [figure.proved_by(self._record(figure)) for figure in taken]
        log = self._platform.published()
        if self._sabotage.edits_ledger:
            edit_ledger(log)
        export = self._platform.home.path / "preuve"
        self._platform.export(export)
        checked = proof.verify(export, night.anchor, night.folder)
        last, unread = verdict.ledger_figures(checked.size, checked.ok, self._scenario)
        last_measures, index = self._prove_last(last, measures, [*missing, *unread], checked.said)
        people, scenario = night.people, self._scenario
        account = conclusion.account(night.traces(), self._stage, scenario, night.plan)
        result = Result(
            scenario=self._scenario.name,
            title=self._scenario.title,
            seed=self._seed,
            started=started,
            ended=self._clock.now(),
            story_sha256=story_sha256(night.plan),
            measures=(*measures, *last_measures),
            not_measured=(*missing, *unread),
            happenings=self._stage.seen,
            played_acts=tuple(people.acts),
            settings=conclusion.settings(scenario, night.plan, self._stage.length, index),
            ledger_size=checked.size or 0,
            ledger_root=checked.root,
            ledger_fingerprint=proof.fingerprint(night.anchor),
            sabotage=self._sabotage.name,
            decisions=conclusion.decisions(observed, account, scenario),
            account=account,
        )
        return result

    def _record(self, figure: verdict.Figure) -> int:
        detail = {"target": figure.target.words if figure.target else None}
        met = figure.target.met_by(figure.value) if figure.target else None
        unit = None if isinstance(figure.value, bool) else figure.unit
        return self._platform.record(
            "measure",
            figure.id,
            system="exercice",
            value=figure.value,
            unit=unit,
            detail={**detail, "met": met},
        )

    def _prove_last(
        self,
        figures: list[verdict.Figure],
        measures: list[Measure],
        missing: list[NotMeasured],
        said: str,
    ) -> tuple[list[Measure], int]:
        """The verdict is appended after the export that it speaks of; it is its own evidence."""
        met = [m.met for m in measures] + [f.proved_by(1).met for f in figures]
        ok = all(m is not False for m in met) and not any(n.had_target for n in missing)
        verified = next(f.value for f in figures if f.id == "ledger.verified")
        detail = {"ledger.verified": verified, "said": said.splitlines()[0][:200] if said else ""}
        index = self._platform.record(
            "verdict", "drill.verdict", system="exercice", value=ok, unit=None, detail=detail
        )
        return [figure.proved_by(index) for figure in figures], index
