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
    "drill/app/stamps.py": ("TAPPED",),
    "drill/field/exercise.py": ("State",),
    "drill/field/paper.py": ("_TITLES",),
    "establishment/app/told.py": ("_KINDS",),
    "establishment/contradictions.py": ("_KINDS",),
    "establishment/degraded.py": ("_IMPACTS", "_WAYS", "_TRIED", "State"),
    "establishment/app/views.py": ("_HELD",),
    "establishment/drawing.py": ("State",),
    "incident/binder/esms/home.py": ("LABELS",),
    "incident/binder/esms/reading.py": ("_WHY",),
    "incident/gates.py": ("_AFFIRMED",),
    "incident/known.py": ("_WORDS",),
    "incident/logbook.py": ("Nature",),
    "incident/steps.py": ("_WORDS",),
    "kernel/world.py": ("Reality",),
    "pages/approvals.py": ("STATES",),
    "pages/delegations.py": ("State", "check_terms"),
    "pages/figures.py": ("FRESH", "age", "written"),
    "pages/roles.py": ("_WORDS",),
    "vault/protocol.py": ("Cause",),
    "vault/state.py": ("VERDICTS",),
    "web/words.py": ("_WORDS", "_KINDS"),
}  # fmt: skip
#: Errors that a page may meet.
ERRORS = (
    "kernel/ids.py", "kernel/hold.py", "kernel/perimeter.py", "pages/errors.py", "vault/errors.py",
    "incident/errors.py", "drill/field/errors.py", "retention/errors.py",
    "incident/binder/errors.py", "establishment/interview_errors.py",
    "incident/binder/esms/errors.py", "establishment/imports/errors.py",
)  # fmt: skip
_LABEL = re.compile(r'(?:coded|whole|parts|component)\((?:\w+, )?"([^"]+)"')
#: What no table holds: names given by the projection, usual gates, units of the ledger's figures.
PLAIN = (
    "demande", "fiche", "identité assainie", "zone propre",
    "registre", "coffre", "exercice", "flux HL7", "établissement",
    "conservation", "fichiers", "lignes", "messages", "mois", "nœuds", "objets", "patients",
    "fiche", "rang", "refus", "reçus",
    "Applications", "Serveurs", "Socle",
    "classeur", "cellule", "service", "rendu", "détruit", "perdu",
    "il faut neuf caractères : département, rang, clé",
    "la clé (dernier chiffre) ne correspond pas",
    "le nom de l'animateur", "la durée en minutes", "au moins un service qui participe",
    "les services",
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
        *in_contacts(),
        *in_interview(),
        *in_projection(),
        *in_professions(),
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
            if not isinstance(node, ast.ClassDef) or not _is_error(node):
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


def in_contacts() -> Iterator[Said]:
    """What the page of crisis numbers asks."""
    path = SOURCES / "establishment/contacts.toml"
    for each in tomllib.loads(path.read_text("utf-8"))["contact"]:
        for key in ("label", "help"):
            yield Said(each[key], None, "establishment/contacts.toml")


def in_steps() -> Iterator[Said]:
    where = "incident/first_steps.toml"
    for step in tomllib.loads((SOURCES / where).read_text("utf-8"))["step"]:
        yield Said(step["title"], None, where)
        yield Said(step["say"], None, where)
        yield Said(step["who"], None, where)
    where = "incident/questions.toml"
    for question in tomllib.loads((SOURCES / where).read_text("utf-8"))["question"]:
        yield Said(question["asks"], None, where)


def in_professions() -> Iterator[Said]:
    where = "drill/field/rules.toml"
    rules = tomllib.loads((SOURCES / where).read_text("utf-8"))
    for profession in rules["professions"]["listed"]:
        yield Said(profession, None, where)


def in_interview() -> Iterator[Said]:
    """Horizons and losses of the service interview."""
    where = "establishment/interview.toml"
    found = tomllib.loads((SOURCES / where).read_text("utf-8"))
    return (Said(each["words"], None, where) for each in (*found["horizon"], *found["loss"]))


def in_projection() -> Iterator[Said]:
    """The names of a patient's values (« médicament », « voie »)."""
    for path in sorted(SOURCES.glob("care/projection/*.py")):
        for name in _LABEL.findall(path.read_text("utf-8")):
            yield Said(name, None, str(path.relative_to(SOURCES)))


def plain() -> Iterator[Said]:
    return (Said(text, None, "tests/pages/msgids.py") for text in PLAIN)


def _is_error(node: ast.ClassDef) -> bool:
    """With its own next step, or one that it inherits from an error of ours."""
    bases = {ast.unparse(base) for base in node.bases}
    return "next_step" in ast.unparse(node) or "ApprovalRefused" in bases


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
