"""The perimeter path: legal entity (EJ) / site (EG) / ward. Rights are a role times a perimeter."""

from __future__ import annotations

from dataclasses import dataclass

from releve.kernel.errors import ReleveError
from releve.kernel.ids import Finess, finess


class BadPerimeter(ReleveError):
    """« {text} » n'est pas un périmètre."""

    next_step = "Écrivez EJ, EJ/EG ou EJ/EG/service, par exemple 990000010/990000028/CHIR-B."


@dataclass(frozen=True, order=True)
class Perimeter:
    """One to three levels, from the widest; a wider perimeter contains the narrower ones."""

    ej: Finess
    eg: Finess | None = None
    ward: str | None = None

    def contains(self, other: Perimeter) -> bool:
        """True when ``other`` is this perimeter or lies below it."""
        return self.parts == other.parts[: len(self.parts)]

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in (self.ej, self.eg, self.ward) if part is not None)

    def __str__(self) -> str:
        return "/".join(self.parts)


def perimeter(text: str) -> Perimeter:
    """Parse ``EJ[/EG[/ward]]``; raises :class:`BadPerimeter` or ``BadFiness``."""
    parts = text.split("/")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise BadPerimeter(text=text)
    return Perimeter(
        finess(parts[0]),
        finess(parts[1]) if len(parts) > 1 else None,
        parts[2] if len(parts) > 2 else None,
    )
