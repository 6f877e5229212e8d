"""The lines that set a network's config: defaults, settings of nengolab, what others added."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import nengo

from nengolab.building.arguments import NOTHING, Argument
from nengolab.building.defaults import Defaults
from nengolab.building.objects import Objects
from nengolab.building.sources import Unwritable
from nengolab.building.values import Missing, Values
from nengolab.settings import configure_settings, settings_of


def config_lines(
    network: nengo.Network, called: str, defaults: Defaults, values: Values
) -> Iterator[str]:
    """The lines that a network begins with.

    Parameters
    ----------
    network : nengo.Network
    called : str
        What it is called in the code.
    defaults : Defaults
    values : Values
    """
    own = list(defaults.own(network))
    usual = nengo.Network.default_config().params
    settings = settings_of(network)
    left = set()
    for kind in network.config.params:
        if inspect.isclass(kind) and kind not in usual and any(k is kind for k, _, _ in own):
            try:
                yield f"{called}.config.configures({values.write(kind)})"
            except Unwritable as err:
                left.add(kind)
                values.leave_out(f"{called}.config[{kind.__name__}]", str(err), kind)
    for kind, attribute, value in own:
        if kind in left:
            continue
        about = f"{network.label or called}'s config"
        argument = Argument(attribute, attribute, value, NOTHING, getattr(kind, attribute), False)
        try:
            text = values.argument(argument, about)
        except Unwritable as err:
            reason = f"the {attribute} of {about} {err}; each object has its own"
            values.missing.append(Missing("", reason, value))
            continue
        yield f"{called}.config[{values.write(kind)}].{attribute} = {text}"
    if settings:
        given = ", ".join(f"{name}={values.write(value)}" for name, value in settings.items())
        yield f"{values.write(configure_settings)}({given})"
    yield from _added(network, called, values, settings)


def _added(
    network: nengo.Network, called: str, values: Values, settings: dict[str, Any]
) -> Iterator[str]:
    """Parameters that somebody added to classes, and what holds for all of a class."""
    for kind, params in network.config.params.items():
        if not inspect.isclass(kind):
            continue
        for name in params.extra_params:
            param = params.get_param(name)
            own = type(param).__module__.startswith("nengolab") or name in settings
            try:
                where = f"{called}.config[{values.write(kind)}]"
                if not own:
                    yield f'{where}.set_param("{name}", {values.write(param)})'
                if params in param and not (name in settings and kind is _carrier(name)):
                    yield f"{where}.{name} = {values.write(getattr(params, name))}"
            except Unwritable as err:
                reason = f"the {name} that the config adds to {kind.__name__} {err}"
                values.missing.append(Missing("", reason, param))


def _carrier(name: str) -> type:
    return {"keep_history": nengo.Probe, "surrogate": nengo.Ensemble}.get(name, nengo.Network)


def instance_lines(
    network: nengo.Network, called: str, objects: Objects, values: Values
) -> Iterator[str]:
    """The lines that a network's config has for single objects."""
    there = {*network.all_objects, network}
    for obj, params in network.config.params.items():
        if inspect.isclass(obj):
            continue
        whole = getattr(obj, "ensemble", obj)
        for name in params._clsparams.extra_params:
            param = params._clsparams.get_param(name)
            if params in param.data and whole in there:
                place, held = (
                    f"{called}.config[{objects.reference(obj)}].{name}",
                    param.data[params],
                )
                try:
                    yield f"{place} = {values.write(held)}"
                except Unwritable as why:
                    values.missing.append(Missing(place, f"{place} {why}", held))


def configured_objects(network: nengo.Network) -> Iterator[Any]:
    """Objects for which a network's config has lines of their own."""
    for obj, params in network.config.params.items():
        if not inspect.isclass(obj):
            extra = params._clsparams.extra_params
            if any(params in params._clsparams.get_param(name).data for name in extra):
                yield getattr(obj, "ensemble", obj)
