"""``doctor --trust``: each tie planted in a root of its own is seen; a bare Debian has none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from releve.runtime.trust import Machine, State, Tie, ties
from releve.runtime.trust.doors import known_agents
from releve.runtime.trust.machine import closed_files

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGVzc2FpLWVzc2FpLWVzc2FpLWVzc2FpLWVzc2FpLTEy"
DEBIAN = known_agents()["debian_hosts"][0]
BARE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nmartin:x:1000:1000::/home/martin:/bin/bash\n",
    "etc/group": "root:x:0:\nsudo:x:27:martin\n",
    "etc/nsswitch.conf": "passwd: files systemd\ngroup: files systemd\nnetgroup: nis\n",
    "etc/pam.d/common-auth": "auth [success=1 default=ignore] pam_unix.so nullok\n",
    "etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
    "etc/systemd/timesyncd.conf": "[Time]\n#NTP=\n",
    "etc/fstab": "UUID=1 / ext4 defaults 0 1\n",
    "etc/apt/sources.list": f"deb http://deb.{DEBIAN}/debian bookworm main\n",
    "etc/ssh/sshd_config": "PermitRootLogin no\n#AuthorizedKeysCommand none\n",
    "etc/rsyslog.conf": "auth,authpriv.* /var/log/auth.log\n",
    "var/lib/dpkg/status": "Package: restic\nStatus: install ok installed\n",
    "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
    "proc/cpuinfo": "flags\t\t: fpu vme\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bare Debian, as much of it as is looked at."""
    for path, text in BARE.items():
        _plant(tmp_path, path, text)
    return tmp_path


def _plant(root: Path, path: str, text: str = "") -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


def _tied(root: Path) -> list[Tie]:
    return [tie for tie in ties(Machine(root), NOW) if tie.state is State.TIED]


def test_a_bare_machine_has_no_tie_and_nothing_unread(root: Path) -> None:
    found = ties(Machine(root), NOW)
    assert [tie for tie in found if tie.state is State.TIED] == []
    assert {tie.subject for tie in found if tie.state is State.UNSEEN} <= {
        "carte d'administration (BMC)"
    }


JOIN = "[sssd]\ndomains = chv.example\n[domain/chv.example]\nad_server = dc1.chv.example\n"
PLANTED = [
    ("etc/sssd/sssd.conf", JOIN, "jonction", "chv.example"),
    ("etc/krb5.keytab", "x", "jonction", "Kerberos"),
    ("etc/samba/smb.conf", "[global]\n security = ADS\n realm = CHV.EXAMPLE\n", "jonction", "chv"),
    ("etc/nsswitch.conf", "passwd: files sss\n", "noms", "passwd : sss"),
    ("etc/pam.d/common-auth", "auth sufficient pam_winbind.so\n", "mots de passe", "pam_winbind"),
    ("etc/sudoers.d/ad", "%CHV\\\\admins\\ linux ALL=(ALL) ALL\n", "administration", "CHV\\admins"),
    ("etc/sudoers.d/g", "%admins@chv.example ALL=(ALL) ALL\n", "administration", "admins@chv"),
    ("etc/sudoers.d/l", "%gg-serveurs ALL=(ALL) NOPASSWD: ALL\n", "administration", "gg-serveurs"),
    ("etc/doas.conf", "permit :gg-linux\n", "administration", "gg-linux"),
    ("root/.ssh/authorized_keys", f"ssh-ed25519 {KEY} adm@poste-12\n", "clé SSH", "adm@poste-12"),
    (
        "home/martin/.ssh/authorized_keys",
        f'from="10.0.0.0/8",no-pty ssh-ed25519 {KEY} deploiement\n',
        "clé SSH",
        "martin : ssh-ed25519 « deploiement » SHA256:",
    ),
    (
        "etc/ssh/sshd_config.d/ad.conf",
        "AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u\n",
        "accès SSH",
        "sss_ssh",
    ),
    ("etc/ssh/sshd_config", "TrustedUserCAKeys /etc/ssh/ca.pub\n", "accès SSH", "ca.pub"),
    ("etc/salt/minion", "master: salt\n", "déploiement", "Salt"),
    (
        "var/lib/dpkg/status",
        "Package: zabbix-agent2\nStatus: install ok installed\n",
        "supervision",
        "Zabbix",
    ),
    ("etc/crontab", "0 * * * * root ansible-pull -U x\n", "déploiement", "ansible-pull"),
    ("etc/resolv.conf", "nameserver 10.1.2.3\n", "DNS", "10.1.2.3 (adresse interne)"),
    ("etc/systemd/timesyncd.conf", "[Time]\nNTP=10.1.2.3\n", "heure", "10.1.2.3"),
    ("etc/chrony/chrony.conf", "pool ntp.chv.local iburst\n", "heure", "ntp.chv.local"),
    (
        "etc/apt/apt.conf.d/01proxy",
        'Acquire::http::Proxy "http://u:p@proxy:3128";\n',
        "proxy",
        "…@",
    ),
    ("etc/environment", "https_proxy=http://proxy.chv.example:3128\n", "proxy", "proxy.chv"),
    ("etc/fstab", "nas:/vol /srv nfs4 defaults 0 0\n", "montés", "nas:/vol"),
    ("proc/self/mounts", "//nas/partage /mnt cifs rw 0 0\n", "montés", "//nas/partage"),
    (
        "etc/apt/sources.list.d/chv.sources",
        "Types: deb\nURIs: http://miroir.chv.example/debian\n",
        "sources de paquets",
        "miroir.chv.example",
    ),
    ("etc/rsyslog.d/50.conf", "*.* @@siem.chv.example:6514\n", "journaux", "siem.chv.example"),
    ("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n", "hyperviseur", "VMware"),
    ("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n", "hyperviseur", "virtuelle"),
    ("dev/ipmi0", "", "BMC", "/dev/ipmi0"),
]


