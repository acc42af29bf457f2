"""What the product may show, read from its sources: templates, calls of gettext, and the tables of
rooms that know nothing of Django. Python only: no program of GNU gettext is needed.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

from releve.care.words import UNREAD

SOURCES = Path(__file__).parents[2] / "src/releve"
_TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\bn?gettext\(({_TEXT})(?:, ({_TEXT}), count)?\)")
_SIMPLE = frozenset({"gettext", "gettext_lazy", "gettext_noop"})
#: Tables and classes whose French texts pages show through ``translated`` or ``gettext``.
TABLES: dict[str, tuple[str, ...]] = {
    "care/words.py": (
        "TITLES", "NO_TREATMENTS", "_NEVER", "_NONE_STATED", "_SHORT_NEVER", "_STATUS",
        "state_words", "short_state", "KINDS", "HOMONYM",
    ),
    "establishment/app/told.py": ("_KINDS",),
    "establishment/app/views.py": ("_HELD",),
    "establishment/drawing.py": ("State",),
    "incident/gates.py": ("_AFFIRMED",),
    "incident/logbook.py": ("Nature",),
    "incident/steps.py": ("_WORDS",),
    "kernel/world.py": ("Reality",),
    "pages/approvals.py": ("STATES",),
    "pages/figures.py": ("FRESH", "age", "written"),
    "pages/roles.py": ("_WORDS",),
    "vault/protocol.py": ("Cause",),
    "vault/state.py": ("VERDICTS",),
    "web/words.py": ("_WORDS", "_KINDS"),
}  # fmt: skip
#: Errors that a page may meet.
ERRORS = (
    "kernel/ids.py", "kernel/perimeter.py", "pages/errors.py", "vault/errors.py",
    "incident/errors.py", "establishment/imports/errors.py",
)  # fmt: skip
_LABEL = re.compile(r'(?:coded|whole|parts|component)\((?:\w+, )?"([^"]+)"')
#: What no table holds: names given by the projection, usual gates, units of the ledger's figures.
PLAIN = (
    "demande", "fiche", "identité assainie", "zone propre",
    "registre", "coffre", "exercice", "flux HL7", "établissement",
    "fichiers", "lignes", "messages", "nœuds", "objets", "patients", "rang", "refus", "reçus",
    "Applications", "Serveurs", "Socle",
    "il faut neuf caractères : département, rang, clé",
    "la clé (dernier chiffre) ne correspond pas",
)  # fmt: skip
#: Texts of those tables that are codes, or are said otherwise.
_NOT_WORDS = re.compile(r"il y a |[,.]")


class Said(NamedTuple):
    """A text, its plural when it has one, and where it stands."""

    msgid: str
    plural: str | None
    where: str


def all_said() -> list[Said]:
    """Every text that a page may show."""
    return [
        *in_templates(),
        *in_calls(),
        *in_tables(),
        *in_errors(),
        *in_steps(),
        *in_projection(),
        *plain(),
    ]


def in_templates() -> Iterator[Said]:
    for path in sorted(SOURCES.glob("**/templates/**/*.*")):
        where = str(path.relative_to(SOURCES))
        code = templatize(path.read_text("utf-8"), origin=where)
        for found in _CALL.finditer(code):
            plural = ast.literal_eval(found[2]) if found[2] else None
            yield Said(ast.literal_eval(found[1]), plural, where)


def in_calls() -> Iterator[Said]:
    for path in sorted(SOURCES.glob("**/*.py")):
        text = path.read_text("utf-8")
        if "django.utils.translation" not in text:
            continue
        tree = ast.parse(text)
        names = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = names.get(node.func.id, "")
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
                where = f"{path.relative_to(SOURCES)}:{node.lineno}"
                if kind in _SIMPLE and texts:
                    yield Said(str(texts[0]), None, where)
                elif kind in ("ngettext", "ngettext_lazy") and len(texts) > 1:
                    yield Said(str(texts[0]), str(texts[1]), where)


def in_tables() -> Iterator[Said]:
    for name, wanted in TABLES.items():
        tree = ast.parse((SOURCES / name).read_text("utf-8"))
        absent = set(wanted).difference(*map(_names, tree.body))
        assert not absent, f"{name} n'a plus {absent} : ses textes ne seraient plus traduits"
        for node in tree.body:
            if _names(node) & set(wanted):
                for text in _texts(node):
                    yield Said(text, None, f"{name}:{node.lineno}")
    yield Said(*UNREAD, "care/words.py")


def in_errors() -> Iterator[Said]:
    """Messages and remedies, with their {data}; those made of data alone have nothing to say."""
    for name in ERRORS:
        for node in ast.parse((SOURCES / name).read_text("utf-8")).body:
            if not isinstance(node, ast.ClassDef) or "next_step" not in ast.unparse(node):
                continue
            texts = [ast.get_docstring(node, clean=False) or ""]
            texts += [
                str(ast.literal_eval(inner.value))
                for inner in node.body
                if isinstance(inner, ast.Assign) and ast.unparse(inner.targets[0]) == "next_step"
            ]
            for text in texts:
                if re.search(r"\w", re.sub(r"\{\w+\}", "", text)):
                    message = re.sub(r"[ \n]+", " ", text).strip()
                    yield Said(message, None, f"{name}:{node.lineno}")


def in_steps() -> Iterator[Said]:
    where = "incident/first_steps.toml"
    for step in tomllib.loads((SOURCES / where).read_text("utf-8"))["step"]:
        yield Said(step["title"], None, where)
        yield Said(step["say"], None, where)


def in_projection() -> Iterator[Said]:
    """The names of a patient's values (« médicament », « voie »)."""
    for path in sorted(SOURCES.glob("care/projection/*.py")):
        for name in _LABEL.findall(path.read_text("utf-8")):
            yield Said(name, None, str(path.relative_to(SOURCES)))


def plain() -> Iterator[Said]:
    return (Said(text, None, "tests/pages/msgids.py") for text in PLAIN)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return {node.name}
    if isinstance(node, ast.AnnAssign):
        return {ast.unparse(node.target)}
    if isinstance(node, ast.Assign):
        return {
            name.id
            for target in node.targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
    return set()


def _texts(node: ast.AST) -> Iterator[str]:
    """The string values inside, without docstrings, dictionary keys, nor parts of f-strings."""
    if isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value and not _NOT_WORDS.fullmatch(node.value):
            yield node.value
        return
    children = node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node)
    for child in children:
        yield from _texts(child)
