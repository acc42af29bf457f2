"""Random hospitals for the graph and the planner: sound ones, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from releve.establishment.coherence import check_graph
from releve.establishment.faults import Findings
from releve.establishment.model import (
    Bootstrap,
    Dependency,
    Establishment,
    Gate,
    LegalEntity,
    Machine,
    MachineKind,
    Priority,
    Service,
    ServiceKind,
    Site,
)
from releve.kernel.ids import Finess

_EJ, _EG = Finess("990000010"), Finess("990000028")


def service(code: str, patients: float, rto: timedelta | None = None) -> Service:
    """A service of no bed; P0 when it has patients."""
    priority = Priority.P0 if patients else Priority.P2
    kind = ServiceKind.MEDICINE
    return Service(code, code, _EG, kind, 0, (code,), priority, rto, None, patients)


def machine(name: str, minutes: int) -> Machine:
    return Machine(name, MachineKind.SERVER, name, _EG, "", "", "", timedelta(minutes=minutes))


def hospital(
    machines: tuple[Machine, ...],
    services: tuple[Service, ...],
    rows: tuple[Dependency, ...],
    gates: tuple[Gate, ...] = (),
    bootstraps: tuple[Bootstrap, ...] = (),
) -> Establishment:
    """An establishment of these alone."""
    return Establishment(
        "Région fictive",
        None,
        (LegalEntity(_EJ, "EJ"),),
        (Site(_EG, _EJ, "EG", 0),),
        services,
        (),
        machines,
        (),
        (),
        rows,
        gates,
        bootstraps,
        (),
    )


@st.composite
def hospitals(
    draw: st.DrawFn, *, most: int = 12, cycles: bool = True, alternatives: bool = True
) -> Establishment:
    """Machines that need each other (in circles too, each with its order), services, gates."""
    names = [f"M{n}" for n in range(draw(st.integers(1, most)))]
    machines = tuple(machine(name, draw(st.integers(0, 90))) for name in names)
    codes = [f"S{n}" for n in range(draw(st.integers(1, 5)))]
    services = tuple(service(code, draw(st.sampled_from([0, 0.5, 1, 4, 20]))) for code in codes)
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(names), st.sampled_from(names)), unique=True, max_size=30
        )
    )
    if not cycles:
        pairs = [(a, b) for a, b in pairs if names.index(a) > names.index(b)]
    pairs = [(a, b) for a, b in pairs if a != b]
    uses = draw(
        st.lists(
            st.tuples(st.sampled_from(codes), st.sampled_from(names)), unique=True, max_size=12
        )
    )
    pairs += [(f"service:{code}", name) for code, name in uses]
    labels = st.sampled_from(["", "", "a"]) if alternatives else st.just("")
    rows = tuple(Dependency(a, b, "", draw(labels)) for a, b in pairs)
    made = hospital(machines, services, rows, (), (Bootstrap(tuple(draw(st.permutations(names)))),))
    some = st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3)
    for number in range(draw(st.integers(0, 2))):
        after = tuple(draw(some)) if draw(st.booleans()) else ()
        gate = Gate(f"porte {number}", "RSSI", tuple(draw(some)), after)
        tried = replace(made, gates=(*made.gates, gate))
        findings = Findings()
        check_graph(tried, findings)
        if not findings.faults:
            made = tried
    return made
