"""Which nodes and services a head's free words speak of: by identifier, by name, or by the families
of words of ``interview.toml``.

Limits. No language is understood: a name that is not written is not found, and « sans le PACS »
speaks of the PACS as « sur le PACS » does. What is found is shown to a person, never acted upon.
"""

from __future__ import annotations

import re
import unicodedata

from releve.establishment.degraded import rules
from releve.establishment.model import Establishment, MachineKind, Service

_LONG_ENOUGH = 4


def plain(text: str) -> str:
    """Lower case, no accents, words one space apart, a space at each end."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return f" {' '.join(re.findall(r'[a-z0-9]+', kept))} "


class Vocabulary:
    """The names of one establishment, as free words are compared with them."""

    def __init__(self, establishment: Establishment) -> None:
        posts = {m.id for m in establishment.machines if m.kind is MachineKind.WORKSTATION}
        services = establishment.service_of
        self._nodes = [
            (node, plain(node), plain(name))
            for node, name in establishment.names.items()
            if node not in posts and node not in services
        ]
        words = [plain(service.name).split() for service in establishment.services]
        firsts = [each[0] if each else "" for each in words]
        self._services = [
            (
                service,
                plain(service.code),
                plain(service.name),
                first if firsts.count(first) == 1 else "",
            )
            for service, first in zip(establishment.services, firsts, strict=True)
        ]

    def nodes(self, words: str) -> tuple[str, ...]:
        """The nodes that the words speak of, in the folder's order: applications come before what
        carries them.
        """
        said = plain(words)
        families = [f for f in rules().families if any(f" {x} " in said for x in f.spoken)]
        named = [each for family in families for each in family.named]
        return tuple(
            node
            for node, identifier, name in self._nodes
            if identifier in said
            or (len(name) > _LONG_ENOUGH + 1 and name in said)
            or any(each in name for each in named)
        )

    def services(self, words: str) -> tuple[Service, ...]:
        """The services that the words speak of: by code, by name, or by a first word that no other
        service's name begins with (« les urgences »).
        """
        said = plain(words)
        return tuple(
            service
            for service, code, name, first in self._services
            if code in said
            or (len(name) > _LONG_ENOUGH + 1 and name in said)
            or (len(first) >= _LONG_ENOUGH and f" {first} " in said)
        )
