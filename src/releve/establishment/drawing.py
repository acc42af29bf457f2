"""The hospital drawn on one sheet: services ← applications ← servers ← what they stand on, as SVG.

No script, no style sheet needed: presentation attributes alone make it readable in black and white,
classes let a page repeat the state in its own ink. A name is text, whatever it holds. 684 units
wide for 171 mm of an A4 sheet, so that 14 units are 10 points.

Limits: workstations are counted beside their service, never drawn; a layer shows
:data:`MOST` nodes, those touched first, and says how many it leaves to the table; links among
machines are drawn only where a loss travels, or they would be a grey mat. Names stay the hospital's
own, marked French; ``say`` puts the rest in the reader's language.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from urllib.parse import quote

from releve.establishment.faults import shown
from releve.establishment.graph import Graph
from releve.establishment.model import Establishment, MachineKind

MOST = 80
_WIDTH, _ROW, _SERVICE_ROW, _TOP, _SIZE, _BULGE = 684, 17, 35, 26, 14, 16
_COLUMNS = (152, 150, 128, 124)
_SQUEEZE = 0.72
#: A text of this file, holes included → the same in the reader's language.
Say = Callable[[str], str]
_COUNTED = (
    "Carte : %(services)d services, %(applications)d applications,"
    " %(machines)d serveurs et équipements, %(posts)d postes."
)
_MORE = "et %(n)d autres, au tableau"


class State(StrEnum):
    """What a loss makes of a node; the value is the word people read."""

    LOST = "perdu"
    STOPPED = "arrêté"
    HOLDS = "tient par un secours"
    HINDERED = "gêné"
    BACK = "revenu"
    PLAIN = "en service"

    @property
    def mark(self) -> str:
        """What stands before the word, the same in ink and on screen."""
        return _MARKS[self]


_MARKS = {
    State.LOST: "✕",
    State.STOPPED: "■",
    State.HOLDS: "◐",
    State.HINDERED: "○",
    State.BACK: "✓",
    State.PLAIN: "",
}
_NAMED = {
    State.LOST: "Services perdus : %(names)s.",
    State.STOPPED: "Services arrêtés : %(names)s.",
}
_CLASSES = {state: state.name.lower() for state in State}
_STROKES = {
    State.LOST: 'stroke-width="4"',
    State.STOPPED: 'stroke-width="2.5"',
    State.HOLDS: 'stroke-width="1.5" stroke-dasharray="5 3"',
    State.HINDERED: 'stroke-width="1.5" stroke-dasharray="2 3"',
    State.BACK: 'stroke-width="1.5"',
    State.PLAIN: 'stroke-width="1"',
}


@dataclass(frozen=True)
class Layer:
    """One column: its title and every node of it, in the order drawn."""

    title: str
    nodes: tuple[str, ...]


def layers(establishment: Establishment, graph: Graph) -> tuple[Layer, Layer, Layer, Layer]:
    """Services, applications, servers, and the ground: network, storage, hosts, the servers that
    other machines need, the suppliers that something needs. Workstations are in none. Each layer
    follows the order of the one before, so that links cross little.
    """
    posts = {m.id for m in establishment.machines if m.kind is MachineKind.WORKSTATION}
    machines = {m.id: m for m in establishment.machines if m.id not in posts}
    needed_by = _users(establishment)
    ground = [
        node
        for node, machine in machines.items()
        if machine.kind is not MachineKind.SERVER or machines.keys() & needed_by.get(node, ())
    ]
    below = set(ground)
    suppliers = [each.id for each in establishment.suppliers if needed_by.get(each.id)]
    services = [service.node for service in establishment.services]
    place = {node: float(rank) for rank, node in enumerate(services)}
    applications = _settled([a.id for a in establishment.applications], needed_by, place)
    servers = _settled([node for node in machines if node not in below], needed_by, place)
    return (
        Layer("Services", tuple(services)),
        Layer("Applications", tuple(applications)),
        Layer("Serveurs", tuple(servers)),
        Layer("Socle", (*ground, *suppliers)),
    )


def _users(establishment: Establishment) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for each in establishment.dependencies:
        users.setdefault(each.needs, []).append(each.node)
    return users


def _settled(
    nodes: list[str], needed_by: Mapping[str, Sequence[str]], place: dict[str, float]
) -> list[str]:
    """By the mean place of those that need each; nodes that nobody placed needs come last."""
    means = {}
    for node in nodes:
        ranks = [place[user] for user in needed_by.get(node, ()) if user in place]
        means[node] = sum(ranks) / len(ranks) if ranks else float(len(place) + len(nodes))
    order = sorted(nodes, key=means.__getitem__)
    place.update({node: float(rank) for rank, node in enumerate(order)})
    return order


def states(
    establishment: Establishment,
    graph: Graph,
    lost: Collection[str],
    back: Collection[str] = (),
) -> dict[str, State]:
    """The state of each node that the losses touch; absent = in service.

    ``lost`` minus ``back`` is still lost: a node stops when one of its needs has no choice left,
    and holds when a loss reaches it but leaves it a choice. A service is hindered by the fallen
    applications that only ``used_by`` names. Raises ``UnknownNode``.
    """
    down = [node for node in dict.fromkeys(lost) if node not in set(back)]
    fallen = _fallen(graph, [graph.number(node) for node in down])
    found = dict.fromkeys((n for node in down for n in graph.dependants(node)), State.HOLDS)
    found |= {graph.nodes[number]: State.STOPPED for number in fallen}
    for each in establishment.applications:
        if found.get(each.id) is State.STOPPED or each.id in down:
            for code in each.used_by:
                found.setdefault(f"service:{code}", State.HINDERED)
    found |= dict.fromkeys((node for node in back if node in graph.index), State.BACK)
    return found | dict.fromkeys(down, State.LOST)


def _fallen(graph: Graph, lost: Iterable[int]) -> set[int]:
    """Lost or stopped, by number."""
    users: dict[int, list[tuple[int, int]]] = {}
    left: dict[tuple[int, int], int] = {}
    for node, needs in enumerate(graph.needs):
        for rank, choices in enumerate(needs):
            left[node, rank] = len(choices)
            for needed in choices:
                users.setdefault(needed, []).append((node, rank))
    gone = set(lost)
    waiting = list(gone)
    while waiting:
        for need in users.get(waiting.pop(), ()):
            left[need] -= 1
            if not left[need] and need[0] not in gone:
                gone.add(need[0])
                waiting.append(need[0])
    return gone


def draw_map(
    establishment: Establishment,
    *,
    lost: Collection[str] = frozenset(),
    back: Mapping[str, str] | None = None,
    highlight: str | None = None,
    address: str = "",
    style: str = "",
    say: Say = str,
) -> str:
    """The map as an SVG element.

    ``lost``: nodes that are down, workstations included. ``back``: node → a few characters said
    beside it (« 01:12 », « n° 3 »), for those already back. ``highlight``: the node whose blast
    radius is wanted: lost like the others. ``address``: when given, each node links to
    ``address?noeud=NODE``. ``style``: CSS put inside, for a reader without a style sheet. ``say``:
    the reader's language, French when not given.
    Raises ``UnknownNode``.
    """
    graph = Graph.of(establishment)
    words = back or {}
    down = [*dict.fromkeys([*lost, *([highlight] if highlight else [])])]
    known = states(establishment, graph, down, words)
    sheet = _Sheet(establishment, known, words, address, say)
    sheet.place(layers(establishment, graph))
    still = [node for node in down if known[node] is State.LOST]
    body = [*sheet.links(_travels(establishment, known, still)), *sheet.boxes()]
    role = "group" if address else "img"
    label = escape(summary(establishment, known, say))
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="map" role="{role}"'
            f' viewBox="0 0 {_WIDTH} {sheet.height}" aria-label="{label}"'
            f' font-family="Arial, Liberation Sans, DejaVu Sans, sans-serif"'
            f' font-size="{_SIZE}" fill="none" stroke="#000">',
            f"<style>{style}</style>" if style else "",
            *body,
            "</svg>",
        ]
    )


def summary(establishment: Establishment, known: Mapping[str, State], say: Say = str) -> str:
    """The map in one sentence, for those who do not see it."""
    posts = _posts(establishment)
    total = len(establishment.machines) - sum(map(len, posts.values()))
    said = say(_COUNTED) % {
        "services": len(establishment.services),
        "applications": len(establishment.applications),
        "machines": total,
        "posts": len(establishment.machines) - total,
    }
    for state, words in _NAMED.items():
        names = [s.name for s in establishment.services if known.get(s.node) is state]
        if names:
            said += " " + say(words) % {"names": ", ".join(map(shown, names))}
    return said


def _posts(establishment: Establishment) -> dict[str, list[str]]:
    """Service code, or empty → its workstations."""
    found: dict[str, list[str]] = {}
    for machine in establishment.machines:
        if machine.kind is MachineKind.WORKSTATION:
            found.setdefault(machine.service, []).append(machine.id)
    return found


def _travels(
    establishment: Establishment, known: Mapping[str, State], lost: Sequence[str]
) -> set[tuple[str, str]]:
    """The links by which a loss first reaches each node: (node, what it needs)."""
    users = _users(establishment)
    steps = dict.fromkeys(lost, 0)
    waiting = deque(lost)
    travelled = set()
    while waiting:
        needed = waiting.popleft()
        for node in users.get(needed, ()):
            if node not in steps:
                steps[node] = steps[needed] + 1
                waiting.append(node)
            if steps[node] == steps[needed] + 1 and known.get(node) is not State.BACK:
                travelled.add((node, needed))
    return travelled


@dataclass
class _Sheet:
    """Where each node stands, and its ink."""

    establishment: Establishment
    known: Mapping[str, State]
    words: Mapping[str, str]
    address: str
    say: Say
    height: int = 0
    at: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    notes: list[tuple[int, float, str]] = field(default_factory=list)

    def place(self, columns: Sequence[Layer]) -> None:
        """Spread each layer over the height of the tallest."""
        kept = [self._kept(layer.nodes) for layer in columns]
        rows = [_SERVICE_ROW, _ROW, _ROW, _ROW]
        tall = max(len(nodes) * row for nodes, row in zip(kept, rows, strict=True))
        tall = max(tall, 8 * _ROW)
        self.height = _TOP + tall + _ROW + 4
        for column, (layer, nodes) in enumerate(zip(columns, kept, strict=True)):
            self.notes.append((column, 15, f"{self.say(layer.title)} ({len(layer.nodes)})"))
            step = tall / max(len(nodes), 1)
            for rank, node in enumerate(nodes):
                self.at[node] = column, rows[column] - 3, _TOP + step * (rank + 0.5)
            if len(nodes) < len(layer.nodes):
                more = self.say(_MORE) % {"n": len(layer.nodes) - len(nodes)}
                self.notes.append((column, self.height - 3, more))

    def _kept(self, nodes: Sequence[str]) -> list[str]:
        if len(nodes) <= MOST:
            return list(nodes)
        ranks = list(State)
        best = sorted(nodes, key=lambda n: ranks.index(self.known.get(n, State.PLAIN)))[:MOST]
        chosen = set(best)
        return [node for node in nodes if node in chosen]

    def links(self, travelled: Collection[tuple[str, str]]) -> Iterator[str]:
        """Faint: who needs what from one layer to the next. Bold: how the loss travels."""
        pairs = dict.fromkeys((each.node, each.needs) for each in self.establishment.dependencies)
        drawn = [pair for pair in pairs if pair[0] in self.at and pair[1] in self.at]
        for node, needed in sorted(drawn, key=lambda pair: pair in travelled):
            bold = (node, needed) in travelled
            left, right = self.at[node][0], self.at[needed][0]
            if bold:
                held = self.known.get(node) is State.HOLDS
                ink = f'class="travels" stroke-width="{1 if held else 1.6}"'
                ink += ' stroke-dasharray="5 3"' if held else ""
            elif left == right or left >= 2:
                continue
            else:
                ink = 'class="link" stroke="#999" stroke-width="0.8"'
            yield f'<path d="{self._curve(node, needed)}" {ink}/>'

    def _curve(self, node: str, needed: str) -> str:
        (left, _, top), (right, _, bottom) = self.at[node], self.at[needed]
        start = _left(left) + _COLUMNS[left]
        if left == right:
            out = start + _BULGE
            return f"M{start:g} {top:g}C{out:g} {top:g} {out:g} {bottom:g} {start:g} {bottom:g}"
        end = _left(right) + (_COLUMNS[right] if right < left else 0)
        middle = (start + end) / 2
        return f"M{start:g} {top:g}C{middle:g} {top:g} {middle:g} {bottom:g} {end:g} {bottom:g}"

    def boxes(self) -> Iterator[str]:
        """Titles, then a box per node."""
        for column, y, text in self.notes:
            yield self._text(_left(column), y, text, _COLUMNS[column], 'class="title"')
        posts = _posts(self.establishment)
        seconds = {
            service.node: self._beside(service.beds, posts.get(service.code, []))
            for service in self.establishment.services
        }
        services = self.establishment.service_of
        ids = {a.id for a in self.establishment.applications}
        for node in self.at:
            named = node in services or node in ids
            label = self.establishment.names[node] if named else node
            yield self._box(node, label, seconds.get(node, ""))

    def _beside(self, beds: int, posts: Sequence[str]) -> str:
        said = [f"{beds} {self.say('lits')}"] if beds else []
        if posts:
            touched = sum(self.known.get(post) is State.LOST for post in posts)
            down = f" ({touched} ✕)" if touched else ""
            said.append(f"{len(posts)} {self.say('postes')}{down}")
        return " · ".join(said)

    def _box(self, node: str, label: str, second: str) -> str:
        column, tall, middle = self.at[node]
        state = self.known.get(node, State.PLAIN)
        x, wide, top = _left(column), _COLUMNS[column], middle - tall / 2
        words = [state.mark, self.words.get(node, "")[:12] if state is State.BACK else "", label]
        line = " ".join(word for word in words if word)
        first = middle + 5 if not second else top + 14
        name = shown(self.establishment.names[node])
        about = f"{shown(node)}, {name} · {self.say(state.value)}"
        drawn = (
            f'<title lang="fr">{escape(about)}</title>'
            f'<rect x="{x:g}" y="{top:g}" width="{wide}" height="{tall}" fill="#fff"'
            f" {_STROKES[state]}/>" + self._text(x + 4, first, line, wide - 8, 'lang="fr"')
        )
        if second:
            drawn += self._text(x + 4, top + 28, second, wide - 8, 'class="second"')
        drawn = f'<g class="{_CLASSES[state]}">{drawn}</g>'
        if not self.address:
            return drawn
        href = escape(f"{self.address}?noeud={quote(node)}")
        return f'<a href="{href}">{drawn}</a>'

    def _text(self, x: float, y: float, text: str, wide: float, extra: str = "") -> str:
        """Squeezed into ``wide``, cut beyond that; the same width whatever the font."""
        line = _cut(shown(text), wide / _SQUEEZE)
        length = min(_wide(line), wide)
        bold = ' font-weight="bold"' if extra == 'class="title"' else ""
        return (
            f'<text x="{x:g}" y="{y:g}" fill="#000" stroke="none" textLength="{length:.0f}"'
            f' lengthAdjust="spacingAndGlyphs"{bold} {extra}>{escape(line)}</text>'
        )


def _left(column: int) -> float:
    """The left side of a column; the gaps between columns are equal."""
    gap = (_WIDTH - _BULGE - sum(_COLUMNS)) / (len(_COLUMNS) - 1)
    return 2 + sum(_COLUMNS[:column]) + column * gap - (2 if column else 0)


def _wide(text: str) -> float:
    return max(sum(map(_advance, text)), 1.0) * _SIZE


def _advance(character: str) -> float:
    """Rough width in ems of a sans serif."""
    if character in " .,:;'|!ijlIft()-·":
        return 0.33
    if ord(character) > 0x2E7F:
        return 1.0
    return 0.66 if character.isupper() or character in "mw%✕■◐✓" else 0.54


def _cut(text: str, wide: float) -> str:
    if _wide(text) <= wide:
        return text
    while text and _wide(text + "…") > wide:
        text = text[:-1]
    return text.rstrip() + "…"
