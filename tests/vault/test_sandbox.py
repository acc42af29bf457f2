"""The process that reads hostile files: what it may reach, how it dies, what its death costs."""

from __future__ import annotations

import io
import os
import shutil
import socket
from pathlib import Path
from typing import Literal

import pikepdf
import pytest

from releve.vault.formats import Examination, Reading, State
from releve.vault.sandbox import VALIDATORS, Limits, Sandbox, Stopped, Unreadable
from tests.vault.documents import make_docx, make_pdf, make_zip

TEXT = b"bonjour tout le monde\n" * 20

#: Put in place of the text validator: tries everything a stolen parser would, and says what worked.
_BURGLAR = """
def read_text(data):
    import ctypes, os, socket, subprocess
    from releve.vault.formats.reading import Reading, State
    reached = []
    def attempt(name, act):
        try:
            act()
        except BaseException:
            return
        reached.append(name)
    def connect(family, address):
        with socket.socket(family) as door:
            door.connect(address)
    attempt("network", lambda: connect(socket.AF_INET, ("127.0.0.1", {port})))
    attempt("unix", lambda: connect(socket.AF_UNIX, {unix!r}))
    attempt("key", lambda: os.read(os.open({key!r}, os.O_RDONLY), 1))
    attempt("listing", lambda: os.listdir({folder!r}))
    attempt("passwords", lambda: os.read(os.open("/etc/passwd", os.O_RDONLY), 1))
    attempt("parent memory", lambda: os.read(os.open("/proc/{parent}/environ", os.O_RDONLY), 1))
    attempt("write", lambda: os.open({folder!r} + "/ecrit", os.O_WRONLY | os.O_CREAT))
    attempt("signal", lambda: os.kill({parent}, 0))
    attempt("program", lambda: subprocess.run(["/bin/true"], check=True))
    attempt("child", lambda: os.fork() or os._exit(0))
    environment = [name for name in os.environ if name not in ("LC_CTYPE", "OPENBLAS_NUM_THREADS")]
    attempt("environment", lambda: environment[0])
    return Reading("text", State.BROKEN, ",".join(reached) or "nothing")
"""


def _validators(tmp_path: Path, code: str) -> Path:
    """A copy of the validators whose text reader is ``code``."""
    copy = tmp_path / "programme" / "vault" / "formats"
    shutil.copytree(VALIDATORS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "text.py").open("a", encoding="utf-8") as file:
        file.write(code)
    return copy


@pytest.mark.parametrize("stolen", [True, False])
def test_a_stolen_validator_reaches_nothing(
    tmp_path: Path, stolen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEVE_SECRET", "clé")
    key = tmp_path / "cle.txt"
    key.write_text("clé de la maison")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as door:
        unix = str(tmp_path / "porte")
        door.bind(unix)
        door.listen()
        code = _BURGLAR.format(
            port=server.getsockname()[1],
            unix=unix,
            key=str(key),
            folder=str(tmp_path),
            parent=os.getpid(),
        )
        if not stolen:  # the same attempts, unconfined, all succeed: the test can fail
            names: dict[str, object] = {}
            exec(code, names)  # noqa: S102
            free = names["read_text"](TEXT)  # type: ignore[operator]
            assert {"network", "unix", "key", "listing", "write", "signal", "environment"} <= {
                *free.detail.split(",")
            }
            return
        with Sandbox(validators=_validators(tmp_path, code)) as sandbox:
            reading = sandbox.read(TEXT)
    assert sandbox.refused == ()
    assert isinstance(reading, Reading)
    assert reading.detail == "nothing"
    assert not (tmp_path / "ecrit").exists()


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("import os; os.abort()", "de lui-même"),
        ("import os; os._exit(0)", "de lui-même"),
        ("while True: pass", "dépassé"),
        ("import time; time.sleep(60)", "délai"),
        ("import ctypes; ctypes.string_at(8)", "de lui-même"),
    ],
)
def test_a_validator_that_dies_costs_one_file(tmp_path: Path, deed: str, why: str) -> None:
    code = f"\ndef read_text(data):\n    {deed}\n"
    copy = _validators(tmp_path, code)
    with Sandbox(Limits(seconds=1), copy) as sandbox:
        dead = sandbox.examine(TEXT, TEXT + TEXT)
        alive = sandbox.examine(make_zip(1), make_zip(2))
    assert isinstance(dead, Stopped)
    assert "validateur arrêté" in dead.reason
    assert why in dead.reason
    assert isinstance(alive, Examination)
    assert sandbox.stopped == 1


def test_memory_is_bounded(tmp_path: Path) -> None:
    code = "\ndef read_text(data):\n    return [bytearray(1 << 28) for _ in range(20)]\n"
    with Sandbox(validators=_validators(tmp_path, code)) as sandbox:
        reading = sandbox.read(TEXT)
    assert isinstance(reading, Reading)
    assert reading.state is State.BEYOND


@pytest.mark.parametrize(
    "lie",
    ["{'kind': 'santé'}", "{'kind': 'text', 'state': 'parfait'}", "[]", "'ok'"],
)
def test_an_answer_that_is_not_one_is_refused(tmp_path: Path, lie: str) -> None:
    copy = _validators(tmp_path, "")
    with (copy / "worker.py").open("a", encoding="utf-8") as file:
        file.write(f"\ndef _answer(files):\n    return {{'after': {lie}}}\n")
    with Sandbox(validators=copy) as sandbox:
        answer = sandbox.read(TEXT)
    assert isinstance(answer, Stopped)


def test_what_the_process_says_is_shown_without_control_characters(tmp_path: Path) -> None:
    code = (
        "\ndef read_text(data):\n"
        "    return Reading('text', State.BROKEN, 'rouge\\x1b[31m\\u202e' + 'x' * 9000)\n"
    )
    with Sandbox(validators=_validators(tmp_path, code)) as sandbox:
        reading = sandbox.read(TEXT)
    assert isinstance(reading, Reading)
    assert reading.detail.isprintable()
    assert len(reading.detail) <= 200


def test_many_files_share_one_process() -> None:
    with Sandbox() as sandbox:
        seen = [sandbox.examine(make_docx(1), make_docx(2)) for _ in range(3)]
        seen += [sandbox.examine(make_pdf(1), make_pdf(2)) for _ in range(3)]
    assert all(isinstance(item, Examination) for item in seen)
    assert sandbox.stopped == 0


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "cible").write_bytes(TEXT)
    (tmp_path / "lien").symlink_to(tmp_path / "cible")
    with Sandbox() as sandbox, pytest.raises(Unreadable):
        sandbox.examine(TEXT, tmp_path / "lien")


def test_no_process_is_left(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        sandbox.read(TEXT)
        process = sandbox._process
        assert process is not None
        assert process.poll() is None
    assert process.poll() is not None


@pytest.mark.parametrize("revision", [4, 6])
def test_a_pdf_under_an_owner_password_is_read(revision: Literal[4, 6]) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf(1))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="", R=revision))
    with Sandbox() as sandbox:
        seen = sandbox.examine(make_pdf(1), out.getvalue())
    assert isinstance(seen, Examination)
    assert seen.after.state is State.SOUND
