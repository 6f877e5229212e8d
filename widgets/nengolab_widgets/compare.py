"""A network and its twins of other neuron types, live on the same input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import nengo
from nengo.exceptions import ValidationError
from nengo.utils.progress import Progress, ProgressBar

from nengolab.inspect.beside import SYNAPSE, unsolved

from . import sessions
from .lab import Lab
from .narrowing import is_list_or_tuple

# To both sides of 0, in radii, where the range of errors starts.
SMALL = 0.1


class Compare(Lab):
    """A network and its twins of other neuron types, live: one slider moves the input of all.

    The twins have the same encoders, gains, biases and decoders and differ in nothing but how a
    neuron turns its current into output (`nengolab.inspect.side_by_side`). Rates stand over the
    spikes of their twin; beside them what each represents, and how far it is from the first one.

    Parameters
    ----------
    net : nengo.Network
        It stays as it is.
    ens : nengo.Ensemble or sequence of them, optional
        Whose neurons are shown; default: the first ensemble.
    kinds : sequence of str
        Of "rate", "spiking", "soft", "regular", "poisson", "stochastic". The others are compared
        with the first one.
    **options
        Of the `Lab`: ``plots``, ``inputs``, ``window``, ``speed``, ``title``, ``network``.

    Attributes
    ----------
    twins : nengo.Network
        What runs: all twins, and what is compared.

    Examples
    --------
    >>> Compare(net, kinds=["rate", "spiking", "poisson"])
    """

    def __init__(
        self,
        net: nengo.Network,
        ens: nengo.Ensemble | Sequence[nengo.Ensemble] | None = None,
        kinds: Sequence[str] = ("rate", "spiking"),
        **options: Any,
    ) -> None:
        if not isinstance(net, nengo.Network):
            raise ValidationError(
                f"twins are made of a nengo.Network, got {type(net).__name__}", "net"
            )
        if ens is None:
            shown = net.all_ensembles[:1]
        else:
            shown = list(ens) if is_list_or_tuple(ens) else [ens]
        if (not shown and ens is not None) or not all(isinstance(e, nengo.Ensemble) for e in shown):
            raise ValidationError(f"neurons of ensembles are compared, got {ens!r}", "ens")
        self.twins, sharing = unsolved(net, kinds, of=shown)
        options.setdefault("plots", [plot for one in shown for plot in plots_of(self.twins, one)])
        options.setdefault("window", 1.0)
        # Two plots in a row: rates above the spikes of their twin.
        options.setdefault("network", {"folded": True})

        # Solving for decoders may take a while: the session does it, and says how far it is.
        def solve(say: Callable[[str], Any]) -> None:
            sharing.solve(Said(say))

        speed = options.pop("speed", sessions.AS_IT_IS)
        options.setdefault("title", self.twins.label)
        super().__init__(sessions.session_for(self.twins, speed, before=solve), **options)


class Said(ProgressBar):
    """Progress of a build in words."""

    def __init__(self, say: Callable[[str], Any]) -> None:
        self._say = say
        super().__init__()

    def update(self, progress: Progress) -> None:
        """Say how far it is."""
        self._say(f"what the twins have in common, {progress.progress:.0%}")


def plots_of(twins: Any, ens: Any) -> list[Any]:
    """Choose what is plotted of an ensemble and its twins, two in a row."""
    plots: list[Any] = []
    for kind, parts in twins.parts.items():
        own = parts[ens]
        if isinstance(own.neuron_type, nengo.Direct):
            plots.append(own)
            continue
        spiking = own.neuron_type.spiking
        filtered = {"synapse": SYNAPSE}  # as where they are compared
        plots += [(own, "raster" if spiking else "rates"), (own, "value", filtered)]
        if kind in twins.errors:
            plots += [(own, "rates"), (own, "intervals")] if spiking else []
            # Errors are to be seen that are small beside what is represented.
            reach = SMALL * float(ens.radius)
            how = {"synapse": None, "likely": (-reach, reach)}
            plots.append((twins.errors[kind][ens], "value", how))
    return plots
