"""The kit's one HTML file: what is outside the envelope, and how a file is read back.

Outside, in clear: the cover (ward, number, hour of making), the lock and the sealed contents in
base64. The cover stands again inside, where it cannot be changed: a difference is an alteration.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from releve.care.kit.envelope import Lock
from releve.care.kit.errors import KitUnreadable
from releve.care.kit.hours import full_hour, utc_hour, visible
from releve.care.kit.script import built_script
from releve.kernel.clock import from_iso
from releve.kernel.world import World

FORMAT = "releve-kit/1"
_HEADER = re.compile(rb'<script type="application/json" id="header">(.*?)</script>', re.DOTALL)
_SEALED = re.compile(rb'<script type="text/plain" id="sealed">([^<]*)</script>')
#: No honest kit is larger (1,000 patients weigh some 30 MB); reading stops there.
LARGEST = 512 * 1024 * 1024


@dataclass(frozen=True)
class Cover:
    """What a kit says of itself, outside and again inside. ``built`` is written UTC; ``period`` is
    in seconds; ``window`` is the code's.
    """

    ward: str
    ward_name: str
    hospital: str
    world: str
    window: int
    generation: int
    built: str
    period: float
    format: str = FORMAT

    @property
    def number(self) -> str:
        """« 2-14 »: window and generation; alone of its kind in its ward."""
        return f"{self.window}-{self.generation}"

    @property
    def title(self) -> str:
        """« Chirurgie B (CHIR-B) », or the code alone."""
        if self.ward_name in ("", self.ward):
            return visible(self.ward)
        return visible(f"{self.ward_name} ({self.ward})")

    @property
    def band(self) -> str:
        """The word across the top of every page of this world."""
        return "SIMULATION" if self.world == World.DRILL.value else "RÉEL"

    def to_json(self) -> dict[str, Any]:
        """As both places carry it, with the words that a person reads."""
        when = from_iso(self.built)
        return asdict(self) | {
            "number": self.number,
            "title": self.title,
            "band": self.band,
            "built_words": full_hour(when),
            "built_utc": utc_hour(when),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Cover:
        """Raises ``KeyError``, ``TypeError`` or ``ValueError`` on anything else than a cover."""
        if fields["format"] != FORMAT:
            raise ValueError(f"format inconnu : {fields['format']}")
        World(fields["world"])
        from_iso(fields["built"])
        return cls(
            str(fields["ward"]),
            str(fields["ward_name"]),
            str(fields["hospital"]),
            fields["world"],
            int(fields["window"]),
            int(fields["generation"]),
            fields["built"],
            float(fields["period"]),
        )


@dataclass(frozen=True)
class Outside:
    """A kit as read, still closed."""

    cover: Cover
    lock: Lock
    sealed: bytes


def write_page(cover: Cover, lock: Lock, sealed: bytes) -> bytes:
    """The whole file; raises ``KitsNotBuilt`` when the script was never built."""
    parts = _fixed(cover.world)
    body = b64encode(sealed)
    header = {"cover": cover.to_json(), "lock": lock.to_json(), "length": len(body)}
    # « < » never stands in a data block: no value can close it.
    text = json.dumps(header, ensure_ascii=True).replace("<", "\\u003c")
    head, middle, end = parts
    title = html.escape(f"Kit {cover.title} · {cover.band}")
    return b"".join(
        (head.replace("{{title}}", title).encode(), text.encode(), middle.encode(), body, end)
    )


@cache
def _fixed(world: str) -> tuple[str, str, bytes]:
    """What never changes from one kit to the next; the policy names exactly this script and this
    style.
    """
    folder = Path(__file__).parent
    script = built_script()
    style = (folder / "js/kit.css").read_text("utf-8")
    page = (folder / "js/kit.html").read_text("utf-8")
    page = page.replace("{{script-hash}}", _hash(script)).replace("{{style-hash}}", _hash(style))
    page = page.replace("{{world}}", world)
    page = page.replace("{{style}}", style).replace("{{script}}", script)
    head, rest = page.split("{{header}}")
    middle, end = rest.split("{{sealed}}")
    return head, middle, end.encode()


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def read_page(path: Path) -> Outside:
    """What a kit shows without its code; raises :class:`KitUnreadable`."""
    try:
        if path.stat().st_size > LARGEST:
            raise KitUnreadable(path=path, why="il est plus grand qu'aucun kit")
        return parse_page(path.read_bytes())
    except OSError as error:
        raise KitUnreadable(path=path, why=error.strerror or error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise KitUnreadable(path=path, why=error) from error


def parse_page(data: bytes) -> Outside:
    """The parts of a kit's file; raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    header, sealed = _HEADER.search(data), _SEALED.search(data)
    if header is None:
        raise ValueError("ce n'est pas un kit, ou sa couverture manque")
    if sealed is None:
        raise ValueError("il est incomplet : la copie a été interrompue")
    fields = json.loads(header[1])
    if len(sealed[1]) != fields["length"]:
        raise ValueError("il est incomplet : la copie a été interrompue")
    return Outside(
        Cover.from_json(fields["cover"]),
        Lock.from_json(fields["lock"]),
        b64decode(sealed[1], validate=True),
    )
