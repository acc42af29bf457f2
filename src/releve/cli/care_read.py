"""``./run care read FILE``: what a file of HL7 v2 messages says, and whether reading lost any."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from releve.cli.options import printable
from releve.kernel.errors import BadInput
from releve.kernel.units import thousands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releve.care.hl7 import Message, NotHl7, Piece

_PARIS = ZoneInfo("Europe/Paris")
_WHY: dict[type, str] = {
    FileNotFoundError: "ce fichier n'existe pas",
    IsADirectoryError: "c'est un dossier",
    PermissionError: "vous n'avez pas le droit de le lire",
}


def read(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Fichier HL7 v2 (« - » : entrée).")],
    roundtrip: Annotated[
        bool,
        typer.Option("--roundtrip", help="N'affiche rien ; réécrit chaque message et compare."),
    ] = False,
) -> None:
    """Lit un fichier HL7 v2 et résume chaque message ; rien n'est gardé.

    Code de sortie : 0 tout est lu (ou réécrit à l'octet près), 1 une partie seulement, 2 illisible.
    """
    from releve.care.hl7 import split_messages

    name = printable(file)
    data = _octets(file)
    pieces = list(split_messages(data))
    read_ones = list(_parsed(pieces))
    refused = [(piece, said) for piece, said in read_ones if isinstance(said, Exception)]
    if len(refused) == len(read_ones):
        what = "fichier vide" if not data else _where(*refused[0])
        raise BadInput(where=name, what=what, fix="Donnez un fichier de messages HL7 v2 (MSH|…).")
    if roundtrip:
        raise typer.Exit(_compare(name, read_ones))
    for number, (piece, said) in enumerate(read_ones, start=1):
        if not isinstance(said, Exception):
            _show(number, piece, said)
    count = len(read_ones) - len(refused)
    print(f"{thousands(count)} message{'s' * (count > 1)} lu{'s' * (count > 1)} dans {name}.")
    _refusals(refused)
    raise typer.Exit(1 if refused else 0)


def _octets(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read()
        if file.startswith("fd:"):  # opened for us before the rights were dropped
            with os.fdopen(int(file[3:]), "rb") as given:
                return given.read()
        with open(file, "rb") as given:
            return given.read()
    except (OSError, ValueError) as error:
        what = _WHY.get(type(error)) or getattr(error, "strerror", None) or error
        fix = "Vérifiez le nom de ce fichier et vos droits."
        raise BadInput(where=printable(file), what=what, fix=fix) from error


def _parsed(pieces: list[Piece]) -> Iterator[tuple[Piece, Message | NotHl7]]:
    from releve.care.hl7 import NotHl7, parse

    for piece in pieces:
        try:
            yield piece, parse(piece.message)
        except NotHl7 as error:
            yield piece, error


def _where(piece: Piece, error: NotHl7) -> str:
    return f"octet {piece.offset} du fichier : {printable(str(error))}"


def _refusals(refused: list[tuple[Piece, NotHl7]]) -> None:
    for piece, error in refused:
        print(f"Non lu, {_where(piece, error)}", file=sys.stderr)
        print(f"→ {error.remedy}", file=sys.stderr)


def _compare(name: str, read_ones: list[tuple[Piece, Message | NotHl7]]) -> int:
    """Silent when every octet of the file comes back; else names the first that does not."""
    for piece, said in read_ones:
        if isinstance(said, Exception):
            print(f"{name} : premier octet perdu : {piece.offset}.", file=sys.stderr)
            _refusals([(piece, said)])
            return 1
        rebuilt = said.encode()
        if rebuilt != piece.message:
            place = piece.offset + _first_difference(rebuilt, piece.message)
            print(f"{name} : premier octet différent : {place}.", file=sys.stderr)
            return 1
    return 0


def _first_difference(one: bytes, other: bytes) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _show(number: int, piece: Piece, message: Message) -> None:
    event = "^".join(part for part in (message.type, message.trigger) if part) or "sans type"
    version = f"HL7 {message.version}" if message.version else "version non dite"
    print(f"Message {thousands(number)} (octet {piece.offset}) : {printable(event)}")
    print(f"  {printable(version)}   n° {printable(message.control_id) or 'absent'}")
    print(f"  émetteur : {printable(message.sender)}   émis : {_hour(message)}")
    said = "dit par MSH-18 ou par défaut" if message.charset_known else "déduit des octets"
    print(f"  caractères : {message.charset} ({said})")
    counts = Counter(segment.name for segment in message.segments())
    listed = (
        f"{printable(n[:20])} ×{c}" if c > 1 else printable(n[:20]) for n, c in counts.items()
    )
    print(f"  segments : {', '.join(listed)}")


def _hour(message: Message) -> str:
    if message.sent is None:
        written = message.text("MSH", 7)
        return f"illisible ({printable(written)})" if written else "heure non dite"
    return message.sent.astimezone(_PARIS).strftime("%d/%m/%Y %H:%M:%S (heure de Paris)")
