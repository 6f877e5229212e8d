"""Keras layers as code, by the settings that they give."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nengolab.building.sources import Unwritable


def is_keras(value: Any) -> bool:
    """Whether it is made of a class of Keras's; asked without importing Keras."""
    return any(base.__module__.startswith("keras.") for base in type(value).__mro__) and hasattr(
        value, "get_config"
    )


def layer_call(value: Any, write: Callable[[Any], str], path: Callable[[Any], str]) -> str:
    """The code of a layer, or of what one is set with.

    Parameters
    ----------
    value : object
        Of Keras's, with ``get_config``.
    write, path : callable
        Give the code of a value, and how a class is called.

    Raises
    ------
    Unwritable
        Where its settings do not make it again.
    """
    import keras

    called = path(type(value))
    if isinstance(value, keras.Sequential):
        layers = ", ".join(layer_call(layer, write, path) for layer in value.layers)
        given = [f"[{layers}]"]
        shape = getattr(value, "input_shape", None) if value.built else None
        if shape is not None and value.layers and value._functional is not None:
            first = f"{path(keras.layers.Input)}({tuple(shape[1:])})"
            given = [f"[{first}, {layers}]"]
        return f"{called}({given[0]})"
    if isinstance(value, keras.Model) and hasattr(value, "_operations") and value._operations:
        raise Unwritable("is a model of Keras's, whose calls have no source")
    config = value.get_config()
    usual = _usual(type(value), config)
    given = {k: v for k, v in config.items() if k not in usual or not _alike(v, usual[k])}
    given = {k: v for k, v in given.items() if not (k == "name" and _counted(value))}
    try:
        made = type(value).from_config(config)
        if not _alike(_unnamed(made.get_config()), _unnamed(config)):
            raise Unwritable("is a layer whose settings do not make it again")
        texts = [f"{key}={_setting(held, value, key, write, path)}" for key, held in given.items()]
    except Unwritable:
        raise
    except Exception as err:
        raise Unwritable(f"is a layer whose settings do not make it again ({err})") from err
    return f"{called}({', '.join(texts)})"


def _setting(held: Any, value: Any, key: str, write: Any, path: Any) -> str:
    if not isinstance(held, Mapping):
        return write(held)
    if held.get("class_name") == "DTypePolicy":
        return write(held["config"]["name"])
    own = getattr(value, key, None)
    if is_keras(own):
        return layer_call(own, write, path)
    if "class_name" in held:
        raise Unwritable(f"is a layer with a {held['class_name']}, which has no source")
    return write(dict(held))


def _usual(kind: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a layer of this kind that is given nothing but what it must be given."""
    needed = {
        p.name: config[p.name]
        for p in inspect.signature(kind).parameters.values()
        if p.default is p.empty and p.name in config
    }
    try:
        found = kind(**needed).get_config()
    except Exception:
        return {}
    return {key: held for key, held in found.items() if key not in needed and key != "name"}


def _counted(value: Any) -> bool:
    """Whether Keras gave a layer its name."""
    from keras.src.utils.naming import to_snake_case

    stem = to_snake_case(type(value).__name__)
    rest = value.name.removeprefix(stem)
    return value.name.startswith(stem) and (not rest or rest[1:].isdigit())


def _unnamed(config: Any) -> Any:
    if isinstance(config, Mapping):
        return {k: _unnamed(v) for k, v in config.items() if k != "name"}
    return [_unnamed(v) for v in config] if isinstance(config, list | tuple) else config


def _alike(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except ValueError:
        return False
