"""The stand-alone verifier: what copying by hand adds is harmless, what nobody wrote is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from releve.kernel.home import Home
from releve.ledger import Place, SigningKey, encode
from releve.ledger import verify as verifier
from tests.ledger.examples import (
    copy_of,
    entries_in,
    evidence,
    exported,
    forge,
    list_again,
    verdict,
)


@pytest.fixture
def folder(home: Home, tmp_path: Path) -> Path:
    return exported(home, tmp_path / "x", entries=3)


@pytest.fixture
def key(home: Home, folder: Path) -> SigningKey:
    return SigningKey.from_text(Place(home).key.read_text())


def _groups(text: str, width: int, separator: str) -> str:
    return separator.join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize(
    "copied",
    [
        str.upper,
        lambda text: _groups(text, 4, " "),
        lambda text: _groups(text.upper(), 2, ":"),
        lambda text: f" {_groups(text, 16, '  ')}\n",
    ],
)
def test_a_fingerprint_copied_from_paper(
    folder: Path, key: SigningKey, tmp_path: Path, copied: Callable[[str], str]
) -> None:
    text = copied(key.public.fingerprint)
    (tmp_path / "paper").write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    for anchor in (text, str(tmp_path / "paper")):
        code, said = verdict(folder, "--key", anchor)
        assert (code, "authentique" in said) == (0, True), said
    assert verdict(folder, "--key", copied("0" * 64))[0] == 1
    assert verdict(folder, "--key", copied(key.public.fingerprint[:16]))[0] == 2


@pytest.mark.parametrize(
    "copied",
    [
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: b"\xef\xbb\xbf" + note,
        lambda note: note.rstrip(b"\n"),
        lambda note: b"\n" + note + b"\n\n",
        lambda note: note.replace(b"\n\n", b"\n\n\n"),
        lambda note: note.replace(b"\n", b"  \n"),
    ],
)
def test_a_checkpoint_copied_from_elsewhere(
    folder: Path, key: SigningKey, tmp_path: Path, copied: Callable[[bytes], bytes]
) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(copied((folder / "checkpoint").read_bytes()))
    code, said = verdict(folder, "--checkpoint", str(kept))
    assert (code, "prolonge le point de contrôle" in said) == (0, True), said
    other = SigningKey.generate(key.public.name)
    text = (folder / "checkpoint").read_text("utf-8").split("\n\n")[0] + "\n"
    kept.write_bytes(copied(other.sign(text)))
    assert verdict(folder, "--checkpoint", str(kept))[0] == 1


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe\0", b"releve/x/1\n3\n", b"{}", b"a\n" * 9])
def test_what_is_no_checkpoint_is_unreadable_not_false(
    folder: Path, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "kept").write_bytes(data)
    code, said = verdict(folder, "--checkpoint", str(tmp_path / "kept"))
    assert (code, "ce n'est pas un point de contrôle" in said) == (2, True)


def _written(change: Callable[[dict[str, Any]], object], **style: int) -> Callable[[bytes], bytes]:
    def spoil(data: bytes) -> bytes:
        found = json.loads(data)
        change(found)
        return json.dumps(found, **style).encode()  # type: ignore[arg-type]

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: b"\xef\xbb\xbf" + data,
        _written(lambda found: None, indent=3),
        _written(lambda found: found["files"].append(found["files"][0]), indent=1),
        _written(lambda found: found["files"].reverse(), indent=1),
        _written(lambda found: found.update(more=1), indent=1),
        _written(lambda found: found["files"][0].update(more=1), indent=1),
        _written(lambda found: found["files"][0].update(size=True), indent=1),
        _written(lambda found: found["files"].append(None), indent=1),
        _written(lambda found: found.update(files={}), indent=1),
    ],
)
def test_the_manifest_is_what_the_export_writes(
    folder: Path, spoil: Callable[[bytes], bytes]
) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(spoil(manifest.read_bytes()))
    assert verdict(folder)[0] == 1


@pytest.mark.parametrize("more", ["vide", "tile/9", "tile/entries/vide/vide"])
def test_a_folder_more(folder: Path, more: str) -> None:
    (folder / more).mkdir(parents=True)
    code, said = verdict(folder)
    assert (code, more in said, "en trop" in said) == (1, True, True)


def test_each_of_our_own_files_is_needed_even_when_listed_again(folder: Path) -> None:
    for name in ("LISEZMOI.txt", "verify.py", "vkey", "checkpoint"):
        spoiled = copy_of(folder, "spoiled")
        (spoiled / name).unlink()
        list_again(spoiled)
        code, said = verdict(spoiled)
        assert (code, name in said) == (1, True)


def test_it_says_which_of_missing_or_unlisted(folder: Path) -> None:
    (folder / "note.txt").write_text("x")
    assert verdict(folder) == (1, "'note.txt' : ce fichier est en trop, hors du manifeste")
    (folder / "note.txt").unlink()
    (folder / "LISEZMOI.txt").unlink()
    assert verdict(folder) == (1, "'LISEZMOI.txt' : ce fichier manque")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: entry.replace(b'":', b'": '),
        lambda entry: entry + b"\n",
        lambda entry: b'{"what":"a",' + entry[1:],
        lambda entry: entry.replace(b'"value":9', b'"value":NaN'),
        lambda entry: entry.replace(b'"value":9', b'"value":-0'),
        lambda entry: entry.replace(b'"value":9', b'"value":9.0'),
        lambda entry: entry.replace(b'"value":9', b'"value":9.50'),
        lambda entry: entry.replace(b'"value":9', b'"value":1e999'),
        lambda entry: entry.replace(b'"unit":"s"', rb'"unit":"\u0073"'),
        lambda entry: entry.replace(b'"unit":"s"', rb'"unit":"\ud800"'),
        lambda entry: json.dumps(json.loads(entry), separators=(",", ":")).encode(),
        lambda entry: json.dumps(
            dict(reversed(json.loads(entry).items())), separators=(",", ":"), ensure_ascii=False
        ).encode(),
    ],
)
def test_an_entry_not_written_canonically(
    folder: Path, key: SigningKey, spoil: Callable[[bytes], bytes]
) -> None:
    entries = entries_in(folder)
    forge(folder, [*entries, encode(evidence(9))], key)
    assert verdict(folder)[0] == 0
    odd = spoil(encode(evidence(9)))
    assert odd != encode(evidence(9))
    forge(folder, [*entries, odd], key)
    assert verdict(folder) == (1, "entrée 4 : ce n'est pas une preuve en JSON canonique")


def test_one_origin_and_number_twice(folder: Path, key: SigningKey) -> None:
    entries = entries_in(folder)
    for second in (entries[2], encode(evidence(2, value=0))):
        forge(folder, [*entries, second], key)
        assert verdict(folder) == (1, "entrée 4 : même origine et même numéro que l'entrée 2")


@pytest.mark.parametrize(
    "value", [0.1, -2.5, 1e-6, 1e-7, 1.5e-7, -3e-300, 123456.75, 5e-324, 0.30000000000000004]
)
def test_a_float_of_ours_passes(folder: Path, key: SigningKey, value: float) -> None:
    forge(folder, [*entries_in(folder), encode(evidence(9, value=value))], key)
    assert verdict(folder)[0] == 0


_INTEGERS = st.integers(1 - 2**53, 2**53 - 1)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.dictionaries(
        _TEXTS, st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXTS | st.lists(_FLOATS)
    )
)
def test_what_rfc8785_writes_is_canonical(found: dict[str, Any]) -> None:
    data = rfc8785.dumps(found)
    verifier.parse_entry(data)
    with pytest.raises(ValueError, match="canonique"):
        verifier.parse_entry(b" " + data)
