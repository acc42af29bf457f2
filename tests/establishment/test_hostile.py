"""Whatever the bytes, a folder is read to its end: faults with a place and a remedy, no crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.establishment.folder import FILES as NAMES
from releve.establishment.folder import read_bytes
from tests.establishment.sample import FILES

_SEEDS = {name: content.encode() for name, content in FILES.items()}
_POISON = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"",
            b"\0",
            b"\x81",
            b'"',
            b"'''",
            b'"""',
            b";;;;",
            b"\r",
            b"[[",
            b"]]",
            b"[service]\n",
            b"[[service.unit]]\n",
            b"= = =",
            b"nan",
            b"1e400",
            b"9" * 5000,
            b"-1",
            b"true",
            b"1979-05-27",
            b"[1, [2]]",
            b"{a=1}",
            b"BEGIN:VEVENT\n",
            b"RRULE:FREQ=HOURLY\n",
            b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n",
            b"RDATE:20261102T080000\n",
            b"DTSTART:20261102\n",
            b"DTSTART:99991231T235959Z\n",
            b"DURATION:-P1D\n",
            b"EXDATE:20261102\n",
            b"00000101T000000",
            "\u202e".encode(),
            b"../../../",
            b"{0}",
        ]
    ),
)


@st.composite
def _spoilt(draw: st.DrawFn) -> dict[str, bytes]:
    files = dict(_SEEDS)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(NAMES))
        data = files[name]
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 30))
        files[name] = data[:start] + draw(_POISON) + data[start + length :]
    return files


@given(_spoilt())
@settings(max_examples=250)
def test_spoilt_files_are_read_to_the_end(files: dict[str, bytes]) -> None:
    reading = read_bytes(files)
    for fault in reading.faults:
        lines = files.get(fault.file, b"").count(b"\n") + files[fault.file].count(b"\r") + 1
        assert 0 <= fault.line <= lines
        assert fault.remedy
        assert (fault.what + fault.remedy).isprintable(), fault
    assert all(note.what.isprintable() for note in reading.notes)


@pytest.mark.parametrize(
    "name", ["a = " + "[" * 5000, "a" + ".a" * 5000 + " = 1", "a = " + "{a=" * 5000, "x = '''"]
)
def test_a_toml_made_to_exhaust_the_reader_is_a_fault(name: str) -> None:
    reading = read_bytes({**_SEEDS, "suppliers.toml": name.encode()})
    assert all(f.file != "suppliers.toml" or f.remedy for f in reading.faults)
    assert reading.establishment.suppliers == ()
