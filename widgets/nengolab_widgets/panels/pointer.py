"""Semantic pointers: how much a value is like each pointer of its vocabulary."""

from __future__ import annotations

import re
from typing import Any, Literal, TypedDict

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.live import PanelSpec
from nengolab.live.similarity import Similarities
from nengolab.names import Names
from nengolab_widgets.panel import RANGE, Panel, Setting
from nengolab_widgets.values import FILTER, usual_filter, with_filter
from nengolab_widgets.vocabularies import module_of, pointed, pointers_of, read_pointer

# So many lines can be told apart by the names in a legend.
MOST_LINES = 12
SHOWN = ("both", "lines", "words")


class Payload(TypedDict):
    """What the page draws: a line for each of ``lines``, and words, which are ``names``.

    ``of`` says which of the names a line is.
    """

    axis: str
    lines: list[str]
    of: list[int]
    names: list[str]
    show: Literal["both", "lines", "words"]
    least: float
    range: tuple[float, float] | None


class Pointer(Panel):
    """A line for each pointer, and the names of those that it is like most."""

    name = "pointer"
    label = "semantic pointers"
    settings = (
        Setting("show", "show", "both", "choice", choices=SHOWN),
        Setting("keys", "lines", "", "text", hint="such as A, B, A*~B; empty: the first ones"),
        Setting("pairs", "pairs, as A*B", False, "flag"),
        Setting("cosine", "divide by lengths", False, "flag"),
        Setting("least", "words from", 0.1, least=0.0, most=10.0, redraws=True),
        FILTER,
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object is of nengo.spa or nengo_spa, and has a vocabulary."""
        return pointed(obj) is not None

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -10.0

    def defaults(self) -> dict[str, Any]:
        return {"synapse": usual_filter(self._pointed[0], self.place.network)}

    @property
    def _pointed(self) -> tuple[Any, Any]:
        found = pointed(self.obj)
        if found is None:
            raise ValidationError(f"{self.title!r} has no vocabulary any more", "obj", self.obj)
        return found

    def spec(self) -> Similarities:
        output, vocabulary = self._pointed
        pointers = pointers_of(vocabulary, self.values["pairs"])
        self._left_out = 0
        written = [part.strip() for part in self.values["keys"].split(",") if part.strip()]
        for key in written:
            if key not in pointers:
                pointers[key] = read_pointer(vocabulary, key)
        if len(written) > MOST_LINES:
            raise ValidationError(
                f"keys must name at most {MOST_LINES} pointers, got {len(written)}", "keys"
            )
        if not written:
            written = list(pointers)[:MOST_LINES]
            self._left_out = len(pointers) - len(written)
        self._names, self._lines = list(pointers), list(dict.fromkeys(written))
        return Similarities(
            self.place.probe(output, None, self.values["synapse"]),
            vectors=np.stack(list(pointers.values())),
            shown=tuple(map(self._names.index, self._lines)),
            cosine=self.values["cosine"],
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        measure = "cosine similarity" if self.values["cosine"] else "similarity"
        if self._left_out and self.values["show"] != "words":
            measure += f", lines of {len(self._lines)} of {len(self._names)} pointers"
        return with_filter(measure, self.values["synapse"])

    def layout(self) -> Payload:
        return {
            "axis": "similarity",
            "lines": self._lines,
            "of": [self._names.index(line) for line in self._lines],
            "names": self._names,
            "show": self.values["show"],
            "least": self.values["least"],
            "range": self.values["range"],
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        lines = [
            *_vocabulary_code(self.obj, self.place.names),
            f"keys = {self._lines!r}",
            "vectors = np.array([vocab.parse(key).v for key in keys])",
            "values = sim.data[probe0]",
        ]
        if self.values["cosine"]:
            lines += [
                "vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)",
                "values = values / np.linalg.norm(values, axis=1, keepdims=True)",
            ]
        return [
            *lines,
            "plt.plot(sim.trange(), values @ vectors.T, label=keys)",
            "plt.legend()",
            'plt.xlabel("time (s)")',
            'plt.ylabel("similarity")',
        ]


def _vocabulary_code(obj: Any, names: Names) -> list[str]:
    """Give the lines that find the vocabulary again."""
    variable = re.sub(r"\W+", "_", names.get(obj))
    if (found := pointed(obj)) is not None and (known := module_of(found[0])) is not None:
        module, key = known
        owner = re.sub(r"\W+", "_", names.get(module))
        return [f"vocab = {owner}.outputs[{key!r}][1]"]
    output = f"{variable}.output" if isinstance(obj, nengo.Network) else variable
    return ["import nengo_spa", f"vocab = nengo_spa.Network.get_output_vocab({output})"]
