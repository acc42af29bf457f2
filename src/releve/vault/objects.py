"""What the vault keeps: objects of a restic repository, their receipts, their verdicts.

Names and kinds are those of restic's REST protocol (restic, *REST Backend*): an object's name is
the SHA-256 of its bytes in hexadecimal, save ``config``, which is the only one of its kind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from releve.kernel.clock import from_iso, iso
from releve.kernel.ids import MachineName

_NAME = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """The folders of a restic repository; ``config`` is a single file."""

    CONFIG = "config"
    DATA = "data"
    INDEX = "index"
    KEYS = "keys"
    LOCKS = "locks"
    SNAPSHOTS = "snapshots"


#: Kinds that the worker must have read as valid before they are listed back to their machine.
JUDGED = frozenset({Kind.INDEX, Kind.SNAPSHOTS})


def is_object_name(text: str) -> bool:
    """True for the 64 lower-case hexadecimal digits of a SHA-256."""
    return _NAME.fullmatch(text) is not None


class Ref(NamedTuple):
    """One object of one machine."""

    machine: MachineName
    kind: Kind
    name: str


@dataclass(frozen=True)
class Receipt:
    """The server's word that an object is on its disk; ``received`` is the server's clock."""

    ref: Ref
    size: int
    received: datetime
    #: Found on disk without a receipt when the receiver started: its answer was never sent.
    recovered: bool = False

    def encode(self) -> bytes:
        """One canonical JSON line."""
        fields: dict[str, object] = {
            "at": iso(self.received),
            "machine": self.ref.machine,
            "type": self.ref.kind.value,
            "name": self.ref.name,
            "size": self.size,
        }
        if self.recovered:
            fields["recovered"] = True
        return json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()


def decode_receipt(data: bytes | str) -> Receipt:
    """The inverse of :meth:`Receipt.encode`; raises ``ValueError`` or ``KeyError``."""
    fields = json.loads(data)
    return Receipt(
        _ref(fields),
        int(fields["size"]),
        from_iso(fields["at"]),
        bool(fields.get("recovered", False)),
    )


@dataclass(frozen=True)
class Verdict:
    """What the worker, which holds the password, read in an object; final once given."""

    ref: Ref
    valid: bool
    reason: str

    def encode(self) -> bytes:
        """One canonical JSON line."""
        fields = {
            "machine": self.ref.machine,
            "type": self.ref.kind.value,
            "name": self.ref.name,
            "valid": self.valid,
            "reason": self.reason,
        }
        return json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()


def decode_verdict(data: bytes | str) -> Verdict:
    """The inverse of :meth:`Verdict.encode`; raises ``ValueError`` or ``KeyError``."""
    fields = json.loads(data)
    return Verdict(_ref(fields), fields["valid"] is True, str(fields["reason"]))


def _ref(fields: dict[str, str]) -> Ref:
    return Ref(MachineName(fields["machine"]), Kind(fields["type"]), fields["name"])
