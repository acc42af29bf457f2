"""What a home remembers about how it is served: ``HOME/settings.json``, written durably."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, replace

from releve.kernel.durable import write_durably
from releve.kernel.errors import BadInput
from releve.kernel.home import Home

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """Ports are remembered so that an enrolled machine finds the receiver again; 0 = not yet."""

    web_port: int = 0
    receiver_port: int = 0
    listener_port: int = 0


def read_settings(home: Home) -> Settings:
    """Raises ``BadInput`` naming the file when it is damaged; defaults when it is not there."""
    path = home.path / "settings.json"
    if not path.exists():
        return Settings()
    try:
        return Settings(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        fix = "Corrigez ce fichier, ou effacez-le : les ports seront choisis à nouveau."
        raise BadInput(where=path, what=error, fix=fix) from error


def remember(home: Home, **ports: int) -> Settings:
    """Write new values and return the whole."""
    settings = replace(read_settings(home), **ports)
    data = json.dumps(asdict(settings), indent=1).encode()
    write_durably(home.path / "settings.json", data, mode=0o644)
    return settings


def receiver_port(home: Home) -> int:
    """The receiver's port for this home, chosen free and remembered at the first call."""
    return read_settings(home).receiver_port or remember(home, receiver_port=_free()).receiver_port


def listener_port(home: Home) -> int:
    """The port where patient messages arrive (MLLP), chosen free and remembered likewise."""
    return read_settings(home).listener_port or remember(home, listener_port=_free()).listener_port


def mllp_address(listening: socket.socket) -> str:
    """How the address of a listening socket is written: ``mllp://127.0.0.1:2575/``."""
    host, port = listening.getsockname()[:2]
    return f"mllp://[{host}]:{port}/" if ":" in host else f"mllp://{host}:{port}/"


def _free() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])
