"""The kits' script, built once per install from packages: ``python -m releve.care.kit.build``.

The packages of ``js/package-lock.json`` (integrity checked by npm, none of their own scripts run)
are installed in a temporary folder, esbuild makes one file of them and of ours, and only that file
is kept, in ``built/``, with a stamp of its sources. Nothing is fetched when it is up to date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from releve.care.kit.errors import KitsNotBuilt
from releve.care.kit.script import BUILT
from releve.kernel.durable import write_durably

SOURCES = Path(__file__).with_name("js")
_STAMP = BUILT.with_name("kit.stamp")
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_BUNDLE = (
    *("node", "node_modules/esbuild/bin/esbuild", "kit.js", "--bundle", "--minify"),
    *("--format=iife", "--target=chrome90,firefox90,safari15", "--charset=ascii"),
    *("--legal-comments=none", "--log-level=warning", "--outfile=built.js"),
)
_SECONDS = 180
_REMEDY = "Installez nodejs et npm (apt-get install nodejs npm), puis relancez ./run."


def stamp() -> str:
    """What the built script was made from, as one SHA-256."""
    digest = hashlib.sha256(" ".join(_BUNDLE).encode())
    for path in sorted(SOURCES.iterdir()):
        if path.suffix in (".js", ".json"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def up_to_date() -> bool:
    """True when the built script is there and is that of these sources."""
    return BUILT.is_file() and _STAMP.is_file() and _STAMP.read_text("ascii").strip() == stamp()


def build() -> bool:
    """Build when missing or when the sources changed; True when it did. Raises
    :class:`KitsNotBuilt`.
    """
    if up_to_date():
        return False
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise KitsNotBuilt(why="node ou npm manque", fix=_REMEDY)
    with tempfile.TemporaryDirectory(prefix="releve-kit-") as name:
        place = Path(name)
        for path in SOURCES.iterdir():
            shutil.copyfile(path, place / path.name)
        _run(_INSTALL, place, "les paquets ne s'installent pas")
        _run(_BUNDLE, place, "le script ne s'assemble pas")
        script = (place / "built.js").read_bytes()
    if b"</script" in script.lower() or b"<!--" in script or not script.isascii():
        raise KitsNotBuilt(
            why="le script assemblé ne tient pas tel quel dans une page", fix=_REMEDY
        )
    try:
        BUILT.parent.mkdir(exist_ok=True)
        write_durably(BUILT, script, mode=0o644)
        write_durably(_STAMP, stamp().encode() + b"\n", mode=0o644)
    except OSError as error:
        fix = f"Relancez avec le droit d'écrire dans {BUILT.parent}."
        raise KitsNotBuilt(why=f"écriture refusée ({error.strerror})", fix=fix) from error
    return True


def _run(command: tuple[str, ...], place: Path, failure: str) -> None:
    environment = dict(os.environ)
    if not os.access(environment.get("HOME", ""), os.W_OK):  # a user of services has none
        environment.setdefault("npm_config_cache", str(place / "cache"))
    try:
        subprocess.run(
            command,
            cwd=place,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())[-300:] or f"code {error.returncode}"
        fix = "Vérifiez l'accès aux paquets npm (réseau, proxy), puis relancez ./run."
        raise KitsNotBuilt(why=f"{failure} : {said}", fix=fix) from error
    except subprocess.TimeoutExpired as error:
        fix = "Vérifiez le réseau ou le proxy, puis relancez ./run."
        raise KitsNotBuilt(why=f"{failure} en {_SECONDS} s", fix=fix) from error


def main() -> int:
    """Build and say so; exit status 2 when it cannot."""
    try:
        done = build()
    except KitsNotBuilt as error:
        sys.stderr.write(f"{error}\n→ {error.remedy}\n")
        return error.exit_code
    size = BUILT.stat().st_size
    sys.stderr.write(f"kits : script {'assemblé' if done else 'à jour'} ({size // 1024} Kio)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
