"""The same checks on any restic REST server in append-only mode: ours, Debian's, another.

Each check is a behaviour that both must have (restic, *REST Backend*; rest-server
``--append-only``) and says what was seen. It leaves a few small objects behind: nothing can be
deleted, that is the point. On a repository of ours the attempts are counted, and alarm.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from releve.kernel.outward import HttpTarget, Outward
from releve.vault.errors import BadRepositoryUrl
from releve.vault.objects import is_object_name
from releve.vault.protocol import V1, V2

_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Check:
    """One behaviour; ``seen`` = what the server answered."""

    id: str
    ok: bool
    seen: str


class Conformance(Outward):
    """Plays the checks against a server; a drill reaches loopback only."""

    def run(self, url: str) -> list[Check]:
        """All checks, in order; a server that does not answer fails them, it does not stop them.

        Raises ``BadRepositoryUrl`` or ``WrongWorld``.
        """
        base, auth = _split(url)
        self.admit(HttpTarget(base))
        with httpx.Client(
            base_url=base, auth=auth, timeout=_TIMEOUT_SECONDS, trust_env=False
        ) as client:
            trial = _Trial(client, base)
            return [_try(name, check, trial) for name, check in _CHECKS]


class _Trial:
    """The server under trial, with one data object and one lock of our own to play with."""

    def __init__(self, client: httpx.Client, base: str) -> None:
        self.client = client
        self.base = base
        self.body = secrets.token_bytes(1000)
        self.name = hashlib.sha256(self.body).hexdigest()
        self.lock_body = secrets.token_bytes(100)
        self.lock = hashlib.sha256(self.lock_body).hexdigest()

    def post(self, path: str, body: bytes) -> int:
        return self.client.post(path, content=body).status_code

    def delete(self, path: str) -> int:
        return self.client.delete(path).status_code

    @property
    def data(self) -> str:
        return f"data/{self.name}"

    def intact(self) -> bool:
        return self.client.get(self.data).content == self.body


Seen = tuple[bool, str]
_Check = Callable[[_Trial], Seen]


def _try(name: str, check: _Check, trial: _Trial) -> Check:
    try:
        ok, seen = check(trial)
    except (httpx.HTTPError, ValueError) as error:
        ok, seen = False, f"{type(error).__name__} : {error}"
    return Check(name, ok, seen)


def _create(t: _Trial) -> Seen:
    codes = [t.client.post("?create=true").status_code for _ in range(2)]
    return codes == [200, 200], f"POST ?create=true deux fois : {codes}"


def _config(t: _Trial) -> Seen:
    if t.client.head("config").status_code == httpx.codes.NOT_FOUND:
        t.post("config", secrets.token_bytes(155))
    first = t.client.get("config")
    second = t.post("config", secrets.token_bytes(155))
    same = t.client.get("config").content == first.content
    size = t.client.head("config").headers.get("content-length")
    ok = (first.status_code, second, same) == (200, 403, True) and size == str(len(first.content))
    kept = "inchangée" if same else "CHANGÉE"
    return ok, f"GET {first.status_code}, second POST {second}, {kept}, HEAD {size} octets"


def _config_stays(t: _Trial) -> Seen:
    code = t.delete("config")
    left = t.client.head("config").status_code
    return code == 403 and left == 200, f"DELETE config {code}, puis HEAD {left}"


def _store(t: _Trial) -> Seen:
    code = t.post(t.data, t.body)
    return code == 200 and t.intact(), f"POST {code}, relu {'identique' if t.intact() else 'NON'}"


def _head(t: _Trial) -> Seen:
    answer = t.client.head(t.data)
    size = answer.headers.get("content-length")
    return (answer.status_code, size) == (200, "1000"), f"HEAD {answer.status_code}, {size} octets"


def _range(t: _Trial) -> Seen:
    answer = t.client.get(t.data, headers={"Range": "bytes=10-19"})
    ok = answer.status_code == 206 and answer.content == t.body[10:20]
    return ok, f"bytes=10-19 : {answer.status_code}, {len(answer.content)} octets"


def _range_out(t: _Trial) -> Seen:
    code = t.client.get(t.data, headers={"Range": "bytes=5000-5010"}).status_code
    return code == 416, f"bytes=5000-5010 sur 1000 : {code}"


def _absent(t: _Trial) -> Seen:
    path = f"data/{secrets.token_hex(32)}"
    codes = [t.client.head(path).status_code, t.client.get(path).status_code]
    return codes == [404, 404], f"objet absent : HEAD, GET {codes}"


def _wrong_hash(t: _Trial) -> Seen:
    name = secrets.token_hex(32)
    code = t.post(f"data/{name}", b"autre contenu")
    left = t.client.head(f"data/{name}").status_code
    return code == 400 and left == 404, f"POST {code}, puis HEAD {left}"


def _overwrite(t: _Trial) -> Seen:
    codes = [t.post(t.data, t.body), t.post(t.data, secrets.token_bytes(1000))]
    refused = all(code != 200 for code in codes)
    return refused and t.intact(), f"POST mêmes octets, puis d'autres : {codes}"


def _delete_refused(t: _Trial) -> Seen:
    code = t.delete(t.data)
    return code == 403 and t.intact(), f"DELETE {code}, relu {'identique' if t.intact() else 'NON'}"


def _repository_stays(t: _Trial) -> Seen:
    code = t.delete("")
    return code in (403, 405, 501) and t.intact(), f"DELETE du dépôt {code}"


def _lock(t: _Trial) -> Seen:
    path = f"locks/{t.lock}"
    codes = [t.post(path, t.lock_body), t.client.get(path).status_code, t.delete(path)]
    codes.append(t.client.head(path).status_code)
    return codes == [200, 200, 200, 404], f"POST, GET, DELETE, HEAD {codes}"


def _list_v1(t: _Trial) -> Seen:
    answer = t.client.get("data/", headers={"Accept": V1})
    names = answer.json()
    plain = isinstance(names, list) and all(is_object_name(str(name)) for name in names)
    media = answer.headers.get("content-type", "")
    return plain and t.name in names and V1 in media, f"{media}, {len(names)} noms"


def _list_v2(t: _Trial) -> Seen:
    answer = t.client.get("data/", headers={"Accept": V2})
    sizes = {row["name"]: row["size"] for row in answer.json()}
    media = answer.headers.get("content-type", "")
    return sizes.get(t.name) == 1000 and V2 in media, f"{media}, {len(sizes)} objets"


def _lists_exist(t: _Trial) -> Seen:
    kinds = ("index", "keys", "locks", "snapshots")
    codes = {kind: t.client.get(f"{kind}/").status_code for kind in kinds}
    return set(codes.values()) <= {200, 404}, f"listes {codes}"


def _traversal(t: _Trial) -> Seen:
    name = secrets.token_hex(32)
    paths = (f"data/../keys/../../{name}", f"data/%2e%2e%2f{name}", "..%2f..%2fetc%2fpasswd")
    codes = [_raw(t, path) for path in paths]
    return all(300 <= code < 500 for code in codes), f"chemins qui grimpent : {codes}"


def _raw(t: _Trial, path: str) -> int:
    """A request whose path is not tidied by the client."""
    root = urlsplit(t.base)
    request = t.client.build_request("GET", t.base)
    request.url = httpx.URL(t.base, raw_path=f"{root.path}{path}".encode())
    return t.client.send(request).status_code


def _unknown_kind(t: _Trial) -> Seen:
    codes = [t.client.get(f"autre/{t.name}").status_code, t.post("data/court", b"x")]
    return all(400 <= code < 500 for code in codes), f"type inconnu, nom inconnu : {codes}"


def _wrong_password(t: _Trial) -> Seen:
    bad = httpx.BasicAuth("inconnu", secrets.token_urlsafe(16))
    codes = [t.client.get("config", auth=bad).status_code]
    with httpx.Client(base_url=t.base, timeout=_TIMEOUT_SECONDS, trust_env=False) as stranger:
        codes.append(stranger.get("config").status_code)
    return codes == [401, 401], f"mauvais mot de passe, aucun : {codes}"


def _foreign(t: _Trial) -> Seen:
    url = t.base.rstrip("/").rsplit("/", 1)[0] + "/une-autre-machine/config"
    code = t.client.get(url).status_code
    return code in (401, 403, 404), f"dépôt d'une autre machine : {code}"


_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("repository-create-idempotent", _create),
    ("config-written-once", _config),
    ("config-delete-refused", _config_stays),
    ("object-stored", _store),
    ("object-head", _head),
    ("object-range", _range),
    ("object-range-outside", _range_out),
    ("object-absent", _absent),
    ("object-wrong-hash", _wrong_hash),
    ("object-overwrite-refused", _overwrite),
    ("object-delete-refused", _delete_refused),
    ("repository-delete-refused", _repository_stays),
    ("lock-deletable", _lock),
    ("list-v1", _list_v1),
    ("list-v2", _list_v2),
    ("lists-exist", _lists_exist),
    ("path-traversal", _traversal),
    ("path-unknown", _unknown_kind),
    ("credential-wrong", _wrong_password),
    ("credential-foreign", _foreign),
)


def _split(url: str) -> tuple[str, httpx.BasicAuth]:
    """The address without credentials, ending with a slash, and the credentials."""
    parts = urlsplit(url.removeprefix("rest:"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRepositoryUrl(url=_without_secret(url))
    if parts.username is None or parts.password is None:
        raise BadRepositoryUrl(url=_without_secret(url))
    place = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    auth = httpx.BasicAuth(unquote(parts.username), unquote(parts.password))
    return urlunsplit((parts.scheme, place, path, "", "")), auth


def _without_secret(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('//')[0]}//…@{tail}" if at else url
