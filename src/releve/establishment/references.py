"""Do the files speak of the same things: every name used in one is declared in another."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from releve.establishment import entities, inventory
from releve.establishment.faults import Findings, listed, shown
from releve.establishment.model import SERVICE_PREFIX, Establishment

#: A service's node is ``service:CODE``.
_NODE_FILES = (
    entities.FILE,
    inventory.APPLICATIONS,
    inventory.MACHINES,
    inventory.SUPPLIERS,
)

#: Beyond, looking for the closest names would take longer than reading the folder.
_MOST_COMPARISONS = 200_000


def check_references(establishment: Establishment, findings: Findings) -> None:
    """A fault for each unknown name, and for each id that two things bear."""
    _check_twins(establishment, findings)
    _check_applications(establishment, findings)
    _check_places(establishment, findings)
    _check_nodes(establishment, findings)


class _Names:
    """The names of one kind of thing; what is declared in a faulty row is known too, and any name
    is when one of the ``files`` that declare it could not be read.
    """

    def __init__(
        self, what: str, names: Collection[str], files: Collection[str], findings: Findings
    ) -> None:
        self._what = what
        self._names = set(names) - {""}
        self._comparisons = _MOST_COMPARISONS
        self._any = bool(findings.unread.intersection(files))
        self._remedy = f"déclarez-le dans {listed(list(files))}."
        self._findings = findings

    def check(self, file: str, line: int, user: str, name: str) -> None:
        if self._any or name in self._names:
            return
        self._comparisons -= len(self._names)
        worth = self._comparisons > 0
        close = difflib.get_close_matches(name, self._names, 1) if worth else []
        meant = f"Vouliez-vous « {shown(close[0])} » ? Sinon : " if close else "Corrigez-le ou "
        what = f"{shown(user)} : {self._what} « {shown(name)} » inconnu(e)"
        self._findings.fault(file, line, "reference", what, meant + self._remedy)


def _services(establishment: Establishment, findings: Findings) -> _Names:
    codes = {service.code for service in establishment.services} | _declared(findings, "service")
    return _Names("service", codes, (entities.FILE,), findings)


def _declared(findings: Findings, *kinds: str) -> set[str]:
    return {name for kind, name in findings.declared if kind in kinds}


def _check_twins(establishment: Establishment, findings: Findings) -> None:
    owner: dict[str, tuple[str, int]] = {}
    nodes = (
        *((inventory.APPLICATIONS, each.id, each.line) for each in establishment.applications),
        *((inventory.SUPPLIERS, each.id, each.line) for each in establishment.suppliers),
        *((inventory.MACHINES, each.id, each.line) for each in establishment.machines),
    )
    for file, node, line in nodes:
        first = owner.setdefault(node, (file, line))
        if first != (file, line):
            what = f"« {node} » est déjà le nom d'un nœud ({first[0]}:{first[1]})"
            remedy = "Un identifiant est unique dans tout le dossier : renommez l'un des deux."
            findings.fault(file, line, "duplicate", what, remedy)


def _check_applications(establishment: Establishment, findings: Findings) -> None:
    services = _services(establishment, findings)
    ids = {each.id for each in establishment.suppliers} | _declared(findings, "supplier")
    suppliers = _Names("fournisseur", ids, (inventory.SUPPLIERS,), findings)
    for application in establishment.applications:
        place = (inventory.APPLICATIONS, application.line, application.id)
        for code in (*application.services, *application.used_by):
            services.check(*place, code)
        if application.supplier:
            suppliers.check(*place, application.supplier)


def _check_places(establishment: Establishment, findings: Findings) -> None:
    services = _services(establishment, findings)
    numbers = {site.finess for site in establishment.sites} | _declared(findings, "finess")
    sites = _Names("site", numbers, (entities.FILE,), findings)
    for machine in establishment.machines:
        place = (inventory.MACHINES, machine.line, machine.id)
        sites.check(*place, machine.site)
        if machine.service:
            services.check(*place, machine.service)
    for person in establishment.people:
        if person.service:
            services.check(inventory.PEOPLE, person.line, person.id, person.service)


def _check_nodes(establishment: Establishment, findings: Findings) -> None:
    known = set(establishment.names)
    known |= _declared(findings, "application", "supplier", inventory.MACHINES)
    known |= {SERVICE_PREFIX + code for code in _declared(findings, "service")}
    nodes = _Names("nœud", known, _NODE_FILES, findings)
    for row in establishment.dependencies:
        for name in (row.node, row.needs):
            nodes.check(inventory.DEPENDENCIES, row.line, f"{row.node} → {row.needs}", name)
    gates: dict[str, int] = {}
    for gate in establishment.gates:
        for name in (*gate.before, *gate.after):
            nodes.check(entities.FILE, gate.line, f"porte « {gate.name} »", name)
        if gates.setdefault(gate.name, gate.line) != gate.line:
            what = f"porte « {shown(gate.name)} » déjà à la ligne {gates[gate.name]}"
            findings.fault(entities.FILE, gate.line, "duplicate", what, "Renommez-en une.")
    for bootstrap in establishment.bootstraps:
        for name in bootstrap.order:
            nodes.check(entities.FILE, bootstrap.line, "bootstrap", name)
