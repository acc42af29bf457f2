"""What separates a drill from reality: every outward adapter, every kind of target."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

import releve
from releve.kernel.home import birth
from releve.kernel.outward import FolderTarget, HttpTarget, Outward, Target, WrongWorld
from releve.kernel.world import World

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def _adapters() -> list[type[Outward]]:
    for module in pkgutil.walk_packages(releve.__path__, "releve."):
        if not any(
            part in module.name for part in (".migrations", "__main__", ".launchers", ".asgi")
        ):
            importlib.import_module(module.name)
    found, wait = [], [Outward]
    while wait:
        kind = wait.pop()
        found.append(kind)
        wait += kind.__subclasses__()
    return found


def test_the_product_has_outward_adapters() -> None:
    assert len(_adapters()) > 1


@pytest.mark.parametrize("kind", _adapters(), ids=lambda kind: kind.__name__)
def test_each_adapter_keeps_to_its_world(kind: type[Outward], tmp_path: Path) -> None:
    drill = birth(tmp_path / "drill", World.DRILL, NOW)
    real = birth(tmp_path / "real", World.REAL, NOW)
    outside: list[Target] = [
        HttpTarget("https://coffre.chu.example/"),
        HttpTarget("http://10.0.0.1/"),
        HttpTarget("http://127.0.0.1.chu.example/"),
        HttpTarget("http://user:localhost@chu.example/"),
        FolderTarget(tmp_path / "poste"),
        FolderTarget(drill.path / "../poste"),
        FolderTarget(real.path / "vault"),
    ]
    inside: list[Target] = [
        HttpTarget("http://127.0.0.1:8000/"),
        HttpTarget("http://[::1]:8000/"),
        FolderTarget(drill.path / "restores/x"),
    ]
    in_drill, in_real = (Outward.__new__(kind) for _ in range(2))
    Outward.__init__(in_drill, World.DRILL, drill.path)
    Outward.__init__(in_real, World.REAL, real.path)
    for target in outside:
        with pytest.raises(WrongWorld):
            in_drill.admit(target)
    for target in inside:
        in_drill.admit(target)
    for target in outside[:5]:
        in_real.admit(target)
    with pytest.raises(WrongWorld):
        in_real.admit(inside[2])


def test_a_link_does_not_lead_a_drill_outside(tmp_path: Path) -> None:
    drill = birth(tmp_path / "drill", World.DRILL, NOW)
    (tmp_path / "poste").mkdir()
    (drill.path / "lien").symlink_to(tmp_path / "poste")
    with pytest.raises(WrongWorld):
        Outward(World.DRILL, drill.path).admit(FolderTarget(drill.path / "lien/x"))