@pytest.mark.parametrize(("path", "text", "subject", "seen"), PLANTED, ids=[p[0] for p in PLANTED])
def test_a_tie_planted_is_seen(root: Path, path: str, text: str, subject: str, seen: str) -> None:
    _plant(root, path, text)
    found = [tie for tie in _tied(root) if subject in tie.subject and seen in tie.seen]
    assert found, [f"{tie.subject} : {tie.seen}" for tie in _tied(root)]
    assert all(tie.why and tie.todo for tie in found)


def test_the_time_of_a_domain_controller_is_named_as_such(root: Path) -> None:
    _plant(root, "etc/sssd/sssd.conf", JOIN)
    _plant(root, "etc/chrony/chrony.conf", "server dc1.chv.example iburst\n")
    assert any("dc1.chv.example (contrôleur de domaine)" in tie.seen for tie in _tied(root))


def test_an_authority_that_is_not_debian_s_is_named(
    root: Path, authority: Callable[[str], str]
) -> None:
    ours, theirs = authority("Debian Essai CA"), authority("CA interne du CHV")
    _plant(root, "usr/share/ca-certificates/mozilla/essai.crt", ours)
    _plant(root, "etc/ssl/certs/ca-certificates.crt", ours)
    assert _tied(root) == []
    _plant(root, "etc/ssl/certs/ca-certificates.crt", ours + theirs)
    assert ["CA interne du CHV" in tie.seen for tie in _tied(root)] == [True]


@pytest.fixture
def authority() -> Callable[[str], str]:
    def make(name: str) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(named)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=9))
            .sign(key, hashes.SHA256())
        )
        return built.public_bytes(Encoding.PEM).decode()

    return make


def test_links_stay_inside_the_root(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link of the machine looked at never shows a file of the one that looks."""
    outside = tmp_path_factory.mktemp("dehors") / "sssd.conf"
    outside.write_text(JOIN)
    (root / "etc/sssd").mkdir()
    (root / "etc/sssd/sssd.conf").symlink_to(outside)
    machine = Machine(root)
    assert machine.text("etc/sssd/sssd.conf") is None
    (root / "etc/sssd/sssd.conf").unlink()
    (root / "srv").mkdir()
    (root / "srv/real.conf").write_text(JOIN)
    (root / "etc/sssd/sssd.conf").symlink_to("/srv/real.conf")
    assert machine.text("etc/sssd/sssd.conf") == JOIN


def test_what_root_reads_for_the_verb_is_reached_by_no_link(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("secret")
    (secret / "id_ed25519").write_text("clé privée")
    (root / "etc/sudoers.d").symlink_to(secret)
    (root / "root/.ssh").mkdir(parents=True)
    (root / "root/.ssh/authorized_keys").symlink_to(secret / "id_ed25519")
    assert {name for name, _ in closed_files(root)} == {"etc/sudoers", "etc/ssh/sshd_config"}


def test_what_cannot_be_read_is_said_and_is_not_free(root: Path) -> None:
    folder = root / "root/.ssh"
    folder.mkdir(parents=True)
    (folder / "authorized_keys").write_text(f"ssh-ed25519 {KEY} x\n")

    class Blind(Machine):
        def _inside(self, path: str) -> Path:
            if path.startswith("root/"):
                raise PermissionError(path)
            return super()._inside(path)

    found = ties(Blind(root), NOW)
    assert [t.state for t in found if t.subject == "clé SSH"] == [State.UNSEEN]
    assert any("root/.ssh" in t.seen for t in found if t.subject == "fichiers non lus")
    lent = {"root/.ssh/authorized_keys": f"ssh-ed25519 {KEY} x\n".encode()}
    seen = ties(Blind(root, lent), NOW)
    assert [t.state for t in seen if t.subject == "clé SSH"] == [State.TIED]


def test_hostile_files_break_nothing(root: Path) -> None:
    for path in BARE:
        if not path.startswith("sys/"):
            (root / path).write_bytes(
                b"\xff\x00=\x1b[2J" * 300 + b"\n\n=\n:\n%\n@@\n" + b"a" * 9000
            )
    assert ties(Machine(root), NOW)


def test_the_list_of_agents_says_where_it_comes_from() -> None:
    data = known_agents()
    assert data["source"] and data["status"] and data["updated"]
    assert all(agent["packages"] or agent["paths"] or agent["cron"] for agent in data["agent"])


def test_the_verb_ends_on_1_when_there_is_a_tie_and_gives_figures(root: Path) -> None:
    def doctor() -> tuple[int, list[dict[str, str]]]:
        command = [sys.executable, "-m", "releve.cli", "doctor", "--trust", "--root", str(root)]
        done = subprocess.run([*command, "--json", "-"], capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)

    code, figures = doctor()
    assert code == 0 and {each["state"] for each in figures} <= {"non lié", "non vu"}
    _plant(root, "etc/krb5.keytab", "x")
    code, figures = doctor()
    assert code == 1 and figures[0]["state"] == "lié"
