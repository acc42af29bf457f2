"""The pages' own address: an authority of ours, bounded; a certificate by IP; refused in clear."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from releve.cli.serve import _place
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, birth, read
from releve.kernel.world import World
from releve.runtime import addresses, tls
from releve.runtime.addresses import Address, parse, parse_all
from releve.runtime.settings import read_settings, remember, remember_addresses
from tests.web.conftest import Part

NOW = SystemClock().now()
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def _leaf(held: tls.Presented) -> x509.Certificate:
    return x509.load_pem_x509_certificate(held.path.read_bytes())


@pytest.fixture
def real(tmp_path: Path) -> Home:
    return birth(tmp_path / "hopital", World.REAL, NOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("192.168.1.10", "192.168.1.10:8443"),
        ("10.1.2.3:443", "10.1.2.3:443"),
        ("fd00::1", "[fd00::1]:8443"),
        ("[fd00::1]:9443", "[fd00::1]:9443"),
    ],
)
def test_an_address_is_an_ip_with_or_without_its_port(text: str, said: str) -> None:
    assert str(parse(text)) == said
    assert parse(text).url == f"https://{said}/"


@pytest.mark.parametrize(
    "text",
    ["releve.local", "", "0.0.0.0", "::", "224.0.0.1", "10.0.0.1:0", "10.0.0.1:x", "10.1"],  # noqa: S104
)
def test_a_name_a_wildcard_or_nonsense_is_no_address(text: str) -> None:
    with pytest.raises(addresses.BadAddress) as raised:
        parse(text)
    assert "--address" in raised.value.remedy


def test_a_drill_stays_on_this_machine_and_a_public_address_needs_a_given_certificate(
    home: Home, real: Home
) -> None:
    with pytest.raises(addresses.DrillStaysHome):
        addresses.check(home, [parse("192.168.1.10")], given=True)
    addresses.check(home, [parse("127.0.0.2")], given=False)
    addresses.check(real, parse_all(["192.168.1.10", "100.64.3.4", "fd00::1"]), given=False)
    with pytest.raises(addresses.PublicAddress):
        addresses.check(real, [parse("8.8.8.8")], given=False)
    addresses.check(real, [parse("8.8.8.8")], given=True)
    with pytest.raises(addresses.BadAddress):
        parse_all([f"10.0.0.{n}" for n in range(1, 10)])


def test_where_one_answers_is_remembered_beside_the_ports(home: Home) -> None:
    remember(home, web_port=4)
    remember_addresses(home, ["127.0.0.2:8443"])
    settings = remember(home, receiver_port=5)
    assert read_settings(home) == settings
    assert (settings.web_port, settings.addresses) == (4, ("127.0.0.2:8443",))


def test_the_certificate_names_ips_lasts_a_year_and_is_kept_while_it_is_good(home: Home) -> None:
    one, two = parse("127.0.0.2"), parse("192.168.1.10")
    held = tls.prepare(home, [one], NOW)
    leaf = _leaf(held)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.2"]
    assert names.get_values_for_type(x509.DNSName) == [tls.NAME]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=365)
    authority = x509.load_pem_x509_certificate(tls.authority_path(home).read_bytes())
    assert authority.not_valid_after_utc - NOW >= timedelta(days=3650)
    assert tls.prepare(home, [one], NOW + timedelta(days=300)) == held
    assert tls.presented(home, NOW) == held
    renewed = tls.prepare(home, [one], NOW + timedelta(days=340))
    assert (renewed.fingerprint != held.fingerprint) and renewed.authority == held.authority
    wider = tls.prepare(home, [one, two], NOW + timedelta(days=340))
    assert wider.fingerprint != renewed.fingerprint
    assert tls.unnamed(wider, [one, two]) == [] and tls.unnamed(renewed, [two]) == []
    late = tls.prepare(home, [one], NOW + timedelta(days=3500))
    assert late.authority != held.authority, "an authority that ends within the year is made anew"


def test_private_keys_are_for_this_user_alone_and_the_authoritys_lies_apart(home: Home) -> None:
    tls.prepare(home, [parse("127.0.0.2")], NOW)
    modes = {
        str(path.relative_to(home.path)): stat.S_IMODE(path.stat().st_mode)
        for folder in ("tls", "authority")
        for path in home.secrets(folder).iterdir()
    }
    assert modes == {
        "secrets/tls/pages.pem": 0o600,
        "secrets/tls/authority.crt": 0o644,
        "secrets/authority/authority.pem": 0o600,
    }
    assert b"PRIVATE" not in tls.authority_path(home).read_bytes()


def test_damaged_files_are_made_again(home: Home) -> None:
    held = tls.prepare(home, [parse("127.0.0.2")], NOW)
    held.path.write_bytes(b"-----BEGIN CERTIFICATE-----\nrien\n")
    assert tls.prepare(home, [parse("127.0.0.2")], NOW).authority == held.authority
    (home.secrets("authority") / "authority.pem").write_bytes(b"rien")
    assert tls.prepare(home, [parse("127.0.0.2")], NOW).authority != held.authority
    other = birth(home.path.parent / "autre", World.DRILL, NOW)
    foreign = tls.prepare(other, [parse("127.0.0.2")], NOW)
    held.path.write_bytes(foreign.path.read_bytes())
    again = tls.prepare(home, [parse("127.0.0.2")], NOW)
    assert again.fingerprint not in (held.fingerprint, foreign.fingerprint)


def _handshake(server: Path, trusted: bytes, name: str) -> None:
    """A TLS handshake in memory, verified by OpenSSL; raises ``ssl.SSLError``."""
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(server)
    here = ssl.create_default_context(cadata=trusted.decode())
    to, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(back, to, server_hostname=name)
    host = there.wrap_bio(to, back, server_side=True)
    for _ in range(4):
        for side in (client, host):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert client.version() is not None


def _forged(home: Home, alternative: x509.GeneralName, path: Path) -> Path:
    """A certificate that our authority's stolen key signs for somebody else."""
    data = (home.secrets("authority") / "authority.pem").read_bytes()
    key = serialization.load_pem_private_key(data, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    own = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]))
        .issuer_name(x509.load_pem_x509_certificate(data).subject)
        .public_key(own.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(own.private_bytes(*tls._PLAIN) + leaf.public_bytes(serialization.Encoding.PEM))
    return path


def test_our_authority_vouches_for_nothing_but_private_addresses(
    home: Home, tmp_path: Path
) -> None:
    held = tls.prepare(home, [parse("192.168.1.10")], NOW)
    trusted = tls.authority_path(home).read_bytes()
    _handshake(held.path, trusted, "192.168.1.10")
    _handshake(held.path, trusted, tls.NAME)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        _handshake(held.path, trusted, "192.168.1.11")
    for name, said in (
        (x509.DNSName("banque.example"), "banque.example"),
        (x509.IPAddress(parse("8.8.8.8").ip), "8.8.8.8"),
    ):
        forged = _forged(home, name, tmp_path / "faux.pem")
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            _handshake(forged, trusted, said)
    other = birth(tmp_path / "autre", World.DRILL, NOW)
    tls.prepare(other, [parse("192.168.1.10")], NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(held.path, tls.authority_path(other).read_bytes(), "192.168.1.10")


def _own(until: datetime, password: bytes | None = None) -> tuple[bytes, bytes]:
    """A hospital's own certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "releve.ch-valbrume.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(3)
        .not_valid_before(NOW - timedelta(days=3))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    sealed = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    return made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, sealed)


def test_a_hospitals_own_certificate_is_kept_while_it_is_good(home: Home) -> None:
    certificate, key = _own(NOW + timedelta(days=20))
    where = [parse("127.0.0.2")]
    tls.keep_given(home, certificate, key, NOW)
    held = tls.prepare(home, where, NOW)
    assert (held.authority, tls.unnamed(held, where)) == ("", where)
    assert stat.S_IMODE(held.path.stat().st_mode) == 0o600
    later = tls.prepare(home, where, NOW + timedelta(days=21))
    assert later.authority, "past its end the pages still answer, under our own authority"
    tls.forget_given(home)
    assert not tls.has_given(home)
    wrong = _own(NOW + timedelta(days=20))[1]
    for bad, bad_key in (
        (certificate, wrong),
        (certificate, b"rien"),
        (b"rien", key),
        _own(NOW - timedelta(days=1)),
        _own(NOW + timedelta(days=9), b"secret"),
        (certificate + b"\n" * 300_000, key),
    ):
        with pytest.raises(tls.BadCertificate):
            tls.keep_given(home, bad, bad_key, NOW)
    assert not tls.has_given(home)


def test_an_address_that_is_not_here_yet_is_listened_to_and_one_that_is_taken_is_told() -> None:
    listener, here = addresses.listen(Address(parse("192.168.77.77").ip, 18443))
    listener.close()
    assert here is False
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(addresses.AddressTaken):
            addresses.listen(Address(parse("127.0.0.2").ip, port))


@dataclass
class Served:
    """The real web part, in clear on loopback and over TLS at 127.0.0.2."""

    home: Home
    part: Part
    port: int

    def get(
        self, path: str, *, source: str = "127.0.0.1", body: str | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Over TLS, verified under our authority, by IP."""
        context = ssl.create_default_context(cafile=str(tls.authority_path(self.home)))
        caller = http.client.HTTPSConnection(
            "127.0.0.2", self.port, context=context, timeout=30, source_address=(source, 0)
        )
        caller.request("GET" if body is None else "POST", path, body, headers)
        answer = caller.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        caller.close()
        return answer


def serve_secured(home: Home) -> Iterator[Served]:
    listener, _ = addresses.listen(Address(parse("127.0.0.2").ip, _free()))
    port = listener.getsockname()[1]
    address = Address(parse("127.0.0.2").ip, port)
    remember_addresses(home, [str(address)])
    tls.prepare(home, [address], SystemClock().now())
    command = [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)]
    command += ["--tls-fd", str(listener.fileno())]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(listener.fileno(),),
        env={**os.environ, "RELEVE_HOME": str(home.path)},
    )
    part = Part(process)
    assert process.stdout and process.stderr
    line = process.stdout.readline()
    listener.close()
    assert line, process.stderr.read()
    part.address = line
    try:
        yield Served(home, part, port)
    finally:
        part.stop()


