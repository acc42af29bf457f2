"""Our reader of restic's format against restic itself."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from releve.kernel.clock import SystemClock
from releve.kernel.ids import machine_name
from releve.vault import restic_format as fmt
from releve.vault.errors import Unreadable
from releve.vault.objects import Kind
from releve.vault.repository import Repository
from releve.vault.restoration import FolderObjects
from tests.vault.house import House, Machine, drill_home

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, central: Path) -> Iterator[Machine]:
    """A machine whose repository, made natively, is used by restic as a folder."""
    house = House(drill_home(tmp_path_factory.mktemp("format") / "home", central))
    machine = house.enrol("PC-FORMAT")
    rng = random.Random(7)
    files = machine.files
    (files / "vide.txt").write_bytes(b"")
    (files / "texte.txt").write_text("Compte rendu\n" * 5000)
    (files / "gros.bin").write_bytes(rng.randbytes(5_000_000))
    (files / 'nom "cité"\\ \n').write_text("nom difficile")
    (files / "caf\udce9.txt").write_bytes(b"nom en latin-1")
    (files / "lien").symlink_to("texte.txt")
    (files / "dossier/dedans").mkdir(parents=True)
    (files / "dossier/dedans/é.txt").write_text("profond")
    machine.environment["RESTIC_REPOSITORY"] = str(repository_folder(machine))
    machine.backup()
    yield machine
    house.close()


def repository_folder(machine: Machine) -> Path:
    return machine.house.home.path / "vault/repos" / machine.name


def opened(machine: Machine) -> tuple[fmt.MasterKey, Repository]:
    folder = repository_folder(machine)
    key = next((folder / "keys").iterdir()).read_bytes()
    master = fmt.open_key_file(key, machine.environment["RESTIC_PASSWORD"])
    repository = Repository(FolderObjects(folder), master)
    for path in (folder / "index").iterdir():
        repository.prove_index(repository.read_index(path.name))
    return master, repository


def test_restic_accepts_a_repository_made_natively(local: Machine) -> None:
    assert local.restic("check", "--read-data").returncode == 0


def test_key_and_config_read_as_restic_reads_them(local: Machine) -> None:
    master, _ = opened(local)
    theirs = json.loads(local.restic("cat", "masterkey").stdout)
    said = (theirs["encrypt"], theirs["mac"]["k"], theirs["mac"]["r"])
    assert (master.encrypt, master.mac_k, master.mac_r) == tuple(map(base64.b64decode, said))
    config = fmt.read_config(master, (repository_folder(local) / "config").read_bytes())
    theirs = json.loads(local.restic("cat", "config").stdout)
    assert (config.version, config.id) == (theirs["version"], theirs["id"])
    assert config.polynomial == theirs["chunker_polynomial"]


def test_index_and_snapshot_read_as_restic_reads_them(local: Machine) -> None:
    _, repository = opened(local)
    for path in (repository_folder(local) / "index").iterdir():
        theirs = json.loads(local.restic("cat", "index", path.name).stdout)
        ours = repository.read_index(path.name)
        assert {pack["id"]: len(pack["blobs"]) for pack in theirs["packs"]} == {
            pack: len(blobs) for pack, blobs in ours.packs.items()
        }
    for path in (repository_folder(local) / "snapshots").iterdir():
        theirs = json.loads(local.restic("cat", "snapshot", path.name).stdout)
        snapshot = repository.read_snapshot(path.name)
        assert (snapshot.tree, list(snapshot.paths)) == (theirs["tree"], theirs["paths"])


def test_the_tree_is_the_folder_that_was_backed_up(local: Machine) -> None:
    _, repository = opened(local)
    snapshot = repository.read_snapshot(_newest(local))
    repository.prove_tree(snapshot.tree)
    seen = dict(repository.walk(snapshot.tree))
    on_disk = list(local.files.rglob("*"))
    assert {str(path) for path in on_disk} <= seen.keys()
    for path in on_disk:
        node = seen[str(path)]
        if path.is_symlink():
            assert (node.type, node.linktarget) == ("symlink", "texte.txt")
        elif path.is_file():
            content = b"".join(repository.content(node))
            assert content == path.read_bytes()
            assert repository.size(node) == len(content)
    assert repository.count(snapshot.tree) == sum(
        path.is_file() and not path.is_symlink() for path in on_disk
    )


def test_restic_dumps_what_we_read(local: Machine) -> None:
    _, repository = opened(local)
    snapshot = _newest(local)
    tree = repository.read_snapshot(snapshot).tree
    path = str(local.files / "texte.txt")
    node = dict(repository.walk(tree))[path]
    assert (
        b"".join(repository.content(node)).decode() == local.restic("dump", snapshot, path).stdout
    )


def test_a_change_is_found_without_opening_equal_folders(local: Machine) -> None:
    before = _newest(local)
    (local.files / "texte.txt").write_text("autre\n")
    (local.files / "vide.txt").unlink()
    (local.files / "neuf.txt").write_text("neuf")
    local.backup()
    _, repository = opened(local)
    trees = [repository.read_snapshot(name).tree for name in (before, _newest(local))]
    found = repository.compare(*trees)
    kinds = {
        Path(change.path).name: (change.before is not None, change.after is not None)
        for change in found.changes
    }
    assert kinds == {
        "texte.txt": (True, True),
        "vide.txt": (True, False),
        "neuf.txt": (False, True),
    }
    assert (found.before, found.after) == (6, 6)
    assert found.unchanged == 4


def _newest(machine: Machine) -> str:
    folder = repository_folder(machine) / "snapshots"
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns).name


MASTER = fmt.new_master_key()


@given(st.binary(max_size=2000))
def test_sealed_text_opens_and_a_changed_one_does_not(plain: bytes) -> None:
    sealed = fmt.seal(MASTER, plain)
    assert fmt.unseal(MASTER, sealed) == plain
    place = random.Random(len(plain)).randrange(len(sealed))
    damaged = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
    with pytest.raises(Unreadable):
        fmt.unseal(MASTER, damaged)


FIELDS = ("packs", "id", "blobs", "type", "offset", "length", "tree", "nodes", "name", "content")
ABSURD = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
)


@given(ABSURD)
def test_an_absurd_document_is_unreadable_never_a_crash(value: object) -> None:
    plain = json.dumps(value).encode()
    sealed = fmt.seal(MASTER, plain)
    for read in (fmt.read_index, fmt.read_snapshot, fmt.read_config):
        try:
            read(MASTER, sealed)
        except Unreadable as error:
            assert str(error)
    try:
        fmt.read_tree(plain)
    except Unreadable as error:
        assert str(error)


def test_a_zstd_bomb_is_refused() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(50_000_000))
    with pytest.raises(Unreadable, match="trop grand"):
        fmt.decompress(bomb, 1_000_000, "le bloc")


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\0b"])
def test_a_name_that_leaves_its_folder_is_refused(name: str) -> None:
    nodes = {"nodes": [{"name": name, "type": "file"}]}
    with pytest.raises(Unreadable, match="nom refusé"):
        fmt.read_tree(json.dumps(nodes).encode())


def test_a_folder_that_holds_itself_many_times_is_not_walked_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("releve.vault.repository.MAX_ENTRIES", 5000)
    blobs: dict[str, bytes] = {}
    subtree = _put(blobs, {"nodes": []})
    for _ in range(40):
        twice = [{"name": n, "type": "dir", "subtree": subtree} for n in ("a", "b")]
        subtree = _put(blobs, {"nodes": twice})
    repository = Repository(FolderObjects(Path("/inexistant")), MASTER)
    repository.blob = blobs.__getitem__  # type: ignore[method-assign,assignment]
    assert repository.count(subtree) == 0
    with pytest.raises(Unreadable, match="entrées"):
        for _ in repository.walk(subtree):
            pass


def _put(blobs: dict[str, bytes], value: object) -> str:
    data = json.dumps(value).encode()
    name = hashlib.sha256(data).hexdigest()
    blobs[name] = data
    return name


def test_an_index_that_lies_about_a_pack_teaches_nothing(local: Machine) -> None:
    master, repository = opened(local)
    (index, *_) = (
        repository.read_index(path.name) for path in (repository_folder(local) / "index").iterdir()
    )
    pack, blobs = next(iter(index.packs.items()))
    moved = fmt.Blob("00" * 32, blobs[0].type, blobs[0].offset, blobs[0].length, blobs[0].plain)
    fresh = Repository(FolderObjects(repository_folder(local)), master)
    with pytest.raises(Unreadable, match="ne contient pas"):
        fresh.prove_index(fmt.Index({pack: (moved,)}))
    with pytest.raises(Unreadable, match="aucun index"):
        fresh.blob(blobs[0].id)
    with pytest.raises(Unreadable, match="manque"):
        fresh.prove_index(fmt.Index({"11" * 32: blobs}))


def test_native_init_is_what_the_enrolment_promises(local: Machine, central: Path) -> None:
    master, _ = opened(local)
    config = fmt.read_config(master, (repository_folder(local) / "config").read_bytes())
    other = House(drill_home(central.parent / "autre", central))
    second = other.enrol("PC-AUTRE")
    other.close()
    folder = other.home.path / "vault/repos" / machine_name("PC-AUTRE")
    key = next((folder / Kind.KEYS.value).iterdir()).read_bytes()
    theirs = fmt.open_key_file(key, second.environment["RESTIC_PASSWORD"])
    their_config = fmt.read_config(theirs, (folder / "config").read_bytes())
    assert their_config.polynomial == config.polynomial  # one copy of a chunk in the central one
    assert their_config.id != config.id
    assert theirs != master
    with pytest.raises(Unreadable):
        fmt.open_key_file(key, local.environment["RESTIC_PASSWORD"])
    assert SystemClock().now() > other.home.born
