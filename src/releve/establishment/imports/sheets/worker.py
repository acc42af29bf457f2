"""The throw-away process of the readers: one open file in, its tables or its text out, as JSON.

The request is ``{"task": "tables", "only": [names]}``, ``{"task": "document"}``,
``{"task": "members"}`` (what a zip holds) or ``{"task": "member", "place": n}`` (its octets, raw,
after one octet « = »). An answer that could not be given is ``{"refused": French}``.
"""

from __future__ import annotations

import io
import json
import mimetypes
import os
import re
import stat
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from releve.kernel.confinement import serving
from releve.kernel.confinement.closing import Limits

MAX_FILE = 64 << 20
_MAX_MEMBER = 64 << 20
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def serve(descriptor: int, limits: Limits) -> None:
    """Confine this process, then answer until the socket closes."""
    mimetypes.knownfiles = []  # openpyxl would open /etc/mime.types, which is closed to us
    serving.serve(descriptor, limits, Path(__file__).parent, answer)


def answer(request: bytes, files: list[int]) -> bytes:
    """One request; whatever a parser raises is a refusal, running out of memory included."""
    from releve.establishment.imports.sheets.table import PARSER_ERRORS, Refused

    with os.fdopen(files[0], "rb") as file:
        data = file.read(MAX_FILE + 1)
    try:
        if len(data) > MAX_FILE:
            raise Refused(f"il dépasse {MAX_FILE >> 20} Mio")
        if not data.strip(b"\0\r\n\t "):
            raise Refused("il est vide")
        asked = json.loads(request)
        if asked["task"] == "member":
            return b"=" + _member(data, int(asked["place"]))
        said: dict[str, Any] = _TASKS[asked["task"]](data, asked)
    except Refused as error:
        said = {"refused": str(error)}
    except MemoryError:
        said = {"refused": "il demande plus de mémoire que permis (une fois déplié)"}
    except PARSER_ERRORS:
        said = {"refused": "il est abîmé : sa lecture s'est arrêtée en route"}
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _names(data: bytes) -> frozenset[str]:
    """Members of a zip, none when it is no zip; refuses what unpacks beyond measure."""
    from releve.establishment.imports.sheets.table import (
        MAX_MEMBERS,
        MAX_UNPACKED,
        PROTECTED,
        Refused,
    )

    if data[:4] != b"PK\x03\x04":
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Refused("le fichier est coupé ou abîmé") from error
    size = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS or size > MAX_UNPACKED:
        raise Refused(f"déplié, il prendrait {size >> 20} Mio, plus que le permis")
    if any(info.flag_bits & 1 for info in infos):
        raise Refused(PROTECTED)
    return frozenset(info.filename for info in infos)


def _tables(data: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    from releve.establishment.imports.sheets.secret import drop_secrets

    only = tuple(str(each).lower() for each in asked.get("only", []))
    kind, tables, secrets = _read(data, _names(data), only)
    for table in tables:
        for name, count in drop_secrets(table).items():
            secrets[name] = secrets.get(name, 0) + count
    return {"kind": kind, "secrets": secrets, "tables": [asdict(table) for table in tables]}


def _read(
    data: bytes, names: frozenset[str], only: tuple[str, ...]
) -> tuple[str, list[Any], dict[str, int]]:
    from releve.establishment.imports.sheets import delimited, listed, workbooks
    from releve.establishment.imports.sheets.table import PROTECTED, Refused, is_encrypted

    if data.startswith(_OLE2) and is_encrypted(data):
        raise Refused(PROTECTED)
    if names or data.startswith(_OLE2):
        inside = ("workbook.xml", "workbook.bin", "content.xml")
        if names and not any(name.lower().endswith(inside) for name in names):
            raise Refused("ce n'est pas un classeur (xlsx, ods, xls)")
        return "workbook", workbooks.read_workbook(data, only), {}
    if data[:5] == b"%PDF-":
        raise Refused("c'est un PDF : demandez le tableau d'origine, ou exportez-le en xlsx ou csv")
    head = data[:2048].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"[", b"{")):
        return "json", listed.read_json(data), {}
    if b"<html" in head or b"<table" in head:
        return "html", listed.read_html(data), {}
    if head.startswith(b"<?xml"):
        raise Refused("c'est du XML : ouvrez-le dans le tableur et enregistrez-le en xlsx")
    if head.startswith((b"dn:", b"version: 1", b"version:1")) or b"\ndn:" in head:
        table, secrets = listed.read_ldif(data)
        return "ldif", [table], secrets
    return "text", [delimited.read_delimited(data)], {}


def _document(data: bytes, _asked: dict[str, Any]) -> dict[str, Any]:
    from releve.establishment.imports.sheets.documents import read_document

    return asdict(read_document(data, _names(data)))


def _members(data: bytes, _asked: dict[str, Any]) -> dict[str, Any]:
    """Files of a zip: (place, name, what is wrong with it, in French); names of the old DOS kind
    are read as French.
    """
    from releve.establishment.imports.sheets.table import Refused

    if not _names(data):
        raise Refused("ce n'est pas un dossier compressé (zip)")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
    found = []
    for place, info in enumerate(infos):
        name = info.filename
        if not info.flag_bits & 0x800:
            name = name.encode("cp437", "replace").decode("cp850", "replace")
        if not info.is_dir() and not name.startswith("__MACOSX/"):
            found.append([place, name[:400], _wrong(name, info)])
    return {"members": found}


def _wrong(name: str, info: zipfile.ZipInfo) -> str:
    """Why a member is not to be opened, empty when it may be."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or re.match(r"[A-Za-z]:", name):
        return "chemin absolu"
    if ".." in parts:
        return "chemin qui sort du dossier compressé"
    return "lien, et non un fichier" if stat.S_ISLNK(info.external_attr >> 16) else ""


def _member(data: bytes, place: int) -> bytes:
    from releve.establishment.imports.sheets.table import Refused

    _names(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.infolist()[place]
        if info.file_size > _MAX_MEMBER:
            raise Refused(f"il dépasse {_MAX_MEMBER >> 20} Mio")
        return archive.read(info)


_TASKS = {"tables": _tables, "document": _document, "members": _members}
