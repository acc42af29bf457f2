"""``install.sh`` itself, as root, on folders of its own: what it asks first, what it takes away."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from releve.runtime.bundle.archive import manifest

FILES = Path(__file__).parents[2] / "src/releve/runtime/bundle/files"
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="SANS ROOT : install.sh s'arrête aussitôt"),
]


def _run(tmp_path: Path, script: Path, *options: str) -> tuple[int, str]:
    command = ["sh", str(script), "--prefix", str(tmp_path / "programme")]
    command += ["--home", str(tmp_path / "donnees"), *options]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    return done.returncode, done.stdout + done.stderr


def _in_service(prefix: Path, name: str, answer: str) -> Path:
    """A version in service whose program answers ``answer``."""
    python = prefix / "versions" / name / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >>{prefix}/asked\n{answer}\n')
    python.chmod(0o755)
    (prefix / "versions" / name / ".complete").touch()
    (prefix / "current").symlink_to(prefix / "versions" / name)
    return prefix / "asked"


@pytest.fixture
def installer(tmp_path: Path) -> Path:
    place = tmp_path / "paquet"
    place.mkdir()
    for name in ("install.sh", "verify"):
        shutil.copy(FILES / name, place / name)
    (place / "VERSION").write_text("9.9.9\n")
    (place / "PACKAGES").write_text("\n")
    (place / "MANIFEST").write_bytes(manifest(place))
    return place / "install.sh"


def test_the_program_in_service_is_asked_before_any_package(
    tmp_path: Path, installer: Path
) -> None:
    if 'VERSION_ID="12"' not in Path("/etc/os-release").read_text():
        pytest.skip("PAS UNE DEBIAN 12 : install.sh s'arrête plus tôt")
    prefix = tmp_path / "programme"
    asked = _in_service(prefix, "1.0.0-abc", "echo 'REFUSÉ : Une crise est ouverte' >&2; exit 1")
    status, said = _run(tmp_path, installer, "--no-start")
    assert (status, "Une crise est ouverte" in said) == (1, True), said
    assert "aquets Debian" not in said
    assert asked.read_text().split()[2:4] == ["releve.runtime.installed", "may-update"]
    assert not (prefix / "versions/9.9.9").exists() and not (prefix / "bin").exists()


def test_a_folder_without_its_mark_is_left_whole(tmp_path: Path, installer: Path) -> None:
    prefix = tmp_path / "programme"
    kept = [prefix / "bin/outil", prefix / "versions/1/fichier", prefix / "current"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("à quelqu'un d'autre")
    status, said = _run(tmp_path, installer, "--uninstall")
    assert (status, "ne porte pas la marque" in said) == (1, True), said
    assert all(path.read_text() for path in kept)


def test_it_takes_away_what_it_put_and_nothing_else(tmp_path: Path, installer: Path) -> None:
    prefix = tmp_path / "programme"
    _in_service(prefix, "1.0.0-abc", "exit 0").write_text("")
    (prefix / "bin").mkdir()
    (prefix / "bin/releve").write_text(f"#!/bin/sh\nexec {prefix}/current/venv/bin/python\n")
    (prefix / "bin/releve-address").write_text("#!/bin/sh\n# releve-address --address IP\n")
    others = [prefix / "bin/outil", prefix / "versions/autre/f", tmp_path / "voisin/f"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("à quelqu'un d'autre")
    (prefix / ".releve-install").write_text("1.0.0-abc\n../../voisin\n..\n.\n\n/\n")
    status, said = _run(tmp_path, installer, "--uninstall")
    assert status == 0, said
    assert all(path.read_text() for path in others)
    left = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert left == {"bin/outil", "versions/autre/f", "asked"}
    assert not (prefix / "current").is_symlink()


def test_alone_in_its_folder_nothing_stays(tmp_path: Path, installer: Path) -> None:
    prefix = tmp_path / "programme"
    _in_service(prefix, "1.0.0-abc", "exit 0")
    (prefix / ".releve-install").write_text("1.0.0-abc\n")
    assert _run(tmp_path, installer, "--uninstall")[0] == 0
    assert not prefix.exists()
