"""Options that a network carries: ``configure_settings`` and how the compiler reads them."""

from __future__ import annotations

from typing import Any

import nengo
from nengo.exceptions import ConfigError, NetworkContextError
from nengo.params import Parameter

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


_OPTIONS = {
    "dtype": lambda: _ChoiceParam("dtype", DTYPES, "float32"),
    "schedule": lambda: _ChoiceParam("schedule", SCHEDULES, "auto"),
    "python_functions": lambda: _ChoiceParam("python_functions", PYTHON_FUNCTIONS, "auto"),
}


def configure_settings(**settings: str) -> None:
    """Set engine options on the network whose ``with`` block this is called in.

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
    config = nengo.Network.context[-1].config
    config.configures(nengo.Network)
    for name, value in settings.items():
        if name not in _OPTIONS:
            raise ConfigError(
                f"there is no setting {name!r}; the settings are {', '.join(sorted(_OPTIONS))}"
            )
        params = config[nengo.Network]
        if name not in params.extra_params:
            params.set_param(name, _OPTIONS[name]())
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
