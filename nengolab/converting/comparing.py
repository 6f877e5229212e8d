"""Converted networks beside their Keras models: accuracy, time and spikes in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nengolab.checks import seconds, table_library, whole
from nengolab.converting.tuning import Tried, checked, keras_accuracy, run_setting
from nengolab.exceptions import ValidationError


@dataclass(frozen=True)
class ComparedRow:
    """One converted network.

    Attributes
    ----------
    name : str
    keras_accuracy : float
        Of the Keras model that it is of.
    accuracy : float
        Of the mean output over all steps.
    latency : float
        Time (s) from which the accuracy is at least 95 % of what it is at the end.
    first_correct : float
        Mean time (s) until an item's mean output is right; of those that are ever right.
    spikes : float
        For each item. 0 for neurons that put out rates.
    neurons : int
    silent : float
        Which part of neurons and steps has no spike, if none has two in a step.

    Examples
    --------
    >>> from nengolab.converting import ComparedRow
    >>> ComparedRow("rates", 0.9, 0.9, 0.001, 0.001, 0.0, 8, 0.0).neurons
    8
    """

    name: str
    keras_accuracy: float
    accuracy: float
    latency: float
    first_correct: float
    spikes: float
    neurons: int
    silent: float


@dataclass(frozen=True)
class Comparison:
    """Converted networks beside their Keras models.

    Attributes
    ----------
    rows : list of ComparedRow

    Examples
    --------
    >>> from nengolab.converting import ComparedRow, Comparison
    >>> print(Comparison([ComparedRow("rates", 0.9, 0.9, 0.001, 0.001, 0.0, 8, 0.0)]))
    network                   Keras  accuracy  latency ms  first ms      spikes  silent
    rates                     0.900     0.900           1       1.0           0    0.00
    """

    rows: list[ComparedRow]

    def __str__(self) -> str:
        head = (
            f"{'network':<24}{'Keras':>7}{'accuracy':>10}{'latency ms':>12}{'first ms':>10}"
            f"{'spikes':>12}{'silent':>8}"
        )
        lines = [
            f"{row.name[:23]:<24}{row.keras_accuracy:>7.3f}{row.accuracy:>10.3f}"
            f"{1000 * row.latency:>12.0f}{1000 * row.first_correct:>10.1f}{row.spikes:>12,.0f}"
            f"{row.silent:>8.2f}"
            for row in self.rows
        ]
        return "\n".join([head, *lines])

    __repr__ = __str__

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each network.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("to_pandas", "print shows the table without it")
        return pandas.DataFrame([vars(row) for row in self.rows]).set_index("name")


def compare(
    converters: Mapping[str, Any], data: Any, labels: Any, n_steps: int = 60, dt: float = 0.001
) -> Comparison:
    """Show items to converted networks, and set them beside their Keras models.

    Parameters
    ----------
    converters : dict of str to Converter
        By what the table is to call them: of one model with other settings, or of models that were
        trained in other ways. Weights are those that their Keras models have now;
        `Converter.to_keras` writes into one what a network was trained to.
    data : array
        Items of the one input, as the models take them.
    labels : array of int, ``(items,)``
        Which output is right.
    n_steps : int
        For how long each item is shown.
    dt : float
        Step (s).

    Returns
    -------
    Comparison
        ``print`` shows it; ``to_pandas()`` makes a table.

    Raises
    ------
    ValidationError
        For what is no Converter, several inputs or outputs, a temporal model, and labels that do
        not fit.

    Examples
    --------
    >>> model = keras.Sequential(
    ...     [keras.Input((3,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
    ... )
    >>> rates = nengolab.Converter(model)
    >>> spikes = rates.again(swap_activations={"relu": nengo.SpikingRectifiedLinear()})
    >>> both = {"rates": rates, "spikes": spikes}
    >>> found = nengolab.converting.compare(both, np.eye(3), [0, 1, 0], n_steps=20)
    >>> found.rows[0].accuracy == found.rows[0].keras_accuracy
    True
    """
    n_steps, dt = whole(n_steps, "n_steps", 1), seconds(dt, "dt", positive=True)
    if not converters:
        raise ValidationError("must have at least one Converter", attr="converters")
    rows = []
    for name, converter in converters.items():
        if not hasattr(converter, "again"):
            raise ValidationError(
                f"has {converter!r} for {name!r}; give nengolab.Converter objects",
                attr="converters",
            )
        x, wanted = checked(converter, data, labels, spikes=False)
        shown = converter.again()  # it gets probes
        found = run_setting(shown, x, wanted, 0.0, 0.0, {}, n_steps, dt)
        rows.append(_row(name, shown, found, keras_accuracy(converter, x, wanted), n_steps))
    return Comparison(rows)


def _row(name: str, converter: Any, found: Tried, accuracy: float, n_steps: int) -> ComparedRow:
    spiking = [e for e in converter.net.all_ensembles if e.neuron_type.spiking]
    slots = n_steps * sum(e.n_neurons for e in spiking)
    return ComparedRow(
        name,
        accuracy,
        found.accuracy,
        found.latency,
        found.first_correct,
        found.spikes,
        sum(e.n_neurons for e in converter.net.all_ensembles),
        max(0.0, 1 - found.spikes / slots) if slots else 0.0,
    )
