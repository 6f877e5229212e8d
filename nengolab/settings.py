"""Options that a network carries: ``configure_settings`` and how the compiler reads them."""

from __future__ import annotations

import warnings
from typing import Any

import nengo
from nengo.exceptions import ConfigError, NetworkContextError
from nengo.params import BoolParam, Parameter

from nengolab.exceptions import ValidationError

DTYPES = ("float32", "float64")
SCHEDULES = ("auto", "stepped", "batched")
PYTHON_FUNCTIONS = ("auto", "traced", "callback")


class _ChoiceParam(Parameter):
    """A parameter that takes one of a few words."""

    def __init__(self, name: str, choices: tuple[str, ...], default: str):
        self.choices = choices
        super().__init__(name, default=default)

    def coerce(self, instance: Any, value: Any) -> str:
        name = getattr(value, "name", value)
        if name not in self.choices:
            raise ValidationError(
                f"got {value!r}; valid values are {', '.join(map(repr, self.choices))}",
                attr=self.name,
            )
        return name


def _keep_history() -> BoolParam:
    return BoolParam("keep_history", default=True)


_OPTIONS = {
    "dtype": lambda: _ChoiceParam("dtype", DTYPES, "float32"),
    "schedule": lambda: _ChoiceParam("schedule", SCHEDULES, "auto"),
    "python_functions": lambda: _ChoiceParam("python_functions", PYTHON_FUNCTIONS, "auto"),
}
# Options of an object rather than of the network: the type that carries them, and the parameter.
_OBJECT_OPTIONS = {"keep_history": (nengo.Probe, _keep_history)}

# Options of other TensorFlow engines that leave nothing to choose here, and why.
_DECIDED = {
    "planner": "operators of a kind are grouped by list scheduling, always",
    "sorter": "every group has arrays of its own, so there are no signals to sort",
    "simplifications": "all simplifications are made, always; sim.report() shows what is left",
    "use_loop": "the setting 'schedule' says what runs step by step",
    "learning_phase": "a call that trains says so; there is no phase of the whole network",
}


def configure_settings(**settings: str | bool) -> None:
    """Set engine options on the network whose ``with`` block this is called in.

    Inside several ``with`` blocks, the outermost network takes them.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Precision of everything the engine computes. Default ``"float32"``.
    schedule : {"auto", "stepped", "batched"}
        How operators on no feedback path run. ``"auto"`` lets the cost model choose;
        ``"stepped"`` runs everything step by step; ``"batched"`` runs whatever can over many
        steps at once. The results are the same; the speed is not.
    python_functions : {"auto", "traced", "callback"}
        How functions of Nodes and connections run. ``"auto"`` traces into TensorFlow what can be
        traced, and calls the others back; ``"callback"`` calls all of them back; ``"traced"``
        refuses, with a ``BuildError``, a network in which one cannot be traced. The results are
        the same. ``sim.report()`` says of each function what was done and why.
    keep_history : bool
        Whether ``sim.data[probe]`` holds every sample or the last one only. Default True. Once it
        was set here, ``net.config[nengo.Probe].keep_history`` is what holds for all probes and
        ``net.config[probe].keep_history`` for one, where ``net`` is the outermost network.

    planner, sorter, simplifications, use_loop, learning_phase
        Accepted so that scripts for other engines run; a warning says what happens instead.

    Raises
    ------
    NetworkContextError
        Outside a ``with network:`` block.
    ConfigError
        For an option that does not exist.
    """
    if len(nengo.Network.context) == 0:
        raise NetworkContextError(
            "configure_settings was called outside of a network; call it inside a "
            "'with network:' block"
        )
    config = nengo.Network.context[0].config
    if nengo.Network not in config.params:  # doing it twice would forget what was set
        config.configures(nengo.Network)
    for name, value in settings.items():
        if name in _DECIDED:
            warnings.warn(
                f"the setting {name!r} is accepted and changes nothing: {_DECIDED[name]}",
                stacklevel=2,
            )
            continue
        if name not in _OPTIONS and name not in _OBJECT_OPTIONS:
            known = ", ".join(sorted({*_OPTIONS, *_OBJECT_OPTIONS}))
            raise ConfigError(f"there is no setting {name!r}; the settings are {known}")
        carrier, make = _OBJECT_OPTIONS.get(name) or (nengo.Network, _OPTIONS[name])
        params = config[carrier]
        if name not in params.extra_params:
            params.set_param(name, make())
        setattr(params, name, value)


def get_setting(network: nengo.Network | None, name: str) -> str:
    """Value of setting ``name`` on ``network`` or, where it is not set, its default."""
    default = _OPTIONS[name]().default
    if network is None or nengo.Network not in network.config.params:
        return default
    params = network.config[nengo.Network]
    if name not in params.extra_params:
        return default
    return getattr(params, name)


def keeps_history(network: nengo.Network | None, probe: nengo.Probe) -> bool:
    """Whether all samples of ``probe`` are kept, or the last one only."""
    if network is None or nengo.Probe not in network.config.params:
        return True
    if "keep_history" not in network.config[nengo.Probe].extra_params:
        return True
    return network.config[probe].keep_history
