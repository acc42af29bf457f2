"""What an approval may perform: a registry supplied by the rooms above, never by signals.

An act may be done by one person under a signed delegation (``solo``) only when its effect protects,
freezes or adds beside: rights, retention and the reading of others' data always take two, and
:class:`Act` refuses to be built otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from releve.kernel.perimeter import Perimeter
from releve.pages.errors import UnknownAct
from releve.pages.roles import Role


@dataclass(frozen=True)
class Field:
    """One question of the request form: its key in the act and the label people read."""

    name: str
    label: str
    help: str = ""
    #: Proposed answers (value, words); empty = free text. A callable is asked for each form.
    choices: Callable[[], Sequence[tuple[str, str]]] | None = None
    optional: bool = False


class Effect(StrEnum):
    """The worst that an act does by itself; what may be done alone follows from it."""

    #: Calls people together, changes no data: opening a crisis.
    ALERT = "alert"
    #: Keeps things as they are.
    FREEZE = "freeze"
    #: Makes another copy of what care needs.
    PROTECT = "protect"
    #: Adds beside what exists, changes and erases nothing: a restore into a new folder.
    BESIDE = "beside"
    #: Gives somebody a right, or the power to act alone.
    RIGHTS = "rights"
    #: Shortens what is kept, or lets it be shortened.
    RETENTION = "retention"
    #: Shows somebody the data of others.
    READING = "reading"


#: What one person may do under a delegation. Source: threats 7 and 17.
ALONE = frozenset({Effect.ALERT, Effect.FREEZE, Effect.PROTECT, Effect.BESIDE})


@dataclass(frozen=True)
class Act:
    """A kind of act that needs two people.

    ``prepare`` checks the answers and returns the act (plain JSON values), raising a
    ``ReleveError`` that says what to mend. ``words`` says in French sentences what will happen.
    ``perimeter`` is where it happens. ``perform`` runs inside the approval's transaction and
    enqueues or writes: it must not wait on the network; it returns one sentence, what was started.
    """

    title: str
    may_request: frozenset[Role]
    may_approve: frozenset[Role]
    words: Callable[[Mapping[str, Any]], Sequence[str]]
    perimeter: Callable[[Mapping[str, Any]], Perimeter]
    perform: Callable[[Mapping[str, Any], int], str]
    prepare: Callable[[Mapping[str, str]], dict[str, Any]] = field(default=dict)
    fields: tuple[Field, ...] = ()
    #: Acts asked from their own page are not listed in the general request page.
    listed: bool = True
    minutes: int = 30
    #: Undeclared = it always takes two people.
    effect: Effect | None = None
    #: One person may do it under a delegation that names it.
    solo: bool = False
    #: The page where one person does it without any delegation; empty = there is none.
    free_at: str = ""

    def __post_init__(self) -> None:
        if (self.solo or self.free_at) and self.effect not in ALONE:
            raise ValueError(f"« {self.title} » ne peut pas être fait seul : {self.effect}")


def registered() -> Mapping[str, Act]:
    """Every kind of act, by its name."""
    found: Mapping[str, Act] = import_string(settings.RELEVE_ACTS)
    return found


def delegable() -> Mapping[str, Act]:
    """Those that a delegation may name."""
    return {kind: act for kind, act in registered().items() if act.solo}


def find(kind: str) -> Act:
    """The act of that kind; raises :class:`~releve.pages.errors.UnknownAct`."""
    try:
        return registered()[kind]
    except KeyError:
        raise UnknownAct(kind=kind) from None
