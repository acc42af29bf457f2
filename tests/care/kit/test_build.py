"""The script of kits: built once from packages, said plainly where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from releve.care.kit import build as building
from releve.care.kit.errors import KitsNotBuilt
from releve.care.kit.script import BUILT, built_script


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An install that never built anything."""
    place = tmp_path / "built" / "kit.js"
    monkeypatch.setattr(building, "BUILT", place)
    monkeypatch.setattr(building, "_STAMP", place.with_name("kit.stamp"))
    return place


def test_without_npm_kits_are_not_built_and_it_says_what_to_install(
    elsewhere: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert building.main() == 2
    said = capsys.readouterr().err
    assert "Kits non construits : node ou npm manque" in said
    assert "apt-get install nodejs npm" in said
    assert not elsewhere.exists()


def test_packages_that_cannot_be_had_leave_nothing_half_built(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(KitsNotBuilt, match="les paquets ne s'installent pas"):
        building.build()
    assert not elsewhere.exists()


def test_what_is_up_to_date_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert building.up_to_date()
    assert building.build() is False


def test_a_changed_source_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in building.SOURCES.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(building, "SOURCES", tmp_path)
    assert building.up_to_date()
    with (tmp_path / "pages.js").open("a") as file:
        file.write("// autre\n")
    assert not building.up_to_date()


def test_the_lock_names_no_host_and_checks_every_package() -> None:
    lock = json.loads((building.SOURCES / "package-lock.json").read_text("utf-8"))
    packages = [each for name, each in lock["packages"].items() if name]
    assert packages
    assert all("resolved" not in each and each["integrity"] for each in packages)
    assert "://" not in json.dumps([{**each, "funding": None} for each in packages])


def test_the_script_stands_in_a_page_as_it_is() -> None:
    script = built_script()
    assert script.isascii()
    assert "</script" not in script.lower()
    assert BUILT.stat().st_mode & 0o444 == 0o444
    for forbidden in ("localStorage", "sessionStorage", "indexedDB", "XMLHttpRequest", "WebSocket"):
        assert forbidden not in script
