"""The installer's own parts, without network: what is signed, packed, listed and refused.

The whole of it (made, installed in a bare Debian without network) is ``.ci/bundle``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from releve.runtime.bundle.archive import manifest, pack, read_key
from releve.runtime.bundle.debian import check_machine, sources
from releve.runtime.bundle.errors import KeyRefused, NoDebianSource, NotBookworm
from releve.runtime.bundle.inventory import inventory
from releve.runtime.bundle.making import hour_of
from releve.runtime.bundle.wheels import Wheel, requirements

ROOT = Path(__file__).parents[2]
FILES = ROOT / "src/releve/runtime/bundle/files"
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small installer, signed."""
    place = tmp_path / "releve-essai"
    (place / "wheels").mkdir(parents=True)
    (place / "wheels/a.whl").write_bytes(b"une bibliotheque")
    (place / "requirements.txt").write_text("a==1\n")
    shutil.copy(FILES / "verify", place / "verify")
    listed = manifest(place)
    (place / "MANIFEST").write_bytes(listed)
    (place / "MANIFEST.sig").write_bytes(KEY.sign(listed))
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(public)
    return place


def _verify(folder: Path, *options: str) -> tuple[int, str]:
    command = ["sh", str(folder / "verify"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_is_verified_by_the_key_or_by_the_fingerprint_typed(folder: Path) -> None:
    key = str(folder.parent / "key.pub")
    assert _verify(folder, "--key", key)[0] == 0
    print_ = sha256((folder / "MANIFEST").read_bytes()).hexdigest()
    spaced = " ".join(print_[i : i + 4] for i in range(0, 64, 4)).upper()
    assert _verify(folder, "--fingerprint", spaced)[0] == 0
    assert _verify(folder, "--fingerprint", "0" * 64)[0] == 1


def test_without_key_nor_fingerprint_it_says_that_nothing_is_proved(folder: Path) -> None:
    assert "SIGNATURE NON VÉRIFIÉE" in _verify(folder)[1]
    (folder / "MANIFEST.sig").unlink()
    assert "NON SIGNÉ" in _verify(folder)[1]
    code, said = _verify(folder, "--key", str(folder.parent / "key.pub"))
    assert (code, "NON SIGNÉ" in said) == (1, True)


def test_what_was_changed_is_named(folder: Path) -> None:
    (folder / "wheels/a.whl").write_bytes(b"une autre")
    assert _verify(folder) == (1, "REFUSÉ : modifié : wheels/a.whl: FAILED\n")


def test_another_key_s_signature_is_refused(folder: Path) -> None:
    (folder / "MANIFEST.sig").write_bytes(Ed25519PrivateKey.generate().sign(b"autre"))
    code, said = _verify(folder, "--key", str(folder.parent / "key.pub"))
    assert (code, "la signature n'est pas de cette clé" in said) == (1, True)


def test_the_same_files_give_the_same_tar_whatever_their_hours(folder: Path) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    assert pack(folder, first, 1_700_000_000).size == len(first.getvalue())
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (1, 1))
    assert pack(folder, second, 1_700_000_000).sha256 == sha256(first.getvalue()).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(first.getvalue())) as tar:
        entries = tar.getmembers()
    assert [each.name for each in entries] == sorted(each.name for each in entries)
    assert {(each.uid, each.uname, each.mtime) for each in entries} == {(0, "", 1_700_000_000)}


def test_a_key_that_cannot_sign_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "key.pem"
    for content in (other.private_bytes(*form), b"-----BEGIN", b""):
        path.write_bytes(content)
        with pytest.raises(KeyRefused):
            read_key(path)
    path.write_bytes(KEY.private_bytes(*form))
    assert read_key(path).sign(b"x") == KEY.sign(b"x")


def test_only_debian_s_own_sources_are_asked() -> None:
    listed = "\n".join(
        (
            "Packages|http://miroir/debian/|bookworm|main|Debian|bookworm",
            "Translations|http://miroir/debian/|bookworm|main|Debian|bookworm",
            "Packages|http://miroir/debian/|bookworm|contrib|Debian|bookworm",
            "Packages|http://miroir/secu/|bookworm-security|main|Debian|bookworm-security",
            "Packages|http://ailleurs/|nodistro|main|Ailleurs|nodistro",
            "Packages|http://miroir/debian/|trixie|main|Debian|trixie",
        )
    )
    assert [line.split()[2:] for line in sources(listed)] == [
        ["http://miroir/debian/", "bookworm", "main"],
        ["http://miroir/secu/", "bookworm-security", "main"],
    ]
    with pytest.raises(NoDebianSource):
        sources("Packages|http://ailleurs/|nodistro|main|Ailleurs|nodistro")


def test_it_is_made_where_it_will_be_used() -> None:
    check_machine("VERSION_CODENAME=bookworm\n", "amd64")
    for release, architecture in (("VERSION_CODENAME=trixie\n", "amd64"), ("", "arm64")):
        with pytest.raises(NotBookworm):
            check_machine(release, architecture)


def test_the_inventory_names_what_the_kits_are_made_of_and_not_what_builds_them() -> None:
    wheel = Wheel(Path("a.whl"), "Une_Bibliotheque", "1.2", "MIT", "ab" * 32)
    lock = ROOT / "src/releve/care/kit/js/package-lock.json"
    said = inventory([wheel], [], lock, 1_700_000_000)
    assert said == inventory([wheel], [], lock, 1_700_000_000)
    found = {each["purl"]: each for each in json.loads(said)["components"]}
    python = found["pkg:pypi/une-bibliotheque@1.2"]
    assert python["licenses"] == [{"license": {"id": "MIT"}}]
    assert python["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert any(name.startswith("pkg:npm/age-encryption@") for name in found)
    assert not any("esbuild" in name for name in found)
    assert requirements([wheel]) == f"Une_Bibliotheque==1.2 --hash=sha256:{'ab' * 32}\n"


def test_the_hour_written_is_the_one_given_or_the_commit_s(tmp_path: Path) -> None:
    assert hour_of(tmp_path, {"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000
    assert hour_of(tmp_path, {}) == hour_of(tmp_path, {"SOURCE_DATE_EPOCH": "hier"})


def test_the_scripts_are_posix_sh() -> None:
    for script in FILES.iterdir():
        assert script.read_text("utf-8").startswith("#!/bin/sh\n")
        subprocess.run(["sh", "-n", str(script)], check=True)
