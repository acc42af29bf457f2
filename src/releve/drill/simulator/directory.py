"""The process behind the identity and the file servers: one folder over loopback HTTP.

``python -m releve.drill.simulator.directory directory|share FOLDER``. It says ``{"url": …}`` once
it listens on a free loopback port, and ends when its standard input is closed. Standard library
only. Every request reads the folder again: when the attacker has been there, it shows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from releve.drill.simulator.processes import ignore_ctrl_c, say
from releve.kernel.units import KIB

DATABASE_FILE = "annuaire.sqlite"
_MAX_BODY = 4 * KIB


def hashed(password: str, salt: bytes) -> bytes:
    """scrypt, cheap (N = 2^12): the accounts are invented, the drill is timed."""
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << 12, r=8, p=1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, what: str) -> None:
        self.folder, self.what = folder, what
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = (self.server.folder / unquote(self.path).lstrip("/")).resolve()
        if self.server.what != "share" or not path.is_relative_to(self.server.folder):
            return self._answer(404, b"")
        try:
            return self._answer(200, path.read_bytes())
        except OSError:
            return self._answer(404, b"")

    def do_POST(self) -> None:
        size = min(int(self.headers.get("Content-Length", 0)), _MAX_BODY)
        try:
            asked = json.loads(self.rfile.read(size))
            right = self._knows(str(asked["login"]), str(asked["password"]))
        except (ValueError, KeyError, TypeError):
            return self._answer(400, b"")
        except sqlite3.DatabaseError:
            return self._answer(500, b"")
        return self._answer(200 if right else 401, b"")

    def _knows(self, login: str, password: str) -> bool:
        base = sqlite3.connect(f"file:{self.server.folder / DATABASE_FILE}?mode=ro", uri=True)
        try:
            query = "SELECT salt, hash FROM accounts WHERE login = ?"
            row = base.execute(query, (login,)).fetchone()
        finally:
            base.close()
        return row is not None and hmac.compare_digest(hashed(password, row[0]), row[1])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the engine's timeline tells the story."""


def main() -> None:
    """Entry point of the process."""
    ignore_ctrl_c()
    what, folder = sys.argv[1:]
    server = _Server(Path(folder).resolve(strict=True), what)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(url=f"http://127.0.0.1:{server.server_port}")
    while os.read(0, 4096):
        continue


if __name__ == "__main__":
    main()
