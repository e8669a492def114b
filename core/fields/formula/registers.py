"""Where the values of a pass are kept while a block of cells is worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfd.core.params.formula import COMPARISONS

if TYPE_CHECKING:
    from nnfd.core.fields.formula.graph import Graph
    from nnfd.core.fields.formula.program import Pass

TRUTH = frozenset(COMPARISONS.values())
"""Operations whose results are truth values."""
_KEEPS = frozenset({"where", "mantissa", "exponent", "ldexp"})
"""Operations that write their result before they have read all that they need."""


class Registers:
    """As few scratch arrays as the order of the operations allows; sums grow in the array that they are for."""

    def __init__(self, graph: Graph, each: Pass) -> None:
        self.number: dict[int, int] = {}
        """The scratch array of each value that has one."""
        self.outputs: dict[int, str] = {}
        """Values that are kept in an array that the pass writes."""
        self.truth: list[bool] = []
        """Of each scratch array, whether it holds truth values."""
        self._graph, self._pass = graph, each
        last = {arg: position for position, of in enumerate(each.cells) for arg in graph.nodes[of].args}
        last |= dict.fromkeys((of for _, of in each.outputs), len(each.cells))
        self._claim_outputs(last)
        self._assign(last)

    def _claim_outputs(self, last: dict[int, int]) -> None:
        args = {arg for of in self._pass.cells for arg in self._graph.nodes[of].args}
        nodes = [self._graph.nodes[of] for of in (*args, *(of for _, of in self._pass.outputs))]
        read = {node.leaf[0] for node in nodes if node.op == "load"}
        at = {of: position for position, of in enumerate(self._pass.cells)}
        for array, of in self._pass.outputs:
            if array in read or of not in at or of in self.outputs:
                continue
            self.outputs[of] = array
            # what a sum began with is kept there too, if nothing else needs it any more
            while (first := self._graph.nodes[of].args[0]) in at and first not in self.outputs:
                if last[first] != at[of] or self._graph.nodes[of].op not in {"+", "-", "*", "/"}:
                    break
                if self._graph.nodes[first].op in TRUTH:
                    break
                self.outputs[first] = array
                of = first

    def _assign(self, last: dict[int, int]) -> None:
        free: dict[bool, list[int]] = {False: [], True: []}
        for position, of in enumerate(self._pass.cells):
            node = self._graph.nodes[of]
            ending = {arg for arg in node.args if last[arg] == position and arg in self.number}
            if node.op not in _KEEPS:
                self._free(ending, free)
            if of not in self.outputs:
                self.number[of] = self._take(free, truth=node.op in TRUTH)
            if node.op in _KEEPS:
                self._free(ending, free)

    def _free(self, values: set[int], free: dict[bool, list[int]]) -> None:
        for value in sorted(values):
            free[self.truth[self.number[value]]].append(self.number[value])

    def _take(self, free: dict[bool, list[int]], *, truth: bool) -> int:
        if not free[truth]:
            self.truth.append(truth)
            return len(self.truth) - 1
        return free[truth].pop()
