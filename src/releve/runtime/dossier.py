"""What a dossier is made from, read from the program and from one home."""

from __future__ import annotations

import pwd
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from releve import __version__
from releve.dossier import Flow, Kept, Material, RoleLine, Verb
from releve.dossier.material import described
from releve.establishment import Establishment, stored
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import moment
from releve.reflexes import REFLEXES
from releve.retention import duration_words, read_rules, signature_words
from releve.runtime.accounts import MARK, table
from releve.runtime.lives import lives
from releve.runtime.records import use_records
from releve.runtime.settings import LOOPBACK, read_settings
from releve.runtime.supervisor import PARTS


def material_of(home: Home, verbs: Sequence[Verb], now: datetime) -> Material:
    """Everything a dossier says of this home at ``now``; ``verbs`` are those of the entrance."""
    use_records(home)
    from releve.pages.house import legal_entity
    from releve.retention.app import desk

    entity, dpo, establishment = legal_entity(), desk.officer(), _establishment(home)
    alive = lives(home)
    served = tuple(name for name in PARTS if name in alive and alive[name].alive)
    return Material(
        made=now,
        version=__version__,
        home=f"dossier {home.id[:8]}",
        world=home.world.value,
        entity=entity.name if entity else "",
        finess=entity.perimeter if entity else "",
        dpo=f"{dpo.name}, accord du {dpo.agreed_on:%d/%m/%Y}" if dpo else "",
        overrides=tuple(
            f"{each.address}, {moment(each.at)} : {each.reason}" for each in desk.overrides()
        ),
        users=_users(home),
        parts=PARTS,
        served=served,
        flows=_flows(home, served),
        stores=_stores(home),
        verbs=tuple(verbs),
        roles=_roles(),
        shared_acts=_shared_acts(),
        rotas=_rotas(establishment),
        suppliers=_suppliers(establishment),
        counts=_counts(establishment),
        reflexes=tuple(f"{each.name} : {', '.join(each.acts)}" for each in REFLEXES),
    )


def _users(home: Home) -> dict[str, str]:
    """An installed home has one user per part; else all parts run as who owns the folder."""
    if (home.path / MARK).exists():
        return {row.name: row.user for row in table().parts}
    return dict.fromkeys(PARTS, pwd.getpwuid(home.path.stat().st_uid).pw_name)


def _flows(home: Home, served: Sequence[str]) -> tuple[Flow, ...]:
    return tuple(
        Flow(
            each["source"],
            each["target"],
            each["protocol"],
            where,
            each["data"],
            each["content"],
            each["transport"],
            _state(each, served),
            each["port"].endswith("_port") or each["port"] == "addresses",
        )
        for each in described()["flow"]
        for where in _places(home, each["port"])
    )


def _state(flow: Mapping[str, str], served: Sequence[str]) -> str:
    if flow["port"] == "aucun":
        return "à la main"
    if flow["port"] == "sortant":
        return "à la demande d'une personne"
    return "en service" if flow["target"] in served else "arrêté"


def _places(home: Home, port: str) -> Sequence[str]:
    """Where a flow comes to, one line each; an address that is not asked for makes no line."""
    settings = read_settings(home)
    if port == "addresses":
        return settings.addresses
    if port == "sortant":
        return ("l'adresse donnée avec --ldap",)
    if not port.endswith("_port"):
        return ("aucun port" if port == "aucun" else port,)
    kept = asdict(settings)[port]
    return (f"{LOOPBACK}:{kept}" if kept else f"{LOOPBACK}, port choisi au démarrage",)


def _stores(home: Home) -> tuple[Kept, ...]:
    rules = read_rules(home)
    return tuple(
        Kept(
            store.id,
            store.name,
            store.holds,
            store.people,
            store.purpose,
            store.basis,
            duration_words(store, rules),
            store.key_words,
            store.destruction.words,
            store.source,
            store.status_words,
            signature_words(store),
            store.decided,
            store.signed,
            store.outside,
        )
        for store in rules.stores
    )


def _roles() -> tuple[RoleLine, ...]:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from releve.pages.models import Grant
    from releve.pages.roles import Role

    navigation = import_string(settings.RELEVE_NAVIGATION)
    lines = []
    for role in Role:
        live = Grant.objects.filter(role=role.value, revoked_at__isnull=True)
        accounts = live.values("account").distinct().count()
        pages = tuple(entry.word for entry in navigation if role in entry.roles)
        lines.append(RoleLine(role.words, accounts, role.privileged, pages))
    return tuple(lines)


def _shared_acts() -> tuple[str, ...]:
    from releve.pages.acts import registered

    return tuple(act.title for act in registered().values())


def _establishment(home: Home) -> Establishment | None:
    try:
        return stored(home)
    except ReleveError:  # « establishment check » says it; the dossier says that it is missing
        return None


def _rotas(establishment: Establishment | None) -> tuple[str, ...]:
    if establishment is None:
        return ()
    return tuple(sorted({watch.rota for watch in establishment.watches}))


def _suppliers(establishment: Establishment | None) -> tuple[tuple[str, str], ...]:
    if establishment is None:
        return ()
    return tuple((each.name, each.phone) for each in establishment.suppliers if each.phone)


def _counts(establishment: Establishment | None) -> tuple[tuple[str, int], ...]:
    if establishment is None:
        return ()
    return (
        ("Sites", len(establishment.sites)),
        ("Services", len(establishment.services)),
        ("Applications", len(establishment.applications)),
        ("Machines", len(establishment.machines)),
        ("Personnes", len(establishment.people)),
        ("Fournisseurs", len(establishment.suppliers)),
    )
