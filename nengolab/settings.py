"""Options that a network carries: ``configure_settings`` and how the compiler reads them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.exceptions import ConfigError, NetworkContextError
from nengo.params import BoolParam, NumberParam, Parameter

from nengolab.exceptions import BuildError, ValidationError

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


class _SurrogateParam(Parameter):
    """None, the name of a surrogate gradient, or one itself.

    Which names there are is known where they are defined; that module is asked when a network is
    made ready for training.
    """

    def __init__(self, name: str = "surrogate"):
        super().__init__(name, default=None, optional=True)

    def coerce(self, instance: Any, value: Any) -> Any:
        if isinstance(value, (bool, int, float)):
            raise ValidationError(
                f"got {value!r}; give None, the name of a surrogate gradient, or an object of "
                "nengolab.surrogates",
                attr=self.name,
            )
        return super().coerce(instance, value)


class _TrainableParam(Parameter):
    """True, False, or None for what holds further out."""

    def __init__(self) -> None:
        super().__init__("trainable", default=None, optional=True)

    def __contains__(self, instance: Any) -> bool:
        return super().__contains__(instance) or _is_fixed(instance)

    def __get__(self, instance: Any, kind: type) -> Any:
        value = super().__get__(instance, kind)
        return False if value is None and _is_fixed(instance) else value

    def coerce(self, instance: Any, value: Any) -> Any:
        if isinstance(value, np.bool_):
            value = bool(value)
        if value is not None and not isinstance(value, bool):
            raise ValidationError(
                f"got {value!r}; valid values are True, False, and None for what holds further out",
                attr=self.name,
            )
        configured = getattr(instance, "_configures", None)
        if value and isinstance(configured, nengo.Probe):
            raise ValidationError(
                "what a probe decodes is not trained; probe a Node to which you make a connection",
                attr=self.name,
                obj=configured,
            )
        return super().coerce(instance, value)


def _is_fixed(params: Any) -> bool:
    """Whether no setting reaches an object: a connection of `Layer`, what a probe decodes."""
    configured = getattr(params, "_configures", None)
    return isinstance(configured, nengo.Probe) or getattr(configured, "is_fixed", False) is True


# Options of the outermost network.
_OPTIONS = {
    "dtype": lambda: _ChoiceParam("dtype", DTYPES, "float32"),
    "schedule": lambda: _ChoiceParam("schedule", SCHEDULES, "auto"),
    "python_functions": lambda: _ChoiceParam("python_functions", PYTHON_FUNCTIONS, "auto"),
    "inference_only": lambda: BoolParam("inference_only", default=False),
    "lif_smoothing": lambda: NumberParam(
        "lif_smoothing", default=None, low=0, low_open=True, optional=True
    ),
    "stateful": lambda: BoolParam("stateful", default=True),
    "learning_phase": lambda: BoolParam("learning_phase", default=None, optional=True),
}
# Options of an object rather than of the network: the type that carries them, and the parameter.
_OBJECT_OPTIONS = {
    "keep_history": (nengo.Probe, lambda: BoolParam("keep_history", default=True)),
    "surrogate": (nengo.Ensemble, _SurrogateParam),
}
# What ``trainable`` may be set for. The Network's is what holds for everything in it; a TensorNode
# is a Node.
TRAINABLE_TYPES = (nengo.Network, nengo.Ensemble, Neurons, nengo.Connection, nengo.Node)

# Options of other TensorFlow engines that leave nothing to choose here, and why.
_DECIDED = {
    "planner": "operators of a kind are grouped by list scheduling, always",
    "sorter": "every group has arrays of its own, so there are no signals to sort",
    "simplifications": "all simplifications are made, always; sim.report() shows what is left",
    "use_loop": "the setting 'schedule' says what runs step by step",
}


def configure_settings(**settings: Any) -> None:
    """Set engine options on the network whose ``with`` block this is called in.

    Inside several ``with`` blocks the innermost network takes ``trainable``, and the outermost one
    all the others.

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
    trainable : bool or None
        Whether training changes the connection weights, encoders and biases of this network and
        of those in it. None, the default, is what the network around says, and True for the
        outermost one. Once it was set here, also to None, ``net.config[obj].trainable`` can be
        read for every object (None: by what holds further out; False for a probe and for the
        connection that `Layer` makes) and set for an ensemble, its ``neurons`` (the biases), a
        connection or a TensorNode ``obj``, and ``net.config[type].trainable`` for all of a type:
        ``nengo.Ensemble``, ``nengo.ensemble.Neurons``, ``nengo.Connection``, ``nengo.Node``. What
        is set for an object wins over what is set for a type, that over what is set for a network,
        and an inner network's settings over an outer one's. ``sim.parameters`` shows what came out
        and why.
    inference_only : bool
        Whether the network is never to be trained: then nothing is prepared for training, and to
        try is an error. Default False.
    lif_smoothing : float or None
        Width, as a current, of the smooth threshold (`SoftLIFRate`'s ``sigma``) with which LIF
        neurons are trained. None, the default, is the rate of LIF neurons as it is.
    surrogate : None, str or object of nengolab.surrogates
        How spiking neurons are trained. None, the default: by their rates. Else through time, with
        this gradient in place of the spikes'. Once it was set here,
        ``net.config[ens].surrogate`` is what holds for one ensemble, where ``net`` is the
        outermost network.
    stateful : bool
        False: no call keeps the state, whatever it says: after ``run``, ``fit``, ``predict`` and
        their kin the state, the time and the number of steps are what they were before. (Only
        `Simulator.advance`, with which others step a network, goes on.) Default True: each call
        says it, and ``run``, ``run_steps`` and ``step`` keep it where they do not.
    learning_phase : bool or None
        True: runs and predictions behave as training does: layers such as Dropout are active, and
        spiking neurons put out their rates (or what their surrogate gradient is of). What layers
        average on the way is left to ``fit``. False: the network is never run that way, and ``fit``
        is an error. None, the default: ``fit`` behaves as training, all else does not.

    planner, sorter, simplifications, use_loop
        Accepted so that scripts for other engines run; a warning says what happens instead.

    Raises
    ------
    NetworkContextError
        Outside a ``with network:`` block.
    ConfigError
        For an option that does not exist.
    ValidationError
        For a value that an option does not take.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     nengolab.configure_settings(dtype="float64", trainable=False)
    ...     ensemble = nengo.Ensemble(20, 1)
    ...     net.config[ensemble.neurons].trainable = True
    >>> with nengolab.Simulator(net) as sim:
    ...     [name for name, p in sim.parameters.items() if p.trainable]
    ['ensemble.neurons.bias']
    """
    if len(nengo.Network.context) == 0:
        raise NetworkContextError(
            "configure_settings was called outside of a network; call it inside a "
            "'with network:' block"
        )
    config = nengo.Network.context[0].config
    for name, value in settings.items():
        if name in _DECIDED:
            warnings.warn(
                f"the setting {name!r} is accepted and changes nothing: {_DECIDED[name]}",
                stacklevel=2,
            )
        elif name == "trainable":
            _allow_trainable(nengo.Network.context[-1])
            nengo.Network.context[-1].config[nengo.Network].trainable = value
        elif name in _OPTIONS:
            _params(config, nengo.Network, name, _OPTIONS[name])
            setattr(config[nengo.Network], name, value)
        elif name in _OBJECT_OPTIONS:
            carrier, make = _OBJECT_OPTIONS[name]
            _params(config, carrier, name, make)
            setattr(config[carrier], name, value)
        else:
            known = ", ".join(sorted({*_OPTIONS, *_OBJECT_OPTIONS, "trainable"}))
            raise ConfigError(f"there is no setting {name!r}; the settings are {known}")


def _params(config: nengo.Config, carrier: type, name: str, make: Any) -> None:
    """Let ``config`` carry the option, keeping what was set of it before."""
    if carrier not in config.params:  # doing it twice would forget what was set
        config.configures(carrier)
    if name not in config[carrier].extra_params:
        config[carrier].set_param(name, make())


def _allow_trainable(network: nengo.Network) -> None:
    for carrier in (*TRAINABLE_TYPES, nengo.Probe):  # of a probe it can be read
        _params(network.config, carrier, "trainable", _TrainableParam)


def get_setting(network: nengo.Network | None, name: str) -> Any:
    """Value of setting ``name`` on ``network`` or, where it is not set, its default."""
    value = _class_value(network, nengo.Network, name)
    return _OPTIONS[name]().default if value is _UNSET else value


def always_as_training(network: nengo.Network | None) -> bool:
    """Whether runs and predictions behave as training does.

    Raises
    ------
    BuildError
        Where the network is never to be trained.
    """
    if get_setting(network, "learning_phase") is not True:
        return False
    if get_setting(network, "inference_only"):
        raise BuildError(
            "the settings learning_phase=True (everything behaves as in training) and "
            "inference_only=True (nothing is prepared for training) exclude each other; leave one "
            "out of configure_settings"
        )
    return True


_UNSET = object()


def settings_of(network: nengo.Network) -> dict[str, Any]:
    """What `configure_settings` set on this very network, by name."""
    carriers = {name: nengo.Network for name in (*_OPTIONS, "trainable")}
    carriers |= {name: carrier for name, (carrier, _) in _OBJECT_OPTIONS.items()}
    values = {n: _class_value(network, carrier, n) for n, carrier in carriers.items()}
    return {name: value for name, value in values.items() if value is not _UNSET}


def _class_value(network: nengo.Network | None, carrier: type, name: str) -> Any:
    if network is None or carrier not in network.config.params:
        return _UNSET
    params = network.config[carrier]
    return getattr(params, name) if name in params.extra_params else _UNSET


def _object_value(network: nengo.Network | None, obj: Any, name: str) -> Any:
    """Value of an object's option, or its default."""
    carrier, make = _OBJECT_OPTIONS[name]
    if network is None or _class_value(network, carrier, name) is _UNSET:
        return make().default
    return getattr(network.config[obj], name)


def keeps_history(network: nengo.Network | None, probe: nengo.Probe) -> bool:
    """Whether all samples of ``probe`` are kept, or the last one only."""
    return _object_value(network, probe, "keep_history")


def get_surrogate(network: nengo.Network | None, ensemble: nengo.Ensemble) -> Any:
    """The surrogate gradient with which ``ensemble`` is to be trained, as it was given, or None."""
    return _object_value(network, ensemble, "surrogate")


class TrainableSettings:
    """What a person set about training, for every object of a network and those in it.

    Parameters
    ----------
    network : nengo.Network or None
        The outermost one.
    name_of : callable
        Gives an object's name.
    """

    def __init__(self, network: nengo.Network | None, name_of: Callable[[Any], str]):
        self._name_of = name_of
        self._networks: dict[Any, tuple[nengo.Network, ...]] = {}
        if network is not None:
            self._add(network, ())

    def _add(self, network: nengo.Network, around: tuple[nengo.Network, ...]) -> None:
        inside = (network, *around)
        self._networks[network] = inside
        for obj in (*network.nodes, *network.ensembles, *network.connections):
            self._networks[obj] = inside
        for sub in network.networks:
            self._add(sub, inside)

    def of(self, *objs: Any) -> tuple[bool | None, str]:
        """Whether to train ``objs``, one thing seen more and less narrowly: neurons, ensemble.

        Returns
        -------
        bool or None
            None where nothing was set.
        str
            Where it was set.
        """
        networks = self._networks.get(objs[-1], ())
        for obj in objs:
            for network in networks:
                value = self._of_object(network, obj)
                if value is not None:
                    return value, f"config[{self._name_of(obj)!r}].trainable{_of_network(network)}"
        for network in networks:
            for obj in objs:
                value, carrier = self._of_type(network, type(obj))
                if value is not None:
                    named = "nengo.ensemble" if carrier is Neurons else "nengo"
                    where = f"config[{named}.{carrier.__name__}].trainable{_of_network(network)}"
                    return value, where
            value, _ = self._of_type(network, type(network))
            if value is not None:
                return value, f"configure_settings(trainable={value}){_of_network(network)}"
            for outer in self._networks[network][1:]:
                value = self._of_object(outer, network)
                if value is not None:
                    return (
                        value,
                        f"config[{self._name_of(network)!r}].trainable{_of_network(outer)}",
                    )
        return None, ""

    def _of_object(self, network: nengo.Network, obj: Any) -> Any:
        params = network.config.params.get(obj)
        if params is None or "trainable" not in params._clsparams.extra_params:
            return None
        param = params._clsparams.get_param("trainable")
        return param.__get__(params, type(params)) if params in param else None

    def _of_type(self, network: nengo.Network, kind: type) -> tuple[Any, type]:
        for carrier in kind.__mro__:
            value = _class_value(network, carrier, "trainable")
            if value is not _UNSET and value is not None:
                return value, carrier
        return None, kind


def _of_network(network: nengo.Network) -> str:
    return f" of network {network.label!r}" if network.label else ""
