"""Root's parent stages every path that a verb names: no verb may take one that it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from releve.cli.main import app
from releve.runtime import staging

_PATHS = ("FILE", "DIR", "KEY", "FICHIER")


def _verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _verbs(below, (*path, name))
    for parameter in command.params:
        yield path, parameter


def test_every_flag_and_path_of_every_verb_is_known() -> None:
    unknown = []
    for path, parameter in _verbs(typer.main.get_command(app)):
        words = str(getattr(parameter, "metavar", "") or "").strip("[]")
        if parameter.param_type_name != "option":
            known = any(path[:depth] in staging._PLAIN for depth in (1, 2, 3))
            unknown += [(path, parameter.name)] if words in _PATHS and not known else []
        elif getattr(parameter, "is_flag", False):
            long = [name for name in parameter.opts if name.startswith("--")]
            unknown += [(path, name) for name in long if name not in staging._FLAGS]
        elif words in _PATHS:
            unknown += [(path, name) for name in parameter.opts if name not in staging._OPTIONS]
    assert unknown == []
