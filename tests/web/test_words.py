"""Every fact that the house writes in the ledger has words on the pages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import releve
from releve.drill.report.catalogue import CATALOGUE
from releve.web.words import named

ROOT = Path(releve.__file__).parent
#: Calls that write a fact, and where its name stands among their arguments.
_PLACES = {"Fact": 1, "Evidence": 0, "tell": 0, "record": 1}


def _calls(path: Path) -> Iterator[ast.expr]:
    """What each call that writes a fact gives as its name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called not in _PLACES:
            continue
        named_so = [each.value for each in node.keywords if each.arg == "what"]
        yield from named_so or node.args[_PLACES[called] :][:1]


def _texts(expression: ast.expr, module: ModuleType) -> Iterator[str]:
    """The texts an expression can give: constants, those of the module, values of its tables.
    Nothing for a parameter: whoever passes it is another call.
    """
    for node in ast.walk(expression):
        value: object = None
        if isinstance(node, ast.Constant):
            value = node.value
        elif isinstance(node, ast.Name):
            value = getattr(module, node.id, None)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = getattr(getattr(module, node.value.id, None), node.attr, None)
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, str))


def _written() -> dict[str, Path]:
    """Each fact's name, and a file that writes it; a drill's measures are in its catalogue."""
    found = dict.fromkeys(CATALOGUE, ROOT / "drill/report/catalogue.py")
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        calls = list(_calls(path))
        if calls:
            module = import_module(name)
            found |= {text: path for call in calls for text in _texts(call, module)}
    return found


def test_every_fact_written_has_words() -> None:
    written = _written()
    assert {"vault.unreadable", "care.kit.published", "incident.opened", "compte.premier"} <= {
        *written
    }
    words = {what: path.name for what, path in written.items() if " " not in what}
    assert {what: file for what, file in words.items() if named(what) == what} == {}