def _free() -> int:
    with socket.create_server(("127.0.0.2", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = birth(tmp_path_factory.mktemp("tls") / "home", World.REAL, SystemClock().now())
    yield from serve_secured(home)


def test_pages_answer_over_tls_by_ip_with_secure_cookies_and_no_hsts(served: Served) -> None:
    assert f'"https": "https://127.0.0.2:{served.port}/"' in served.part.address
    answer = served.get("/premier-acces/")
    assert answer.status == 200, "loopback is this very machine"
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies and all("secure" in cookie.lower() for cookie in cookies)
    assert "Strict-Transport-Security" not in answer.headers
    loopback = re.search(r'"web": "http://127.0.0.1:(\d+)/"', served.part.address)
    assert loopback
    clear = http.client.HTTPConnection("127.0.0.1", int(loopback.group(1)), timeout=30)
    clear.request("GET", "/premier-acces/")
    plain = clear.getresponse()
    assert plain.status == 200
    said = plain.headers.get_all("Set-Cookie") or []
    assert said and not any("secure" in cookie.lower() for cookie in said)
    clear.close()


def test_nothing_is_said_in_clear_nor_under_a_wrong_authority(
    served: Served, tmp_path: Path
) -> None:
    clear = http.client.HTTPConnection("127.0.0.2", served.port, timeout=30)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        clear.request("GET", "/")
        clear.getresponse()
    other = birth(tmp_path / "autre", World.REAL, NOW)
    tls.prepare(other, [parse("127.0.0.2")], NOW)
    for trusted in (None, str(tls.authority_path(other))):
        context = ssl.create_default_context(cafile=trusted)
        caller = http.client.HTTPSConnection("127.0.0.2", served.port, context=context)
        with pytest.raises(ssl.SSLCertVerificationError):
            caller.request("GET", "/")


def test_wrong_passwords_are_counted_by_the_real_peer(served: Served) -> None:
    """Headers of proxies are not read; another peer is not slowed."""
    from urllib.parse import urlencode

    secret = re.search(r"code ([0-9A-Z-]+)", served.part.process.stderr.readline())  # type: ignore[union-attr]
    assert secret
    first = served.get("/premier-acces/")
    token = _TOKEN.search(first.text)  # type: ignore[attr-defined]
    cookie = "; ".join(c.partition(";")[0] for c in first.headers.get_all("Set-Cookie") or [])
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": f"https://127.0.0.2:{served.port}/",
    }
    assert token
    form = {
        "csrfmiddlewaretoken": token.group(1), "code": secret.group(1), "name": "Mme Martin",
        "login": "claire", "password": "quatre mots bien choisis", "entity": "750712184",
        "entity_name": "CH",
    }  # fmt: skip
    made = served.get("/premier-acces/", body=urlencode(form), **headers)
    assert made.status == 302, made.text  # type: ignore[attr-defined]
    wrong = urlencode({"csrfmiddlewaretoken": token.group(1), "login": "claire", "password": "non"})
    spoofed = [
        served.get(
            "/connexion/", source="127.0.0.9", body=wrong,
            **headers, **{"X-Forwarded-For": f"10.0.0.{n}"},
        ).status
        for n in range(32)
    ]  # fmt: skip
    assert 429 in spoofed
    assert served.get("/connexion/", source="127.0.0.10").status == 200


def test_where_it_answers_is_told_remembered_and_forgotten(real: Home, tmp_path: Path) -> None:
    certificate, key = (tmp_path / name for name in ("hopital.pem", "hopital.key"))
    for path, data in zip((certificate, key), _own(NOW + timedelta(days=30)), strict=True):
        path.write_bytes(data)
    with pytest.raises(BadInput, match="vont ensemble"):
        _place(real, ["10.0.0.1"], certificate, None, loopback=False)
    with pytest.raises(addresses.PublicAddress):
        _place(real, ["8.8.8.8"], None, None, loopback=False)
    assert read_settings(real).addresses == ()
    _place(real, ["8.8.8.8", "10.0.0.1:444"], certificate, key, loopback=False)
    assert read_settings(real).addresses == ("8.8.8.8:8443", "10.0.0.1:444")
    _place(real, [], None, None, loopback=False)
    assert read_settings(real).addresses and tls.has_given(real)
    assert tls.reached(real, NOW).urls == ("https://8.8.8.8:8443/", "https://10.0.0.1:444/")
    _place(real, [], None, None, loopback=True)
    assert read_settings(real).addresses == () and not tls.has_given(real)
    assert tls.reached(real, NOW) == tls.Reached(())


@pytest.mark.slow
def test_serve_says_the_address_and_the_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    address = f"127.0.0.2:{_free()}"
    command = [sys.executable, "-m", "releve.cli", "serve", "--home", str(folder)]
    process = subprocess.Popen([*command, "--address", address], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said: list[str] = []
    try:
        while not said or not said[-1].startswith("En service"):
            line = process.stderr.readline()
            assert line, said
            said.append(line)
        home = read(folder)
        held = tls.presented(home, SystemClock().now())
        assert held is not None
        text = "".join(said)
        assert f"https     https://{address}/" in text
        assert held.fingerprint in text and held.authority in text
        assert read_settings(home).addresses == (address,)
        second = subprocess.run(
            [*command, "--home", str(tmp_path / "deux"), "--address", address],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert second.returncode == 2 and "déjà prise" in second.stderr, second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stderr.close()
