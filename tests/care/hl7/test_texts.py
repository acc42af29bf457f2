"""Escapes, charsets and hours: what a nurse reads is what the sender meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releve.care.hl7 import parse, parse_hl7_time


def text(field: bytes, charset: bytes = b"UNICODE UTF-8", marks: bytes = b"^~\\&") -> str:
    head = b"MSH|" + marks + b"|A|||||||1|P|2.7||||||" + charset
    return parse(head + b"\rNTE|1||" + field + b"\r").text("NTE", 3)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        (b"\\E\\F\\", "\\F\\"),
        (b"\\E\\.br\\E\\", "\\.br\\"),
        (b"\\X41\\\\X42\\", "AB"),
        (b"\\XC3A9\\", "é"),
        (b"\\XC3\\\\XA9\\", "é"),
        (b"\\xC3A9\\", "\\xC3A9\\"),
        (b"\\XC3\\", "\\XC3\\"),
        (b"\\X4\\", "\\X4\\"),
        (b"\\X\\", "\\X\\"),
        (
            b"1\\.br\\2\\.sp2\\3\\.ce\\4\\.sk3\\5\\.in+4\\6\\.fi\\7\\.nf\\8\\.ti-2\\9",
            "1\n2\n\n3\n4   56789",
        ),
        (b"\\.sp9999\\", "\n" * 50),
        (b"\\.zz\\", "\\.zz\\"),
        (
            b"\\H\\gras\\N\\ \\C2842\\ \\M1B2842\\ \\Zloc\\",
            "\\H\\gras\\N\\ \\C2842\\ \\M1B2842\\ \\Zloc\\",
        ),
        (b"C:\\temp\\F\\x\\", "C:\\temp|x\\"),
        (b"\\", "\\"),
        (b"\\P\\", "\\P\\"),
    ],
)
def test_escapes(written: bytes, meant: str) -> None:
    assert text(written) == meant


def test_the_truncation_escape_exists_where_it_is_declared() -> None:
    assert text(b"\\P\\", marks=b"^~\\&#") == "#"
    assert text(b"a\\P\\b\\T\\", marks=b"^~\\&%") == "a%b&"


def test_another_escape_character() -> None:
    assert text(b"a@F@b\\F\\", marks=b"^~@&") == "a|b\\F\\"


@pytest.mark.parametrize(
    ("declared", "octets", "meant", "codec", "known"),
    [
        (b"UNICODE UTF-8", "Élise œdème".encode(), "Élise œdème", "utf-8", True),
        (b"UNICODE", "É".encode(), "É", "utf-8", True),
        (b"8859/1", b"\xc9lise", "Élise", "iso8859-1", True),
        (b"8859/15", b"c\xbdur 3 \xa4", "cœur 3 €", "iso8859-15", True),
        (b"8859/1", b"\x9cd\xe8me", "œdème", "cp1252", True),
        (b"8859/1", b"\x81\xe8", "\x81è", "iso8859-1", True),
        (b"8859/2~UNICODE UTF-8", b"\xb1", "ą", "iso8859-2", True),
        (b"ASCII", b"plain", "plain", "ascii", True),
        (b"", b"plain", "plain", "ascii", True),
        (b"", "Élise".encode(), "Élise", "utf-8", False),
        (b"", b"\xc9lise", "Élise", "iso8859-1", False),
        (b"ASCII", b"\xc9lise", "Élise", "iso8859-1", False),
        (b"UNICODE UTF-8", b"\xc9lise", "Élise", "iso8859-1", False),
        (b"KLINGON", b"\xc9lise", "Élise", "iso8859-1", False),
        (b"BIG-5", "病人".encode("big5"), "病人", "big5", True),
        (b"GB 18030-2000", "病人".encode("gb18030"), "病人", "gb18030", True),
    ],
)
def test_charsets(declared: bytes, octets: bytes, meant: str, codec: str, known: bool) -> None:
    raw = b"MSH|^~\\&|A|||||||1|P|2.5||||||" + declared + b"\rNTE|1||" + octets + b"\r"
    message = parse(raw)
    assert message.text("NTE", 3) == meant
    assert (message.charset, message.charset_known) == (codec, known)
    note = message.first("NTE")
    assert note is not None
    assert note.field(3).raw == octets
    assert message.encode() == raw


def test_an_octet_escape_follows_the_charset_of_the_message() -> None:
    assert text(b"\\XE9\\", b"8859/1") == "é"
    assert text(b"\\XE9\\", b"") == "é"
    assert text(b"\\XC3A9\\", b"") == "é"
    assert text(b"\\XE9\\", b"UNICODE UTF-8") == "\\XE9\\"


def test_a_separator_never_comes_out_of_an_escape_as_a_separator() -> None:
    message = parse(b"MSH|^~\\&|A|\rPID|1||a\\X5E\\b^c\\X7C\\d")
    assert message.text("PID", 3) == "a^b"
    assert message.text("PID", 3, 2) == "c|d"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("20261121", datetime(2026, 11, 20, 23, tzinfo=UTC)),
        ("202611210309", datetime(2026, 11, 21, 2, 9, tzinfo=UTC)),
        ("20260701030900", datetime(2026, 7, 1, 1, 9, tzinfo=UTC)),
        ("20261121030900.1234+0530", datetime(2026, 11, 20, 21, 39, 0, 123400, tzinfo=UTC)),
        ("20261121030900-0430", datetime(2026, 11, 21, 7, 39, tzinfo=UTC)),
        # twice that night: the first, in summer time
        ("20261025023000", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("", None),
        ("20261", None),
        ("20261301", None),
        ("20260230", None),
        ("2026112124", None),
        ("20261121030960", None),
        ("20261121 0309", None),
        ("٢٠٢٦", None),
        ("20261121+9900", None),
        ("0001", None),
        ("aujourd'hui", None),
    ],
)
def test_hours(written: str, moment: datetime | None) -> None:
    assert parse_hl7_time(written) == moment
