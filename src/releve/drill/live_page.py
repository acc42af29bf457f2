"""The drill as it happens, in a browser: the same lines as the terminal, on loopback, read only.

The page holds every line told so far, so that it says the same without a script; with one, new
lines come by Server-Sent Events. It asks no password: all it shows is a simulation, to this
machine alone, and it answers only to its own address (no other name may be made to point at it).
"""

from __future__ import annotations

import json
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from types import TracebackType
from urllib.parse import urlsplit

from releve.drill.measures import Happening, Result
from releve.drill.report import complete, inert, line_of, tell

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_QUIET_SECONDS = 5.0
_TYPES = {"css": "text/css", "js": "text/javascript"}


class LivePage:
    """A context manager; ``url`` is where it answers. Thread-safe."""

    def __init__(self, scenario: str, seed: int) -> None:
        self.title = f"{inert(scenario, 80)} · graine {seed}"
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._over = False
        page = self

        class Handler(_Handler):
            shown = page

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> LivePage:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def happened(self, happening: Happening) -> None:
        """One more line."""
        line = line_of(happening)
        by = " · ".join(part for part in (line.who, line.evidence) if part)
        word = f"<b>{escape(line.word)}</b> " if line.word else ""
        self._tell(
            f'<li class="{line.kind}"><time>{escape(line.hour)}</time><span>{word}'
            f'{escape(line.text)} <span class="by">{escape(by)}</span></span></li>'
        )

    def finish(self, result: Result) -> None:
        """The last line: what was held."""
        told = tell(complete(result))
        self._tell(f'<li class="verdict"><time></time><span>{escape(told.verdict)}</span></li>')

    def html(self) -> str:
        """The whole page as it stands."""
        with self._changed:
            lines = "\n".join(self._lines)
        text = files("releve.drill").joinpath("live_page.html").read_text("utf-8")
        return text.replace("{title}", escape(self.title)).replace("{lines}", lines)

    def after(self, count: int) -> tuple[list[str], bool]:
        """Lines from ``count`` on, waiting a moment for one; and whether no more will come."""
        with self._changed:
            if len(self._lines) <= count and not self._over:
                self._changed.wait(_QUIET_SECONDS)
            return self._lines[count:], self._over

    def _tell(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    """Four addresses, GET only."""

    shown: LivePage
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Host") != self.shown.host:
            self.send_error(421)
            return
        path = urlsplit(self.path).path
        if path == "/":
            self._send("text/html", self.shown.html())
        elif path == "/lignes":
            self._stream()
        elif path in ("/live.css", "/live.js"):
            self._send(_TYPES[path.rpartition(".")[2]], _asset(path))
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal tells the story."""

    def _send(self, kind: str, text: str) -> None:
        data = text.encode()
        self._head(kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")

    def _stream(self) -> None:
        """Lines numbered from what the browser last saw; ends with the drill."""
        last = self.headers.get("Last-Event-ID", "")
        count = int(last) + 1 if last.isdecimal() else 0
        self._head("text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                lines, over = self.shown.after(count)
                for line in lines:
                    self.wfile.write(f"id: {count}\ndata: {json.dumps(line)}\n\n".encode())
                    count += 1
                if over:
                    self.wfile.write(b"event: over\ndata: 1\n\n")
                    return
                self.wfile.write(b": \n\n")
                self.wfile.flush()
        except OSError:
            return


def _asset(path: str) -> str:
    if path == "/live.css":
        return files("releve.drill.report").joinpath("report.css").read_text("utf-8")
    return files("releve.drill").joinpath("live_page.js").read_text("utf-8")
