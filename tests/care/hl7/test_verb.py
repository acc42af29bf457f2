"""``./run care read FILE [--roundtrip]`` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.care.hl7.written import shared_files


def run(*arguments: str | Path, given: bytes = b"") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "releve.cli", "care", "read", *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_summary_a_person_reads_with_hostile_text_shown() -> None:
    raw = b"MSH|^~\\&|DPI\x1b[2J|CHV|||202611210309||ADT^A01|7|P|2.5\rPID|1\rOBX|1\rOBX|2\r"
    status, out, _ = run("-", given=raw)
    assert status == 0
    for words in (
        "ADT^A01",
        "HL7 2.5",
        "21/11/2026 03:09",
        "MSH, PID, OBX ×2",
        "DPI\\u001b[2J|CHV",
    ):
        assert words in out
    assert "\x1b" not in out


def test_what_others_wrote_makes_the_round_trip_in_silence(tmp_path: Path) -> None:
    batch = tmp_path / "lot.hl7"
    batch.write_bytes(b"".join(b"\x0b" + p.read_bytes() + b"\x1c\r" for p in shared_files()))
    assert run(batch, "--roundtrip") == (0, "", "")
    assert run(shared_files()[0], "--roundtrip") == (0, "", "")


def test_the_good_part_is_read_and_the_rest_is_named() -> None:
    raw = b"bonjour\rMSH|^~\\&|A|||||||1|P|2.5\r"
    status, out, errors = run("-", given=raw)
    assert (status, "1 message lu" in out, "octet 0 " in errors) == (1, True, True)
    status, out, errors = run("-", "--roundtrip", given=raw[8:] + b"\x1c\rbonsoir")
    assert (status, out) == (1, "")
    assert "octet perdu : 27" in errors


def test_what_is_no_hl7_is_refused_with_a_remedy(tmp_path: Path) -> None:
    for given in (b"", b"\r\n", b"\x89PNG\r\n"):
        status, out, errors = run("-", given=given)
        assert (status, out, "→" in errors) == (2, "", True)
    assert run(tmp_path)[0] == run(tmp_path / "rien.hl7")[0] == 2
