"""What a story is made of: quantities over time, their equations, the numbers of each step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.inspect.texts import printed


@dataclass(frozen=True)
class Term:
    """A number of a step, in an equation.

    Attributes
    ----------
    of : str
        Name of the quantity.
    element : int
    before : int
        So many steps earlier.

    Examples
    --------
    >>> nengolab.inspect.pipeline(sim, ensemble.neurons[3], 2)["spikes"].parts
    ('δ = ', Term(of='spikes', element=0, before=0))
    """

    of: str
    element: int = 0
    before: int = 0


@dataclass(frozen=True, eq=False)
class Quantity:
    """One row of a story.

    Attributes
    ----------
    name, symbol, unit : str
    values : ndarray
        ``(steps, size)``.
    equation : str
        How it comes from the rows before it, in symbols.
    filled : str
        The same with the numbers of this neuron; empty where there are none.
    parts : tuple of str or Term
        The same with the numbers of a step, which stand where terms are.

    Examples
    --------
    >>> current = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 10)["current"]
    >>> current.values.shape, current.equation
    ((10, 1), 'J = e · x + b')
    """

    name: str
    symbol: str
    unit: str
    values: np.ndarray
    equation: str
    filled: str = ""
    parts: tuple[str | Term, ...] = field(default=(), repr=False)


@dataclass(frozen=True, eq=False)
class Story:
    """What one neuron did in each step of a run, and why.

    Attributes
    ----------
    neuron : str
        For example ``"a.neurons[3]"``.
    t : ndarray
        ``(steps,)``: time (s) at the end of each step.
    quantities : list of Quantity
        In the order in which they are computed.
    causes : dict of str to ndarray
        What each connection gives to the neuron's current, ``(steps,)``, by its name; and
        ``"bias"``. What is left to the whole current is noise. In the first step NaN where it is
        not known.
    threshold : float or None
        The current above which it fires, where there is one.
    at_random : bool
        Whether spikes are drawn at random, by a rate.

    Examples
    --------
    >>> story = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 20)
    >>> [q.name for q in story.quantities]
    ['input', 'current', 'voltage', 'refractory time', 'spikes']
    """

    neuron: str
    t: np.ndarray
    quantities: list[Quantity]
    causes: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    threshold: float | None = None
    at_random: bool = False

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(f"{name!r}; the story has {[q.name for q in self.quantities]}")

    def __contains__(self, name: str) -> bool:
        return any(quantity.name == name for quantity in self.quantities)

    def at(self, step: int) -> str:
        """Say what happened in one step, a line a quantity; steps are counted from 0."""
        lines = [f"{self.neuron} at t = {self.t[step]:g} s"]
        for q in self.quantities:
            value = " ".join(f"{v:.4g}" for v in q.values[step])
            said = f"  {q.name}: {q.symbol} = {value} {q.unit}".rstrip()
            lines.append(f"{said}   ({q.equation})")
        return "\n".join(lines)

    def filled(self, name: str, step: int) -> str:
        """The equation of a quantity with the numbers of a step.

        Examples
        --------
        >>> story = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 20)
        >>> story.filled("current", 5).startswith("J = ")
        True
        """
        parts = self[name].parts
        return "".join(p if isinstance(p, str) else self._number(p, step) for p in parts)

    def _number(self, term: Term, step: int) -> str:
        at = step - term.before
        # What was before the first step is not part of the story.
        return "…" if at < 0 else f"{self[term.of].values[at, term.element] + 0.0:.4g}"

    @property
    def spikes(self) -> np.ndarray:
        """Steps in which it spiked; none where neurons put out rates."""
        return np.flatnonzero(self["spikes"].values[:, 0]) if "spikes" in self else np.zeros(0, int)

    def why(self, step: int) -> str:
        """Say why it spiked in a step: what pushed it over since its spike before.

        Raises
        ------
        ValidationError
            For a step without a spike.

        Examples
        --------
        >>> story = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 200)
        >>> [story.why(step)[:8] for step in story.spikes[:1]] in ([], ["a spike "])
        True
        """
        spikes, step = self.spikes, int(step)
        if step not in spikes:
            raise ValidationError(f"there is no spike in step {step} of {self.neuron}", attr="step")
        span, since = self._pushed_in(step)
        current = float(self["current"].values[span, 0].mean())
        shares = {name: _mean(values[span]) for name, values in self.causes.items()}
        pushed = sorted(
            ((n, v) for n, v in shares.items() if abs(v) > 1e-6 * max(1.0, abs(current))),
            key=lambda pair: -pair[1],
        )
        said = ", ".join(f"{_cause(name)} {_signed(value)}" for name, value in pushed)
        count = step + 1 - span.start
        spike = "a spike" if self["spikes"].values[step, 0] > 0 else "a negative spike"
        text = f"{spike} at {self.t[step]:.4g} s: in the {count} step{'s' * (count != 1)} since "
        text += f"{since} the current was {printed(current)} on average"
        text += f", made of {said}." if said else "."
        return text + self._decided(pushed, current) + self._drawn(step)

    def _pushed_in(self, step: int) -> tuple[slice, str]:
        """The steps in which a spike came about, and what was before them."""
        earlier = self.spikes[self.spikes < step]
        start = int(earlier[-1]) + 1 if len(earlier) else 0
        current, least = self["current"].values[start : step + 1, 0], self.threshold
        if least is None or current.mean() > least or current[-1] <= least:
            since = "its spike before" if len(earlier) else "the first step told of"
            return slice(start, step + 1), since
        # What was before it rose did not push: a neuron may have been silent for long.
        rose = start + int(np.flatnonzero(current <= least)[-1]) + 1
        return slice(rose, step + 1), f"it rose above {least:g}"

    def _drawn(self, step: int) -> str:
        if not self.at_random:
            return ""
        rate = printed(float(self["rate out"].values[step, 0]))
        return f" Whether there is a spike is drawn at random, here at a rate of {rate} Hz."

    @property
    def silence(self) -> str:
        """Say why it did not spike in any step; "" where it did, or puts out rates."""
        if "spikes" not in self or len(self.spikes):
            return ""
        current = self["current"].values[:, 0]
        low, high = current.min(), current.max()
        text = f"no spike in these {len(self.t)} steps: the current was {printed(low)} to "
        text += printed(high)
        if self.threshold is None:
            return f"{text}."
        if high <= self.threshold:
            return f"{text}, and it begins to fire above {self.threshold:g}."
        return f"{text}, above {self.threshold:g} for too short a time to fire."

    def _decided(self, pushed: list[tuple[str, float]], current: float) -> str:
        """Without which of the causes it would have stayed below its threshold."""
        least = self.threshold
        if least is None or current <= least:
            return ""
        needed = [(n, current - v) for n, v in pushed if v > 0 and current - v <= least]
        if not needed:
            return (
                f" It begins to fire above {least:g}, and no single one of these was needed for it."
            )
        said = " and ".join(
            f"without {_cause(n)} it would be {printed(rest)}" for n, rest in needed
        )
        return f" It begins to fire above {least:g}: {said}."


def _mean(values: np.ndarray) -> float:
    """Of those that are known."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _cause(name: str) -> str:
    return "its bias" if name == "bias" else repr(name)


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.4g}"
