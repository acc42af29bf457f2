"""What each node waits for in a recovery: its needs, its group's start, its gates."""

from __future__ import annotations

from itertools import pairwise

import rustworkx

from releve.establishment.graph import Graph
from releve.establishment.model import Establishment

#: Node numbers of which one suffices.
Wait = tuple[int, ...]


class Precedence:
    """For each node of the graph, what must be back before it starts.

    The first of a group waits for all that the group needs outside, the others for the one before
    in the bootstrap order; a need waits for the last of its group; a node behind a gate waits for
    the gate's « after ».
    """

    def __init__(self, establishment: Establishment, graph: Graph) -> None:
        self.graph = graph
        self.waits: list[list[Wait]] = [[] for _ in graph.nodes]
        self.gates_of: dict[int, list[int]] = {}
        for place, group in enumerate(graph.groups):
            for before, number in pairwise(group):
                self.waits[number].append((before,))
            for choices in (each for number in group for each in graph.needs[number]):
                self._wait(group[0], choices, place)
        for gate_number, gate in enumerate(establishment.gates):
            after = [graph.index[node] for node in gate.after if node in graph.index]
            for node in gate.before:
                if node in graph.index:
                    number = graph.index[node]
                    self.gates_of.setdefault(number, []).append(gate_number)
                    self.waits[number] += [(each,) for each in after]

    def _wait(self, number: int, choices: Wait, place: int) -> None:
        """A choice inside the node's own group is already ordered by its bootstrap."""
        if all(self.graph.group_of[each] != place for each in choices):
            self.waits[number].append(tuple(dict.fromkeys(map(self._last, choices))))

    def _last(self, number: int) -> int:
        return self.graph.groups[self.graph.group_of[number]][-1]

    def knots(self) -> list[set[str]]:
        """Sets of nodes that would wait for each other for ever, because of gates."""
        order: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph(multigraph=False)
        order.add_nodes_from([None] * len(self.graph.nodes))
        edges = [(n, each) for n, waits in enumerate(self.waits) for w in waits for each in w]
        order.add_edges_from_no_data(edges)
        loops = [x for x in rustworkx.strongly_connected_components(order) if len(x) > 1]
        loops += [[node] for node, needed in edges if node == needed]
        return [{self.graph.nodes[number] for number in loop} for loop in loops]
