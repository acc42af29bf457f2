"""SQLite databases and WAV sounds: other structures a library of Python itself can verify."""

from __future__ import annotations

import io
import sqlite3
import wave

from releve.vault.formats.overwrite import scrambled
from releve.vault.formats.reading import PARSER_ERRORS, Reading, State


def read_sqlite(data: bytes) -> Reading:
    """``PRAGMA integrity_check`` on a copy in memory, its write-ahead mode switched off."""
    image = bytearray(data)
    image[18:20] = b"\x01\x01"
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(bytes(image))
        rows = connection.execute("PRAGMA integrity_check(3)").fetchall()
    except (sqlite3.Error, *PARSER_ERRORS) as error:
        return Reading("sqlite", State.BROKEN, f"base illisible ({str(error)[:60]})")
    finally:
        connection.close()
    if rows != [("ok",)]:
        return Reading("sqlite", State.BROKEN, f"contrôle d'intégrité : {str(rows[0][0])[:60]}")
    return Reading("sqlite", State.SOUND)


def read_wav(data: bytes) -> Reading:
    """Header and announced length."""
    try:
        with wave.open(io.BytesIO(data)) as sound:
            announced = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
    except (wave.Error, *PARSER_ERRORS) as error:
        return Reading("wav", State.BROKEN, f"son illisible ({str(error)[:60]})")
    if announced > len(data):
        return Reading("wav", State.BROKEN, "son coupé")
    return Reading("wav", State.SOUND)


def compare_raw(before: bytes, after: bytes) -> str:
    """Samples or records overwritten in place by noise."""
    return "le contenu a été écrasé sur place par du bruit" if scrambled(before, after) else ""
