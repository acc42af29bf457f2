"""A hospital's proxy opens TLS under an authority of its own: the one named is the one heeded."""

from __future__ import annotations

import ipaddress
import ssl
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from releve.runtime.bundle.errors import FetchFailed
from releve.runtime.bundle.process import run

_WHEEL = "essai-1-py3-none-any.whl"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the error output."""


def _authority(folder: Path, name: str) -> Path:
    """A certificate for loopback, its own authority, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(built.public_bytes(Encoding.PEM) + secret)
    return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    """(address of an index of one package, its authority, the locked list)."""
    shelf = tmp_path / "simple/essai"
    shelf.mkdir(parents=True)
    with zipfile.ZipFile(shelf / _WHEEL, "w") as wheel:
        wheel.writestr(
            "essai-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: essai\nVersion: 1\n"
        )
        wheel.writestr("essai-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("essai-1.dist-info/RECORD", "")
    digest = sha256((shelf / _WHEEL).read_bytes()).hexdigest()
    (shelf / "index.html").write_text(f'<!DOCTYPE html><a href="{_WHEEL}">{_WHEEL}</a>')
    lock = tmp_path / "lock"
    lock.write_text(f"essai==1 --hash=sha256:{digest}\n")
    authority = _authority(tmp_path, "mandataire")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/simple", authority, lock
    server.shutdown()
    thread.join(10)
    server.server_close()


def _fetch(index: str, lock: Path, authority: Path, into: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--require-hashes", "--no-deps"]
    command += ["--index-url", index, "-r", str(lock), "-w", str(into)]
    quiet = {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"}
    # These two, when set, win over PIP_CERT.
    quiet |= {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
    alone = {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "NO_PROXY": "127.0.0.1"}
    run("essai", command, env={**quiet, **alone, "PIP_CERT": str(authority)})


def test_the_authority_named_is_heeded_and_its_absence_says_what_to_do(
    index: tuple[str, Path, Path], tmp_path: Path
) -> None:
    address, authority, lock = index
    _fetch(address, lock, authority, tmp_path / "bon")
    assert (tmp_path / "bon" / _WHEEL).exists()
    other = _authority(tmp_path, "autre")
    with pytest.raises(FetchFailed) as refused:
        _fetch(address, lock, other, tmp_path / "refus")
    assert "PIP_CERT" in refused.value.remedy and "HTTPS_PROXY" in refused.value.remedy
