"""What a home remembers about how it is served: ``HOME/settings.json``, written durably."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
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
    #: Where the pages answer outside loopback, over https: « 192.168.1.10:8443 ».
    addresses: tuple[str, ...] = ()


def read_settings(home: Home) -> Settings:
    """Raises ``BadInput`` naming the file when it is damaged; defaults when it is not there."""
    path = home.path / "settings.json"
    if not path.exists():
        return Settings()
    try:
        fields = json.loads(path.read_text("utf-8"))
        return Settings(**{**fields, "addresses": tuple(fields.get("addresses", ()))})
    except (ValueError, TypeError) as error:
        fix = "Corrigez ce fichier, ou effacez-le : les ports seront choisis à nouveau."
        raise BadInput(where=path, what=error, fix=fix) from error


def remember(home: Home, **ports: int) -> Settings:
    """Write new ports and return the whole."""
    return _write(home, Settings(**{**asdict(read_settings(home)), **ports}))


def remember_addresses(home: Home, addresses: Sequence[str]) -> Settings:
    """Write where the pages answer outside loopback and return the whole."""
    return _write(home, replace(read_settings(home), addresses=tuple(addresses)))


def _write(home: Home, settings: Settings) -> Settings:
    data = json.dumps(asdict(settings), indent=1).encode()
    write_durably(home.path / "settings.json", data, mode=0o644)
    return settings


def web_port(home: Home) -> int:
    """The port of the pages, chosen free and remembered at the first call."""
    return read_settings(home).web_port or remember(home, web_port=_free()).web_port


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
