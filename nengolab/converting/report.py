"""What each layer of a Keras model became, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Any

import nengo
import numpy as np

from nengolab.checks import table_library, whole
from nengolab.converting.rows import Row
from nengolab.converting.verifying import as_fed, as_list
from nengolab.simulator import Simulator

_HEAD = ("layer", "kind", "became", "in", "out", "neurons", "parameters", "rate (Hz)", "why")
_CELL = "text-align: left; vertical-align: top; padding: 2px 12px 2px 0"
_MOST = 16  # items that are run for firing rates


@dataclass(frozen=True, eq=False)
class ConversionReport:
    """What a Keras model became, layer by layer.

    Attributes
    ----------
    model : str
        Name of the Keras model.
    rows : list of Row
        One for each input and each call of a layer, in order: ``name``, ``kind``, ``became``,
        ``why`` it is not native and ``instead``, what would make it so, ``shape_in``,
        ``shape_out``, ``n_neurons``, ``n_parameters``, ``parameters`` (their names), ``rate`` and
        ``max_rate`` (Hz, where it was run).

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((4, 1)), keras.layers.MaxPooling1D(name="most")])
    >>> print(nengolab.Converter(model).report().rows[1].instead)
    max_to_avg_pool=True, which takes means instead
    """

    model: str
    rows: list[Row]

    @property
    def native(self) -> bool:
        """Whether the whole network is neurons, plain Nodes and connections."""
        return all(row.native for row in self.rows)

    @property
    def summary(self) -> str:
        """In a line: how much is native, how many neurons and parameters."""
        own = [row for row in self.rows if row.shape_in]
        native = sum(row.native for row in own)
        neurons = sum(row.n_neurons for row in own)
        parameters = sum(row.n_parameters for row in own)
        return (
            f"{self.model}: {native} of {len(own)} layers native, {neurons:,} neurons, "
            f"{parameters:,} parameters"
        )

    def __str__(self) -> str:
        lines = [_HEAD, *(_cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, tuple("-" * w for w in widths))
        table = "\n".join(
            "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )
        return f"{self.summary}\n\n{table}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th style="{_CELL}">{escape(h)}</th>' for h in _HEAD)
        body = "".join(
            "<tr>" + "".join(f'<td style="{_CELL}">{escape(c)}</td>' for c in _cells(row)) + "</tr>"
            for row in self.rows
        )
        return (
            f'<div class="nengolab-conversion"><p>{escape(self.summary)}</p><table><thead><tr>'
            f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each of ``rows``.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("to_pandas", "print(report) shows the table without it")
        kept = ("ensembles", "layer", "obj")
        rows = [{k: v for k, v in vars(row).items() if k not in kept} for row in self.rows]
        return pandas.DataFrame(rows).set_index("name")


def _cells(row: Row) -> tuple[str, ...]:
    why = f"{row.why}; native with {row.instead}" if row.why else ""
    rate = "" if row.rate is None else f"{row.rate:.1f} (most {row.max_rate:.0f})"
    return (
        row.name,
        row.kind,
        row.became,
        ", ".join(map(str, row.shape_in)),
        str(row.shape_out),
        f"{row.n_neurons:,}" if row.n_neurons else "",
        f"{row.n_parameters:,}" if row.n_parameters else "",
        rate,
        why,
    )


def report(converter: Any, data: Any, n_steps: int) -> ConversionReport:
    """See `Converter.report`."""
    rows = converter.rows
    if data is not None:
        rates = firing_rates(converter, data, whole(n_steps, "n_steps", 1))
        rows = [_with_rates(row, rates) for row in rows]
    return ConversionReport(converter.model.name, list(rows))


def _with_rates(row: Row, rates: dict[Any, np.ndarray]) -> Row:
    if not row.ensembles:
        return row
    own = np.concatenate([rates[ensemble] for ensemble in row.ensembles], axis=-1)
    return replace(row, rate=float(own.mean()), max_rate=float(own.max()))


def firing_rates(
    converter: Any, data: Any, n_steps: int, dt: float = 0.001
) -> dict[Any, np.ndarray]:
    """Mean rates (Hz) of all neurons, ``(items, neurons)`` by ensemble."""
    given = [x[:_MOST] for x in as_list(converter, data)]
    net = converter.net
    ensembles = list(net.all_ensembles)
    with net:
        probes = {e: nengo.Probe(e.neurons, synapse=None) for e in ensembles}
    try:
        with Simulator(net, dt=dt, minibatch_size=len(given[0]), progress_bar=False, seed=0) as sim:
            nodes = dict.fromkeys(converter.inputs.values())
            fed = {
                node: as_fed(converter, x, n_steps) for node, x in zip(nodes, given, strict=True)
            }
            found = sim.predict(fed, verbose=0)
    finally:
        for probe in probes.values():
            net.probes.remove(probe)
    return {
        e: np.abs(found[p]).mean(axis=1) / getattr(e.neuron_type, "amplitude", 1)
        for e, p in probes.items()
    }
