"""The Debian half: what the program needs of Debian 12, with every dependency, as files.

The closure is computed by apt itself as if nothing were installed (an empty dpkg status), from
Debian's own sources only, in private folders: what this machine has installed or pinned counts for
nothing. On the machine that installs, apt takes from these files what is missing there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from releve.runtime.bundle.errors import NoDebianSource, NotBookworm
from releve.runtime.bundle.process import run

#: What the service itself needs; drills and tests need more (``./run`` says what).
PACKAGES = (
    "ca-certificates",
    "fonts-dejavu-core",
    "openssl",
    "python3",
    "python3-venv",
    "restic",
    "tzdata",
)
CODENAME, ARCHITECTURE = "bookworm", "amd64"
_SUITES = frozenset((CODENAME, f"{CODENAME}-updates", f"{CODENAME}-security"))
_TARGETS = "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(CODENAME)"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class DebianPackage:
    """One .deb; ``control`` is its control paragraph as Debian wrote it."""

    path: Path
    name: str
    version: str
    architecture: str
    control: str
    sha256: str


def check_machine(os_release: str, architecture: str) -> None:
    """Raises :class:`NotBookworm` elsewhere than where the installer will be used."""
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    found = f"{fields.get('VERSION_CODENAME', 'système inconnu')} {architecture}"
    if found != f"{CODENAME} {ARCHITECTURE}":
        raise NotBookworm(found=found)


def sources(targets: str) -> list[str]:
    """One-line apt sources of Debian 12 among ``apt-get indextargets``'s answer.

    Raises :class:`NoDebianSource`.
    """
    found: dict[str, None] = {}
    for line in targets.splitlines():
        kind, uri, release, component, origin, codename = line.split("|")
        ours = origin == "Debian" and codename in _SUITES and component == "main"
        if kind == "Packages" and ours:
            found[f"deb [signed-by={_KEYRING}] {uri} {release} {component}"] = None
    if not any(line.endswith(f" {CODENAME} main") for line in found):
        raise NoDebianSource
    return list(found)


def gather(folder: Path, work: Path) -> list[DebianPackage]:
    """Fill ``folder`` with the closure of :data:`PACKAGES` and its index; in order of name.

    ``work`` is an empty folder. Raises ``FetchFailed``, :class:`NoDebianSource`,
    :class:`NotBookworm`.
    """
    check_machine(
        Path("/etc/os-release").read_text("utf-8"),
        run("dpkg", ["dpkg", "--print-architecture"]).strip(),
    )
    listed = run("les sources apt", ["apt-get", "indextargets", "--format", _TARGETS])
    (work / "sources.list").write_text("\n".join(sources(listed)) + "\n", "utf-8")
    (work / "status").touch()
    for name in ("state/lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    apt = ["apt-get", "-q", "-y", *_private(work)]
    run("la liste des paquets Debian", [*apt, "update"])
    fetch = ["--download-only", "--no-install-recommends", "install", *PACKAGES]
    run("les paquets Debian", [*apt, *fetch])
    for path in (work / "cache/archives").glob("*.deb"):
        path.rename(folder / path.name.replace("%3a", "."))
    found = sorted(map(_read, folder.glob("*.deb")), key=lambda each: each.name)
    (folder / "Packages").write_text(index(found), "utf-8")
    return found


def index(packages: Iterable[DebianPackage]) -> str:
    """The ``Packages`` file by which apt takes a folder for a source."""
    paragraphs = []
    for each in packages:
        size = each.path.stat().st_size
        file = f"Filename: ./{each.path.name}\nSize: {size}\nSHA256: {each.sha256}"
        paragraphs.append(f"{each.control.strip()}\n{file}\n")
    return "\n".join(paragraphs)


def _private(work: Path) -> list[str]:
    """apt on folders of our own: no right of root is needed, nothing of this machine changes."""
    settings = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferences": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _read(path: Path) -> DebianPackage:
    control = run(path.name, ["dpkg-deb", "-f", str(path)])
    fields = dict(
        line.split(": ", 1)
        for line in control.splitlines()
        if ": " in line and not line.startswith(" ")
    )
    digest = sha256(path.read_bytes()).hexdigest()
    name, version = fields["Package"], fields["Version"]
    return DebianPackage(path, name, version, fields["Architecture"], control, digest)
