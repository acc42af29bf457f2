"""What the simulated record system is told: its wards, how many patients, how fast it speaks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from releve.kernel.errors import BadInput

#: Kinds of service (``establishment.toml``) whose beds hold patients overnight.
_BEDDED = frozenset(
    {"emergency", "intensive", "surgery", "medicine", "maternity", "rehabilitation", "nursing"}
)
_LETTERS = "PFMD"


@dataclass(frozen=True)
class Ward:
    """``code`` names it in the establishment, ``unit`` in the feed (PV1-3.1); ``site`` is a
    FINESS; a bed is ``room-letter`` or a mere number.
    """

    code: str
    unit: str
    site: str
    beds: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """``start`` (ISO, with offset) is when the ward day begins; ``patients`` lie in beds then.

    ``habits`` forces a set of habits by its name; the seed draws one otherwise. A marker patient
    who never moves lies in ``marker_ward`` (the first ward when empty).
    """

    seed: int
    start: str
    wards: tuple[Ward, ...]
    patients: int
    messages_per_s: float = 8
    legal_entity: str = "990000010"
    habits: str = ""
    marker_ward: str = ""

    def __post_init__(self) -> None:
        beds = sum(len(ward.beds) for ward in self.wards)
        if not 1 <= self.patients <= beds:
            fix = f"Donnez entre 1 et {beds} patients, ou davantage de lits."
            raise BadInput(where="feed.patients", what=f"{self.patients} pour {beds} lits", fix=fix)
        if self.messages_per_s <= 0:
            fix = "Donnez un nombre de messages par seconde plus grand que zéro."
            raise BadInput(where="feed.messages_per_s", what=str(self.messages_per_s), fix=fix)
        if self.marker_ward and self.marker_ward not in {ward.code for ward in self.wards}:
            fix = f"Services connus : {', '.join(ward.code for ward in self.wards)}."
            raise BadInput(where="marker_ward", what=f"« {self.marker_ward} » inconnu", fix=fix)

    def write(self) -> dict[str, object]:
        """As it goes through the pipe."""
        return asdict(self)

    @classmethod
    def read(cls, line: str) -> Order:
        """The inverse of :meth:`write`."""
        fields = json.loads(line)
        fields["wards"] = tuple(
            Ward(**{**ward, "beds": tuple(ward["beds"])}) for ward in fields["wards"]
        )
        return cls(**fields)


def read_wards(folder: Path) -> tuple[Ward, ...]:
    """The wards of an establishment's folder that keep patients overnight, in its order.

    A service of n beds and several units shares its beds among them, as wards of the same code.
    Raises ``BadInput``.
    """
    path = folder / "establishment.toml"
    try:
        root = tomllib.loads(path.read_text("utf-8-sig"))
        services = root["service"]
        return tuple(
            ward
            for service in services
            if service.get("beds", 0) and service.get("kind") in _BEDDED
            for ward in _units(service)
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        fix = "./run establishment check dit ce qui manque dans ce dossier."
        raise BadInput(where=str(path), what=f"services illisibles ({error})", fix=fix) from error


def _units(service: Mapping[str, object]) -> list[Ward]:
    code, site = str(service["code"]), str(service["site"])
    units = service.get("units")
    names = [str(unit) for unit in units] if isinstance(units, list) and units else [code]
    count = int(str(service["beds"]))
    beds = [f"{101 + rank // 2}-{_LETTERS[rank % 2]}" for rank in range(count)]
    share = -(-count // len(names))
    return [
        Ward(code, name, site, tuple(beds[rank * share : (rank + 1) * share]))
        for rank, name in enumerate(names)
        if beds[rank * share : (rank + 1) * share]
    ]
