"""One table says who may what: the parts, the units and the threat model agree with it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from releve.kernel.durable import make_folder, write_durably
from releve.runtime import acl
from releve.runtime.accounts import Place, table
from releve.runtime.addresses import parse_all
from releve.runtime.matrix import BEGIN, END, matrix
from releve.runtime.supervisor import PARTS
from releve.runtime.units import SECURED, Setting, units

_MODEL = Path(__file__).parents[2] / "docs/threat-model.md"
_PORTS = {"web_port": 1, "receiver_port": 2, "listener_port": 3}


def test_every_part_that_serve_starts_has_a_user_and_no_other_has_one() -> None:
    assert {row.name for row in table().parts} == set(PARTS)


def test_the_threat_model_prints_the_table() -> None:
    text = _MODEL.read_text("utf-8")
    printed = text[text.index(BEGIN) : text.index(END) + len(END)]
    assert printed == matrix(table()), "python -m releve.runtime.matrix writes it again"


def _places(part: str, word: str) -> set[str]:
    return {place.path for place in table().places if place.rights.get(part) == word}


def test_what_the_threat_model_promises_of_each_part() -> None:
    def reads(part: str, path: str) -> bool:
        place = next(each for each in table().places if each.path == path)
        return place.rights.get(part) in ("r", "rw")

    assert not reads("receiver", "secrets/worker")
    assert [row.name for row in table().parts if reads(row.name, "secrets/signer")] == ["signer"]
    assert [row.name for row in table().parts if reads(row.name, "secrets/worker")] == ["worker"]
    assert [row.name for row in table().parts if reads(row.name, "secrets/web")] == ["web"]
    months = next(each for each in table().places if each.path == "secrets/care/months")
    for part in ("web", "duty", "worker", "receiver", "signer"):
        assert months.inherited().get(part) in (None, "w")
    assert not any(reads(row.name, "secrets/authority") for row in table().parts)
    assert [row.name for row in table().parts if reads(row.name, "secrets/tls")] == ["web"]
    assert table().part("worker").streams == ()
    assert _places("signer", "connect") == {"run/signer.sock"}
    care = next(each for each in table().places if each.path == "care")
    assert "listener" not in care.files, "the listener reads no view"


def test_a_folder_below_a_writer_s_is_named_by_a_line_of_its_own() -> None:
    """A part that creates in a shared folder owns nothing that another part has there."""
    named = {place.path: place for place in table().places}
    for place in table().places:
        if place.path != "." and place.kind == "folder":
            parent = str(Path(place.path).parent)
            assert parent in named, place.path
            assert named[parent].shallow, parent


def test_an_access_list_is_read_back_as_it_was_written() -> None:
    users = {1001: acl.READ, 1002: acl.READ | acl.WRITE, 7: acl.PASS}
    assert acl.decode(acl.encode(7, users)) == users


def test_a_file_is_open_to_those_its_folder_names_and_to_nobody_else(tmp_path: Path) -> None:
    plain, shared = tmp_path / "plain", tmp_path / "shared"
    for folder in (plain, shared):
        folder.mkdir(mode=0o700)
    os.setxattr(shared, acl.DEFAULT, acl.encode(7, {4242: acl.READ | acl.PASS}))
    for folder in (plain, shared):
        write_durably(folder / "secret", b"x")
        make_folder(folder / "below")
        write_durably(folder / "below/secret", b"x")
    assert stat.S_IMODE((plain / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((plain / "below").stat().st_mode) == 0o700
    for path in (shared / "secret", shared / "below/secret"):
        assert acl.decode(os.getxattr(path, acl.ACCESS)) == {4242: acl.READ}
        assert path.stat().st_mode & 0o007 == 0


@pytest.fixture
def unit_files(tmp_path: Path) -> Path:
    """The units, with a program where they say it is."""
    program = tmp_path / "releve/current/venv/bin/python"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/true")
    folder = tmp_path / "units"
    folder.mkdir()
    outside = parse_all(["192.168.50.2", "[fd00::2]:443"])
    setting = Setting(tmp_path / "releve", tmp_path / "home", _PORTS, outside)
    for name, text in units(table(), setting).items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="SANS systemd-analyze")
def test_systemd_finds_nothing_to_say_about_the_units(unit_files: Path) -> None:
    names = sorted(str(path) for path in unit_files.iterdir())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    said = [line for line in done.stderr.splitlines() if str(unit_files) in line]
    assert (done.returncode, said) == (0, [])


def test_a_unit_writes_where_its_part_writes_and_nowhere_else(unit_files: Path) -> None:
    for row in table().parts:
        text = (unit_files / f"releve-{row.name}.service").read_text("utf-8")
        line = next(each for each in text.splitlines() if each.startswith("ReadWritePaths="))
        home = unit_files.parent / "home"
        wanted = [f"{home}/{path}" for path in table().writable(row.name)]
        assert line.removeprefix("ReadWritePaths=").split() == wanted
        assert f"User=releve-{row.name}\n" in text
        assert ("IPAddressAllow=localhost" in text) is ("AF_INET" in row.families)


def test_the_pages_own_addresses_are_handed_to_the_web_part_alone(unit_files: Path) -> None:
    lines = (unit_files / SECURED).read_text("utf-8").splitlines()
    assert [each for each in lines if each.startswith("ListenStream=")] == [
        "ListenStream=192.168.50.2:8443",
        "ListenStream=[fd00::2]:443",
    ]
    assert "FileDescriptorName=web-tls" in lines and "FreeBind=yes" in lines
    named = [path.name for path in unit_files.iterdir() if SECURED in path.read_text("utf-8")]
    assert named == ["releve-web.service"]
    bare = units(table(), Setting(Path("/a"), Path("/b"), _PORTS))
    assert SECURED not in bare and "certificate" not in bare["releve-web.service"]


def test_inherited_rights_are_those_of_files() -> None:
    place = Place("x", "", {"web": "rw", "duty": "r", "signer": "x", "worker": "create"})
    assert place.inherited() == {"web": "rw", "duty": "r"}
