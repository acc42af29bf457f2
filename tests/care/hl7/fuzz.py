"""Coverage-guided fuzzing of the reader: ``python -m tests.care.hl7.fuzz --seconds 60``.

Exit status 0: no crash, no hang, no octet lost. Any octets: ``split_messages`` gives them all back;
each piece is refused with NotHl7 or comes back octet for octet from its parts, and every reader
goes through. One input that takes more than a second of processor is a hang (libFuzzer's alarm is
the second net). The input at fault is written where ``--keep`` says (a folder, default: none).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["releve.care.hl7"]):
    from releve.care.hl7 import Columns, NotHl7, Wanted, parse, parse_hl7_time, split_messages

from tests.care.hl7.written import shared_folder

_WANTED = Wanted(
    {"PID": Columns(5, (5, 2), (3, 4, 2)), "OBX": Columns((5, 0), 3), "MSH": Columns(2, 9)}
)
_NUMBERS = Columns(1, (4, 2))
_SLOWEST = 1.0
#: Pieces of grammar for the mutator, as a libFuzzer dictionary writes them.
_WORDS = (
    *(
        "MSH|^~\\\\&|",
        "\\x0bMSH|^~\\\\&|",
        "\\x1c\\x0d",
        "\\x0dOBX|",
        "\\x0dPID|",
        "FHS|",
        "BHS|",
        "BTS",
    ),
    *(
        "\\\\X41\\\\",
        "\\\\.br\\\\",
        "\\\\.sp9\\\\",
        "\\\\E\\\\",
        '\\"\\"',
        "8859/1",
        "UNICODE UTF-8",
        "BIG-5",
    ),
    *("\\xef\\xbb\\xbf", "\\x0d\\x0a", "GB 18030-2000", "20261121030900+0100"),
)


class Lost(AssertionError):
    """Octets lost, or a reader that hangs."""


def try_one(data: bytes) -> None:
    """The properties, on one input."""
    started = time.process_time()
    pieces = list(split_messages(data))
    if b"".join(piece.before + piece.message + piece.after for piece in pieces) != data:
        raise Lost("split_messages perd des octets")
    for piece in pieces:
        _read(piece.message)
    _read(data)
    if time.process_time() - started > _SLOWEST:
        raise Lost(f"plus d'une seconde pour {len(data)} octets")


def _read(raw: bytes) -> None:
    try:
        message = parse(raw)
    except NotHl7:
        return
    if message.encode() != raw:
        raise Lost("la réécriture diffère")
    message.read(_WANTED)
    message.repeats("PID", 3, _NUMBERS)
    parse_hl7_time(message.text("MSH", 7))
    _ = (message.sender, message.charset, message.sent)
    for segment in message.segments():
        for number in range(1, min(segment.fields_count, 12) + 1):
            field = segment.field(number)
            if field.present:
                for repetition in field.repetitions[:4]:
                    for component in repetition.components[:4]:
                        component.text.encode()


def _seeds(folder: Path) -> None:
    shared = shared_folder()
    files = sorted(shared.glob("*.hl7")) if shared else []
    raws = [path.read_bytes().replace(b"\n", b"\r")[:1500] for path in files]
    raws.append(
        b"MSH|^~\\&|DPI|CHV|||20261121||ADT^A01|1|P|2.5||||||8859/1\rPID|1||1^^^A&B~2||D\xc9\r"
    )
    raws.append(b"\x0b" + raws[-1] + b"\x1c\r\x0bFHS|^~\\&\r" + raws[-1] + b"BTS|1\rFTS\r\x1c\r")
    for number, raw in enumerate(raws):
        (folder / str(number)).write_bytes(raw)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in _WORDS), "utf-8")


def main() -> int:
    """Fuzz for as long as asked; the child does it, for libFuzzer ends the process it runs in."""
    parser = argparse.ArgumentParser(description="Fuzzes the HL7 reader.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 2**31))
    parser.add_argument("--keep", type=Path, help="folder for the input at fault")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        _seeds(Path(corpus))
        words = Path(corpus, "words").rename(Path(corpus).with_suffix(".words"))
        kept = f"{arguments.keep}/" if arguments.keep else f"{corpus}/fault-"
        options = [
            f"-max_total_time={arguments.seconds}",
            f"-seed={arguments.seed}",
            f"-dict={words}",
            f"-artifact_prefix={kept}",
            *("-max_len=4000", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"),
        ]
        child = os.fork()
        if not child:
            atheris.Setup([sys.argv[0], *options, corpus], try_one)
            atheris.Fuzz()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        words.unlink()
    return 0 if os.waitstatus_to_exitcode(status) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
