"""Messages to read: those others wrote, and those a strategy invents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import strategies as st


def shared_folder() -> Path | None:
    """The messages written by others, beside the repository or where RELEVE_SHARED_DATA says."""
    told = os.environ.get("RELEVE_SHARED_DATA")
    if told:
        return Path(told) / "hl7v2"
    for parent in Path(__file__).resolve().parents:
        found = parent / "shared/data/hl7v2"
        if found.is_dir():
            return found
    return None


def shared_files() -> list[Path]:
    """Every one of them; the test is skipped aloud when they are not there."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("messages écrits par d'autres absents : RELEVE_SHARED_DATA=… (shared/data)")
    files = sorted(folder.glob("*.hl7"))
    assert len(files) > 50
    return files


HEADER = "MSH|^~\\&|DPI|VALBRUME|RELEVE|VALBRUME|20261121030900||ADT^A01|42|P|2.5|||||FRA|{charset}"

#: Texts of the ward, escapes well and badly written, and what breaks naive readers.
LEAVES = st.one_of(
    st.text(st.sampled_from("ABéœ 1.-'\"\u0130日"), max_size=6),
    st.sampled_from(
        (
            "",
            '""',
            "\\F\\",
            "\\T\\x\\S\\",
            "\\E\\F\\",
            "\\",
            "\\.br\\",
            "\\XC3A9\\",
            "\\Zq\\",
            "C:\\t",
        )
    ),
)


def _joined(parts: st.SearchStrategy[str], mark: str, most: int) -> st.SearchStrategy[str]:
    return st.lists(parts, max_size=most).map(mark.join)


FIELDS = _joined(_joined(_joined(LEAVES, "&", 3), "^", 4), "~", 3)
SEGMENTS = st.tuples(
    st.sampled_from(("PID", "OBX", "OBX", "ZBE", "PV1", "NTE")), st.lists(FIELDS, max_size=7)
).map(lambda drawn: "|".join((drawn[0], *drawn[1])))


@st.composite
def messages(draw: st.DrawFn, ends: tuple[str, ...] = ("\r", "\n", "\r\n")) -> bytes:
    """A message in UTF-8, sound but odd."""
    lines = [HEADER.format(charset="UNICODE UTF-8"), *draw(st.lists(SEGMENTS, max_size=6))]
    end = draw(st.sampled_from(ends))
    closing = end if draw(st.booleans()) else ""
    return (end.join(lines) + closing).encode()
