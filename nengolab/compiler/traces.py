"""What a program runs, traced and compiled once for each capacity, and shared by programs alike."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, ClassVar

import tensorflow as tf

from nengolab.compiler.compiled_function import CompiledFunction

# Compiled forms that are kept for networks that may be built again.
KEPT_FORMS = 8
# Where a form runs that is part of a larger function; else the name of a device.
INSIDE = "inside"


class Traced:
    """A function traced once for each capacity, which is the length of ``inputs["series"]``.

    Parameters
    ----------
    run : callable
    key : str or None
        Programs with equal keys share what is traced and compiled, however often a network is
        built; None keeps it to this one.
    parallel : bool
        Whether it runs shares of a batch beside each other.
    split : bool
        Whether XLA may split its operations over cores.
    """

    _shared: ClassVar[OrderedDict[tuple, Any]] = OrderedDict()

    def __init__(
        self, run: Any, key: str | None = None, parallel: bool = False, split: bool = True
    ):
        self._run, self._key, self._parallel, self._split = run, key, parallel, split
        self._traces: dict[Any, Any] = {}

    def __call__(self, params: dict, state: dict, inputs: dict, n_steps: Any) -> tuple[dict, dict]:
        """A call inside a function of TensorFlow's, on its tensors."""
        arguments = (params, state, inputs, n_steps)
        return self._form(arguments, INSIDE, lambda: self._concrete(arguments))(*arguments)

    def execute(self, arguments: tuple, device: str | None) -> tuple[dict, dict]:
        """A call by itself: NumPy arrays in and out."""

        def make() -> CompiledFunction:
            return CompiledFunction(self._run, arguments, device, self._parallel, self._split)

        return self._form(arguments, device, make)(*arguments)

    def release(self) -> None:
        """Let go of what was compiled; it is compiled again if it is called again."""
        self._traces = {}

    @classmethod
    def forget(cls) -> None:
        """Let go of the shared forms; programs that use one keep it."""
        cls._shared.clear()

    def _concrete(self, arguments: tuple) -> Any:
        return tf.function(self._run, autograph=False).get_concrete_function(*arguments)

    def _form(self, arguments: tuple, where: Any, make: Any) -> Any:
        capacity = arguments[2]["series"].shape[0]
        found = self._traces.get((capacity, where))
        if found is None:
            found = self._traces[capacity, where] = self._find(arguments, where, make)
        return found

    def _find(self, arguments: tuple, where: Any, make: Any) -> Any:
        if self._key is None:
            return make()
        # Packed parameters may differ in shape where all else is alike (sparse matrices).
        shapes = [(tuple(a.shape), str(a.dtype)) for a in tf.nest.flatten(arguments)]
        key = (self._key, where, str(shapes))
        found = self._shared.pop(key, None) or make()
        self._shared[key] = found  # the newest is last
        while len(self._shared) > KEPT_FORMS:
            self._shared.popitem(last=False)
        return found
