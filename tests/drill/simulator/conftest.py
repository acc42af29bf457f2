"""One small story, drawn once."""

from __future__ import annotations

import pytest

from releve.drill.scenario import Scenario, load
from releve.drill.simulator.plan import Plan, draw


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load("nuit-de-dimanche")


@pytest.fixture(scope="session")
def plan(scenario: Scenario) -> Plan:
    return draw(scenario, 5, fleet=2, attempts=("a", "b", "c"))
