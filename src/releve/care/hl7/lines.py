"""Where segments end. The standard says CR; files come with LF, CRLF, blank lines or a mixture.

A run of line ends is one end, kept as it came. In a message whose segments end with CR, a line
feed ends one only where a segment name follows: elsewhere it is part of a text.
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"([\r\n]+)")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}(?=(.)|\Z)", re.DOTALL)


def cut(body: str, field: str) -> tuple[list[str], list[str]]:
    """The segments of ``body`` and the end that follows each (empty after the last, perhaps)."""
    mark = _uniform(body)
    if mark is None:
        return _mixed(body, field)
    lines = body.split(mark)
    ends = [mark] * len(lines)
    if lines[-1]:
        ends[-1] = ""
    else:
        lines.pop()
        ends.pop()
    return lines, ends


def with_returns(body: str, field: str) -> str:
    """``body`` with carriage returns between segments, and nowhere else; runs of them are left."""
    if "\n" not in body:
        return body
    if "\r" not in body:
        return body.replace("\n", "\r")
    if body.count("\r\n") == body.count("\n"):
        return body.replace("\r\n", "\r")
    return "\r".join(cut(body, field)[0])


def _uniform(body: str) -> str | None:
    """The one end this message uses, when it uses one and leaves no blank line."""
    if "\n" not in body:
        return None if "\r\r" in body else "\r"
    if "\r" not in body:
        return None if "\n\n" in body else "\n"
    pairs = body.count("\r\n")
    if body.count("\r") == pairs == body.count("\n") and "\r\n\r\n" not in body:
        return "\r\n"
    return None


def _mixed(body: str, field: str) -> tuple[list[str], list[str]]:
    parts = _RUNS.split(body)
    strict = "\r" in parts[1]
    lines: list[str] = []
    ends: list[str] = []
    held: list[str] = []
    for number in range(0, len(parts), 2):
        line = parts[number]
        end = parts[number + 1] if number + 1 < len(parts) else ""
        held.append(line)
        after = parts[number + 2] if number + 2 < len(parts) else ""
        if strict and end and "\r" not in end and after and not _starts_segment(after, field):
            held.append(end)
            continue
        lines.append("".join(held))
        ends.append(end)
        held = []
    if not lines[-1]:
        lines.pop()
        ends.pop()
    return lines, ends


def _starts_segment(line: str, field: str) -> bool:
    name = _NAME.match(line)
    return name is not None and name[1] in (None, field)
