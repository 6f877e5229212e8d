"""Runs a network in whole numbers, with SciPy's sparse matrices: what scripts are held against."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from nengolab.exporting.matrices import whole_matrix
from nengolab.exporting.parts import NEURONS, OUTPUT, Circuit, Layer, Link
from nengolab.exporting.quantising import FACTOR, POINT

_MOST = 2**37


class Running:
    """A network in whole numbers that is stepped; values are ``(size, items)``.

    Parameters
    ----------
    circuit : Circuit
        In fixed point.
    items : int
    """

    def __init__(self, circuit: Circuit, items: int):
        self._circuit = circuit
        sizes = {layer.name: layer.size for layer in circuit.layers}
        self._matrices: dict[str, csr_matrix] = {
            k.name: whole_matrix(k, sizes[k.target], sizes[k.source]) for k in circuit.links
        }
        self._held = {
            k.name: np.zeros((sizes[k.target], items), np.int64)
            for k in circuit.links
            if k.filter is not None
        }
        self._neurons = {layer.name: _Neurons(layer, items) for layer in circuit.of_kind(NEURONS)}
        self._items = items
        self.values: dict[str, np.ndarray] = {}

    def step(self, given: dict[str, np.ndarray]) -> None:
        """One step; ``given`` has inputs ``(items, size)`` in floats."""
        for layer in self._circuit.layers:
            if layer.name in given:
                self.values[layer.name] = np.round(given[layer.name].T * 2**POINT).astype(np.int64)
                continue
            constant = layer.bias if layer.value is None else layer.value
            total = np.zeros((layer.size, self._items), np.int64)
            total += 0 if constant is None else constant[:, None]
            for link in self._circuit.into(layer.name):
                total += self._brought(link) if link.filter is None else self._held[link.name]
            neurons = self._neurons.get(layer.name)
            self.values[layer.name] = total if neurons is None else neurons.fire(total)
        for link in self._circuit.links:
            if link.filter is not None:
                assert link.fixed is not None
                held = self._held[link.name]
                held += _times(self._brought(link) - held, link.fixed["rate"])

    def _brought(self, link: Link) -> np.ndarray:
        assert link.fixed is not None
        product = self._matrices[link.name] @ self.values[link.source]
        scaled = product * np.int64(link.fixed["multiplier"])
        return np.clip(scaled >> link.fixed["shift"], -_MOST, _MOST)


class _Neurons:
    def __init__(self, layer: Layer, items: int):
        assert layer.neurons is not None
        assert layer.voltage is not None
        self._constants = layer.neurons
        self._voltage = np.repeat(layer.voltage[:, None], items, axis=1)
        self._waits = np.zeros_like(self._voltage)

    def fire(self, current: np.ndarray) -> np.ndarray:
        """How often each fires for these currents."""
        current = np.clip(current, -_MOST, _MOST)
        kind, rate = self._constants["type"], self._constants["rate"]
        if kind == "SpikingRectifiedLinear":
            self._voltage += _times(np.maximum(current, 0), rate)
            spikes, self._voltage = np.divmod(self._voltage, 2**POINT)
            return spikes
        if kind == "LIF":
            moving = self._waits == 0
            leak = _times(current - self._voltage, rate)
            self._voltage[moving] += leak[moving]
            if self._constants["min_voltage"] is not None:
                self._voltage = np.maximum(self._voltage, self._constants["min_voltage"])
        else:
            self._voltage += _times(current, rate)
        fired = self._voltage > 2**POINT
        self._voltage[fired] = (self._voltage[fired] - 2**POINT) * self._constants.get("keep", 0)
        self._waits[~fired] = np.maximum(self._waits[~fired] - 1, 0)
        self._waits[fired] = self._constants.get("wait", 0)
        return fired.astype(np.int64)


def _times(x: np.ndarray, factor: int) -> np.ndarray:
    return np.floor_divide(x * np.int64(factor), 2**FACTOR)


def run(circuit: Circuit, inputs: dict[str, np.ndarray], n_steps: int) -> dict[str, Any]:
    """Outputs ``{name: (items, steps, size)}`` of a network in whole numbers."""
    items = len(next(iter(inputs.values())))
    running = Running(circuit, items)
    names = [layer.name for layer in circuit.of_kind(OUTPUT)]
    seen: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for step in range(n_steps):
        running.step({name: x[:, step] for name, x in inputs.items()})
        for name in names:
            seen[name].append(running.values[name].T)
    return {name: np.stack(rows, axis=1) for name, rows in seen.items()}
