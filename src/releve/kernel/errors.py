"""The root of every error a person may read.

A class's docstring is its message (``str.format`` over the keyword data), its ``next_step`` says
what to do.
"""

from __future__ import annotations

import re
from typing import ClassVar


class ReleveError(Exception):
    """Relève n'a pas pu faire ce qui était demandé."""

    #: What the reader should do now; formatted with the same data as the message.
    next_step: ClassVar[str] = ""
    #: Exit status of a verb that ends on this error: 2 = could not run, 1 = ran but falls short.
    exit_code: ClassVar[int] = 2

    def __init__(self, **data: object) -> None:
        self.data = data
        super().__init__(re.sub(r"[ \n]+", " ", type(self).__doc__ or "").strip().format(**data))

    @property
    def remedy(self) -> str:
        """The next step with this error's data in it; empty when there is none."""
        return self.next_step.format(**self.data)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.data))


def _rebuild(kind: type[ReleveError], data: dict[str, object]) -> ReleveError:
    return kind(**data)


class MissingTool(ReleveError):
    """Il manque {tool} : {purpose}."""

    next_step = "{install}"


class BadInput(ReleveError):
    """{where} : {what}"""

    next_step = "{fix}"
