"""What the reader refuses, where it stopped, and what to do with the octets."""

from __future__ import annotations

from typing import ClassVar

from releve.kernel.errors import ReleveError


class NotHl7(ReleveError):
    """Ce n'est pas un message HL7 v2 lisible : {what} (octet {octet})."""

    next_step: ClassVar[str] = "{fix}"

    def __init__(self, *, what: str, octet: int, fix: str) -> None:
        super().__init__(what=what, octet=octet, fix=fix)
        #: Where reading stopped, counted from 0 in the octets given to ``parse``.
        self.octet = octet
