"""What an approval may perform: a registry supplied by the rooms above, never by signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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


def registered() -> Mapping[str, Act]:
    """Every kind of act, by its name."""
    found: Mapping[str, Act] = import_string(settings.RELEVE_ACTS)
    return found


def find(kind: str) -> Act:
    """The act of that kind; raises :class:`~releve.pages.errors.UnknownAct`."""
    try:
        return registered()[kind]
    except KeyError:
        raise UnknownAct(kind=kind) from None
