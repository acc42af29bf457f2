"""Windows: the time during which one code opens the kits of one ward.

A window is a generated code and the age identity it wraps, in
``secrets/care/kits/<ward>/<n>.json``. After a kit was opened the next one begins: the code of the
last is burnt (erased here), its identity is kept so that the house can still read what it
published. Copies made before stay readable with the burnt code: ``docs/kits.md`` says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from releve.care.kit.codes import new_code
from releve.care.kit.envelope import Lock, new_identity, wrap
from releve.care.kit.errors import NoWindow, SecretUnreadable
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, erase_durably, make_folder, write_durably
from releve.kernel.home import Home

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
#: Names that another program, or this one, gives a meaning to; a digest is another ward's folder.
_TAKEN = re.compile(r"x-[0-9a-f]{16}|published|after|con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


@dataclass(frozen=True)
class Window:
    """``code`` is None once burnt."""

    ward: str
    number: int
    since: datetime
    code: str | None
    identity: str
    lock: Lock


def folder_name(ward: str) -> str:
    """A ward's code as a file name: itself when it is plain, else a digest. A code comes from a
    message: it never reaches a path as it is.
    """
    if _PLAIN.fullmatch(ward) and not _TAKEN.fullmatch(ward):
        return ward
    return "x-" + hashlib.sha256(ward.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def window_of(home: Home, ward: str) -> Window | None:
    """The ward's present window, None when no kit was ever made."""
    numbers = _numbers(home, ward)
    return window(home, ward, numbers[-1]) if numbers else None


def window(home: Home, ward: str, number: int) -> Window:
    """One window; raises :class:`NoWindow` or ``SecretUnreadable``."""
    path = _folder(home, ward) / f"{number}.json"
    if not path.exists():
        raise NoWindow(ward=ward)
    try:
        fields = json.loads(path.read_text("utf-8"))
        code = fields["code"]
        return Window(
            ward,
            number,
            from_iso(fields["since"]),
            None if code is None else str(code),
            str(fields["identity"]),
            Lock.from_json(fields["lock"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SecretUnreadable(path=path, why=error) from error


def ensure_window(home: Home, ward: str, now: datetime) -> Window:
    """The present window, opened when there is none; durable on return."""
    return window_of(home, ward) or _open(home, ward, 1, now)


def open_next(home: Home, old: Window, now: datetime) -> Window:
    """The window after ``old``, durable on return; kits made from now on open with its code."""
    return _open(home, old.ward, old.number + 1, now)


def burn(home: Home, old: Window) -> None:
    """Forget a window's code; durable on return."""
    write_durably(_folder(home, old.ward) / f"{old.number}.json", _encode(replace(old, code=None)))


def burn_below(home: Home, present: Window) -> None:
    """Forget the codes of every window before ``present``, newest first: a renewal that was stopped
    may have left more than one. Raises ``SecretUnreadable``, the newer ones being burnt.
    """
    for number in reversed(_numbers(home, present.ward)):
        if number < present.number:
            old = window(home, present.ward, number)
            if old.code is not None:
                burn(home, old)


def close_below(home: Home, present: Window) -> int:
    """Destroy every window before ``present``, codes and identities: the house reads nothing of
    what was made under them any more. Returns how many were.
    """
    numbers = [n for n in _numbers(home, present.ward) if n < present.number]
    return sum(erase_durably(_folder(home, present.ward) / f"{n}.json") for n in numbers)


def _open(home: Home, ward: str, number: int, now: datetime) -> Window:
    identity, code = new_identity(), new_code()
    lock = wrap(identity, code, f"releve-kit/1 {ward} {number}")
    made = Window(ward, number, now, code, identity, lock)
    make_folder(_folder(home, ward))
    # Two programs opening the same window: the first one's code is the ward's.
    create_durably(_folder(home, ward) / f"{number}.json", _encode(made))
    return window(home, ward, number)


def _encode(made: Window) -> bytes:
    fields = {
        "ward": made.ward,
        "since": iso(made.since),
        "code": made.code,
        "identity": made.identity,
        "lock": made.lock.to_json(),
    }
    return json.dumps(fields, indent=1).encode()


def _numbers(home: Home, ward: str) -> list[int]:
    paths = _folder(home, ward).glob("*.json")
    return sorted(int(path.stem) for path in paths if path.stem.isdigit())


def _folder(home: Home, ward: str) -> Path:
    return home.secrets("care") / "kits" / folder_name(ward)
