"""The live page when what it reads fails: it ends, and its reader asks again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from releve.care.app.live import Picture, Screens
from releve.care.app.reading import wards_under
from releve.establishment import stored
from releve.establishment.errors import StoreDamaged
from releve.kernel.home import Home
from releve.kernel.perimeter import perimeter

_ENTITY = perimeter("990000010")
_CENSUS = Picture("<p>lit 12</p>", _ENTITY)


class _Head:
    """How far the views are; unreadable the second time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        if self.asked == 2:
            raise OSError("trop de fichiers ouverts")
        return self.asked


def _draw(_now: datetime) -> Picture:
    return _CENSUS


async def _all(shown: AsyncIterator[Picture | None]) -> list[Picture | None]:
    return [picture async for picture in shown]


def test_a_look_that_fails_ends_the_page_and_the_next_reader_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def read() -> None:
        screens = Screens(_Head())
        first = await asyncio.wait_for(_all(screens.read("ward", _draw)), 10)
        assert first == [_CENSUS]
        again = screens.read("ward", _draw)
        assert await asyncio.wait_for(anext(again), 10) == _CENSUS
        await again.aclose()  # type: ignore[attr-defined]

    with caplog.at_level(logging.ERROR, "releve.care"):
        asyncio.run(read())
    assert "trop de fichiers ouverts" in caplog.text


def test_a_map_that_cannot_be_read_places_no_ward(records: Home) -> None:
    folder = records.path / "establishment"
    folder.mkdir()
    (folder / "current").write_text("nulle part")
    with pytest.raises(StoreDamaged):
        stored(records)
    assert wards_under(_ENTITY).at("CHIR-B").perimeter == _ENTITY
