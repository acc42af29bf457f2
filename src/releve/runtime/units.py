"""The systemd units of an installed home, from the one table (``accounts.toml``).

``releve.target`` holds one service per part; the sockets a part is handed are units of their own,
so that no supervisor runs as root and a part that dies comes back on the same socket. What a line
here grants is in the table; the rest is taken away alike from all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from releve.runtime.accounts import Row, Table
from releve.runtime.addresses import Address
from releve.runtime.part import secured_name
from releve.runtime.settings import LOOPBACK

TARGET = "releve.target"
#: The part that serves the pages, and the socket of its own addresses.
PAGES = "web"
SECURED = f"releve-{secured_name(PAGES)}.socket"
_DAILY = "releve-daily"
_HARDENED = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SocketBindDeny=any
UMask=0077
TasksMax=256
LimitNOFILE=65536
"""


@dataclass(frozen=True)
class Setting:
    """Where the program and the home are; ``ports`` by the names of ``settings.json``."""

    prefix: Path
    home: Path
    ports: Mapping[str, int]
    #: Where the pages answer outside loopback, over TLS.
    addresses: tuple[Address, ...] = ()

    def run(self, module: str) -> str:
        """A command line of the program in service."""
        return f"{self.prefix}/current/venv/bin/python -I -X utf8 -m releve.runtime.{module}"


def units(table: Table, setting: Setting) -> dict[str, str]:
    """File name → text, for ``/etc/systemd/system``."""
    made = {TARGET: _target(table), **_daily(setting)}
    for row in table.parts:
        sockets = {}
        for stream in row.streams:
            sockets[_socket_name(row, stream)] = _socket(row, stream, setting)
        if _secured_here(row, setting):
            sockets[SECURED] = _secured(setting)
        made |= sockets
        made[f"releve-{row.name}.service"] = _service(table, row, setting, list(sockets))
    return made


def handed_name(row: Row, stream: str) -> str:
    """The name (``FileDescriptorName``) under which a part finds a stream: its own for the first,
    the socket file's for the other.
    """
    return row.name if stream == row.streams[0] else Path(stream).name


def _target(table: Table) -> str:
    wanted = " ".join(f"releve-{row.name}.service" for row in table.parts)
    wanted += f" {_DAILY}.timer"
    return (
        "[Unit]\nDescription=Relève : l'hôpital continue de soigner quand son informatique tombe\n"
        f"Wants={wanted}\n\n[Install]\nWantedBy=multi-user.target\n"
    )


def _socket_name(row: Row, stream: str) -> str:
    inner = "" if stream == row.streams[0] else "-inner"
    return f"releve-{row.name}{inner}.socket"


def _socket(row: Row, stream: str, setting: Setting) -> str:
    if stream in setting.ports:
        where = f"{LOOPBACK}:{setting.ports[stream]}"
        owner = ""
    else:
        where = str(setting.home / stream)
        owner = f"SocketUser={row.user}\nSocketMode=0600\nDirectoryMode=0700\n"
    return (
        f"[Unit]\nDescription=Relève, prise de « {row.name} »\nPartOf={TARGET}\n\n"
        f"[Socket]\nListenStream={where}\n{owner}Backlog=512\n"
        f"FileDescriptorName={handed_name(row, stream)}\n"
        f"Service=releve-{row.name}.service\n"
    )


def _secured(setting: Setting) -> str:
    """Anybody who reaches the address may speak to it: lists of addresses of the service do not
    hold for sockets it is handed (systemd.resource-control(5)), and this one has none.
    """
    where = "\n".join(f"ListenStream={each}" for each in setting.addresses)
    return (
        f"[Unit]\nDescription=Relève, pages en https\nPartOf={TARGET}\n\n"
        f"[Socket]\n{where}\nFreeBind=yes\nBindIPv6Only=ipv6-only\nBacklog=512\n"
        f"FileDescriptorName={secured_name(PAGES)}\nService=releve-{PAGES}.service\n"
    )


def _secured_here(row: Row, setting: Setting) -> bool:
    return row.name == PAGES and bool(setting.addresses)


def _as_root(setting: Setting, act: str) -> str:
    return f"{setting.run('installed')} {act} --home {setting.home} --prefix {setting.prefix}"


def _daily(setting: Setting) -> dict[str, str]:
    """By root: what a restore gave the modes of the backup gets its access list again, and the
    certificate is renewed when it must be (no part reads the authority's key).
    """
    acts = "".join(f"ExecStart={_as_root(setting, act)}\n" for act in ("apply", "certificate"))
    return {
        f"{_DAILY}.service": (
            "[Unit]\nDescription=Relève : droits du dossier, certificat des pages\n\n"
            f"[Service]\nType=oneshot\n{acts}ReadWritePaths={setting.home}\n"
            "NoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n"
            "PrivateDevices=yes\nRestrictAddressFamilies=AF_UNIX\nIPAddressDeny=any\nUMask=0077\n"
        ),
        f"{_DAILY}.timer": (
            f"[Unit]\nDescription=Relève : chaque jour\nPartOf={TARGET}\n\n"
            "[Timer]\nOnCalendar=daily\nPersistent=yes\n"
        ),
    }


def _service(table: Table, row: Row, setting: Setting, sockets: list[str]) -> str:
    home = setting.home
    writable = " ".join(f"{home}/{path}" for path in table.writable(row.name))
    named = " ".join(sockets)
    lines = [
        "[Unit]",
        f"Description=Relève : {row.does}",
        f"PartOf={TARGET}",
        *([f"Requires={named}", f"After={named}"] if sockets else []),
        *(["After=releve-signer.socket"] if row.name != "signer" else []),
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        f"User={row.user}",
        f"Group={row.user}",
        f"ExecStartPre=+{_as_root(setting, 'apply')}",
        *(
            [f"ExecStartPre=+{_as_root(setting, 'certificate')}"]
            if _secured_here(row, setting)
            else []
        ),
        f"ExecStart={setting.run(row.name)} --home {home}",
        *([f"Sockets={named}"] if sockets else []),
        "Restart=always",
        "RestartSec=1",
        "TimeoutStopSec=10",
        "Environment=LC_ALL=C.UTF-8",
        f"ReadWritePaths={writable}",
        f"RestrictAddressFamilies={' '.join(row.families)}",
        f"RestrictNamespaces={row.namespaces or 'yes'}",
        f"SystemCallFilter={' '.join(('@system-service', *row.system_calls))}",
        "SystemCallFilter=~@privileged",
        "IPAddressDeny=any",
        *(["IPAddressAllow=localhost"] if "AF_INET" in row.families else []),
        f"MemoryMax={row.memory_mib}M",
    ]
    return "\n".join(lines) + "\n" + _HARDENED
