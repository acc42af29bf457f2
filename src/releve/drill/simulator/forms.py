"""Reading a page as a browser without scripts does: its forms, its errors, its marked texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)


@dataclass
class Form:
    """A form: where it goes, how, and what its fields hold before anyone types."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """``marked``: text by the element's id or class name."""

    forms: list[Form] = field(default_factory=list)
    marked: dict[str, list[str]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    @property
    def errors(self) -> str:
        """The page's error messages, in its order, on one line."""
        return " ".join(" ".join(text.split()) for text in self.marked.get("error", ()))

    @property
    def says(self) -> str:
        """The words of the page's main part, on one line."""
        return " ".join((self.marked.get("page") or [""])[0].split())

    def form_with(self, *names: str) -> Form | None:
        """The first form that asks for all these fields."""
        for form in self.forms:
            if set(names) <= set(form.fields):
                return form
        return None

    def text(self, mark: str) -> str:
        """The first text under that id or class, without white space; empty when there is none."""
        return "".join((self.marked.get(mark) or [""])[0].split())


def read_page(html: str) -> Page:
    """Parse what the server sent; never raises."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.page


def filled(form: Form, answers: Mapping[str, str]) -> dict[str, str]:
    """The form's own values (its CSRF token among them) with the answers over them."""
    return {**form.fields, **answers}


def path_of(url: str) -> str:
    """``/connexion/code/`` of a whole address."""
    return urlsplit(url).path


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._select: str | None = None
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get"))
            self.page.forms.append(self._form)
        elif tag in ("input", "textarea", "select"):
            self._field(tag, found)
        elif tag == "option":
            self._option(found)
        elif tag == "a" and "href" in found:
            self.page.links.append(found["href"])
        if tag not in _VOID:
            marks = [found.get("id", ""), *found.get("class", "").split()]
            self._open.append((tag, [mark for mark in marks if mark]))
            for mark in self._open[-1][1]:
                self.page.marked.setdefault(mark, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        for _, marks in self._open:
            for mark in marks:
                self.page.marked[mark][-1] += data

    def _option(self, found: dict[str, str]) -> None:
        """A list holds its first choice until another is marked as selected."""
        if self._form is None or self._select is None:
            return
        if "selected" in found or not self._form.fields[self._select]:
            self._form.fields[self._select] = found.get("value", "")

    def _field(self, tag: str, found: dict[str, str]) -> None:
        name = found.get("name")
        if self._form is None or not name:
            return
        if found.get("type") in ("checkbox", "radio") and "checked" not in found:
            return
        self._form.fields[name] = found.get("value", "")
        if tag == "select":
            self._select = name
