"""Live lines: one question to the source for everybody, nothing missed, rights per line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from releve.kernel.perimeter import perimeter
from releve.pages.approvals import Right
from releve.pages.live import Broadcaster, Line, written
from releve.pages.roles import PROOF_READERS, Role
from tests.pages.people import EJ, SITE, WARD


class Growing:
    """A source that grows when told, and counts how often it is asked."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked = 0

    def head(self) -> int:
        return self.count

    def since(self, number: int, limit: int) -> list[Line]:
        self.asked += 1
        last = min(self.count, number + limit)
        return [_line(n) for n in range(number, last)]


def _line(number: int) -> Line:
    return Line(number, f"<p>{number}</p>", PROOF_READERS, perimeter(SITE))


async def _numbers(reader: AsyncIterator[list[Line]], count: int) -> list[int]:
    found: list[int] = []
    async for batch in reader:
        found += [line.number for line in batch]
        if len(found) >= count:
            break
    return found


def test_each_reader_receives_every_new_line_once() -> None:
    async def play() -> list[list[int]]:
        source = Growing(10)
        broadcaster = Broadcaster(source)
        readers = [asyncio.create_task(_numbers(broadcaster.read(None), 700)) for _ in range(20)]
        await asyncio.sleep(0.1)
        source.count = 710
        found = await asyncio.gather(*readers)
        assert source.asked < 20
        return found

    assert all(numbers == list(range(10, 710)) for numbers in asyncio.run(play()))


def test_a_reader_that_comes_back_receives_what_it_missed() -> None:
    async def play() -> list[int]:
        return await _numbers(Broadcaster(Growing(1300)).read(3), 1296)

    assert asyncio.run(play()) == list(range(4, 1300))


def test_nobody_is_asked_anything_while_nobody_reads() -> None:
    async def play() -> tuple[int, int]:
        source = Growing(3)
        broadcaster = Broadcaster(source)
        reader = broadcaster.read(0)
        await _numbers(reader, 2)
        await reader.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        before = source.asked
        await asyncio.sleep(1.2)
        return before, source.asked

    before, after = asyncio.run(play())
    assert before == after


def test_a_line_is_written_only_for_those_who_may_read_it() -> None:
    batch = [_line(7)]
    for right, reads in (
        (Right(Role.AUDITOR, perimeter(EJ)), True),
        (Right(Role.AUDITOR, perimeter(SITE)), True),
        (Right(Role.AUDITOR, perimeter(WARD)), False),
        (Right(Role.CAREGIVER, perimeter(EJ)), False),
        (Right(Role.AUDITOR, perimeter("990000044")), False),
    ):
        text = written(batch, (right,))
        assert ("<p>7</p>" in text) is reads
        assert text.endswith("id: 7\nevent: nouveau\ndata: 7\n\n")
