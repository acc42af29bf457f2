"""The worker's end of the private line: HTTP over the receiver's Unix socket."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault.errors import Absent, ReceiverUnreachable
from releve.vault.line import Dial
from releve.vault.objects import Kind, Verdict, decode_receipt
from releve.vault.ports import News, Segment
from releve.vault.protocol import Cause

_TIMEOUT_SECONDS = 30.0


class ReceiverLine:
    """A :class:`~releve.vault.ports.Depot` beside a running receiver. One caller at a time."""

    def __init__(self, home: Home) -> None:
        self._dial = Dial(home)
        transport = httpx.HTTPTransport(uds=self._dial.address)
        self._client = httpx.Client(
            transport=transport, base_url="http://receiver", timeout=_TIMEOUT_SECONDS
        )

    def news(self, start: int, wait: float) -> News:
        """See :class:`~releve.vault.ports.Depot`."""
        fields = self._get("/receipts", start=start, wait=wait).json()
        return News(
            fields["life"],
            tuple((int(number), decode_receipt(line)) for number, line in fields["receipts"]),
            {
                (MachineName(row["machine"]), Cause[row["cause"]]): int(row["count"])
                for row in fields["refusals"]
            },
        )

    def objects(self, machine: MachineName) -> MachineObjects:
        """See :class:`~releve.vault.ports.Depot`."""
        return MachineObjects(self, machine)

    def valid(self, machine: MachineName, kind: Kind) -> list[str]:
        """See :class:`~releve.vault.ports.Depot`."""
        return [str(name) for name in self._get(f"/valid/{machine}/{kind}").json()]

    def judge(self, verdicts: Iterable[Verdict]) -> None:
        """See :class:`~releve.vault.ports.Depot`."""
        body = b"\n".join(verdict.encode() for verdict in verdicts)
        try:
            self._client.post("/verdicts", content=body).raise_for_status()
        except httpx.HTTPError as error:
            raise ReceiverUnreachable(path=self._dial.path, why=error) from error

    def segments(self, start: int) -> list[Segment]:
        """See :class:`~releve.vault.ports.Depot`."""
        rows = self._get("/segments", start=start).json()
        return [Segment(int(first), int(count), str(root)) for first, count, root in rows]

    def close(self) -> None:
        """Hang up."""
        self._client.close()
        self._dial.close()

    def read(self, machine: MachineName, kind: Kind, name: str, span: dict[str, int]) -> bytes:
        """An object's bytes, or a part; raises :class:`Absent` when it is not there whole."""
        response = self._get(f"/object/{machine}/{kind}/{name}", missing=True, **span)
        wanted = span["end"] - span["start"] if "end" in span else len(response.content)
        if response.status_code != httpx.codes.OK or len(response.content) != wanted:
            raise Absent(what=f"{kind}/{name[:8]}", why="jamais reçu, ou pas en entier")
        return response.content

    def _get(self, path: str, *, missing: bool = False, **query: float | int) -> httpx.Response:
        try:
            response = self._client.get(path, params=query)
            if not (missing and response.status_code == httpx.codes.NOT_FOUND):
                response.raise_for_status()
        except httpx.HTTPError as error:
            raise ReceiverUnreachable(path=self._dial.path, why=error) from error
        return response


class MachineObjects:
    """:class:`~releve.vault.ports.Objects` through the line."""

    def __init__(self, line: ReceiverLine, machine: MachineName) -> None:
        self._line = line
        self._machine = machine

    def read(self, kind: Kind, name: str, start: int = 0, end: int | None = None) -> bytes:
        """See :class:`~releve.vault.ports.Objects`."""
        span = {"start": start} if end is None else {"start": start, "end": end}
        return self._line.read(self._machine, kind, name, span)
