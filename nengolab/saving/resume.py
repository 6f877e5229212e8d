"""What Keras trains with, as arrays, so that a ``fit`` can go on where another one ended.

Only Keras's public interface is used. What makes a resumed ``fit`` compute the same numbers:

- the variables of the model, the states of its seed generators (dropout) among them;
- the optimizer's variables: moments, iteration, learning rate;
- the order of the samples, which ``batches.py`` draws from the seed and the number of the epoch:
  nothing can put Keras's own shuffling at the place of a later epoch;
- what callbacks remember (the best loss so far); a `Checkpoint` keeps that of those it is given;
- the global generators of Python, NumPy and ``tf.random.get_global_generator()``, for whoever
  draws from them.

What cannot be put back: the generator in an unseeded ``tf.random`` operation or a
``tf.data.Dataset.shuffle``, the place of a Python generator that feeds the training, and Keras's
own global seed generator, which a layer draws from that has no ``keras.random.SeedGenerator``.
"""

from __future__ import annotations

import itertools
import json
import random
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nengolab.exceptions import ValidationError
from nengolab.layers.held import numbers

SHOWN = 8
_TWISTER = "MT19937"


@dataclass
class TrainingState:
    """What Keras trains with, at a moment.

    Attributes
    ----------
    arrays : dict of str to ndarray
        ``"model/..."``, ``"optimizer/..."``, ``"random/..."``.
    facts : dict
        The rest, as JSON can hold it: the optimizer's configuration, places of generators.
    """

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def pack_training(
    model: keras.Model,
    names: Mapping[int, str] | None = None,
    known: Collection[str] = (),
) -> TrainingState:
    """What ``model``, compiled, trains with.

    Parameters
    ----------
    model : keras.Model
    names : Mapping of int to str, optional
        What to call some of its variables, by ``id``; by default they are called by their path.
        Automatic paths (``dense_1/kernel``) differ from build to build, so layers should have
        names.
    known : collection of str
        Names of variables of the model whose values are left out: they are known already.

    Returns
    -------
    TrainingState
    """
    optimizer = _optimizer_of(model)
    called = _model_variables(model, names or {})
    arrays = {f"model/{key}": _array(v) for key, v in called.items() if key not in known}
    slots = _optimizer_variables(optimizer, called)
    arrays |= {f"optimizer/{key}": _array(v) for key, v in slots.items()}
    generators, places = _pack_generators()
    arrays |= {f"random/{key}": a for key, a in generators.items()}
    return TrainingState(arrays, {"optimizer": _config(optimizer), "random": places})


def unpack_training(
    model: keras.Model, training: TrainingState, names: Mapping[int, str] | None = None
) -> None:
    """Make ``model`` train on from where another one was; all of it or nothing.

    The global generators of Python, NumPy and TensorFlow are put back, too.

    Parameters
    ----------
    model : keras.Model
        Compiled with an optimizer of the same type.
    training : TrainingState
    names : Mapping of int to str, optional
        As in `pack_training`.

    Raises
    ------
    ValidationError
        Saying what does not fit.

    Warns
    -----
    UserWarning
        Where settings of the optimizer differ; those of the model count.
    """
    prepared(model, training, names)()


def prepared(
    model: keras.Model, training: TrainingState, names: Mapping[int, str] | None = None
) -> Callable[[], None]:
    """What `unpack_training` checks is checked; the function that is returned does the rest."""
    optimizer = _optimizer_of(model)
    config, stored = _config(optimizer), training.facts.get("optimizer")
    stored = stored if isinstance(stored, dict) else {}
    theirs = stored.get("class")
    if theirs != config["class"]:
        raise ValidationError(
            f"the checkpoint was made with the optimizer {theirs}, the model is compiled with "
            f"{config['class']}; compile it with the same one",
            attr="optimizer",
        )
    called = _model_variables(model, names or {})
    variables = {f"model/{key}": v for key, v in called.items()}
    slots = _optimizer_variables(optimizer, called)
    variables |= {f"optimizer/{key}": v for key, v in slots.items()}
    _check(variables, training.arrays)
    put_generators = _generators(training)

    def put() -> None:
        for key, variable in variables.items():
            variable.assign(training.arrays[key])
        put_generators()
        _compare_settings(config["settings"], stored.get("settings") or {})

    return put


# -- variables -------------------------------------------------------------------------------------


def _optimizer_of(model: keras.Model) -> keras.optimizers.Optimizer:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise ValidationError(
            "the model has no optimizer: call compile first; save_params and load_params are for "
            "parameters alone",
            attr="model",
        )
    if not model.built:
        raise ValidationError("the model has no variables yet: build it first", attr="model")
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    return optimizer


def _model_variables(model: keras.Model, names: Mapping[int, str]) -> dict[str, Any]:
    """Every variable of a model, once, by name; seed generators by their order.

    Keras numbers the seed generators of a whole process, so their paths say nothing.
    """
    weights = {id(w) for w in model.weights}
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for variable in model.variables:
        if id(variable) in seen:
            continue
        seen.add(id(variable))
        own = variable.path if id(variable) in weights else "seed generator"
        _add(found, names.get(id(variable), own), variable)
    return found


def _optimizer_variables(optimizer: Any, called: Mapping[str, Any]) -> dict[str, Any]:
    """Every variable of an optimizer by name: what it is, and of which variable of the model.

    Keras calls them ``adam_1/dense_3_kernel_momentum``: by the number of the optimizer in the
    process, and the path of the variable with its slashes replaced.
    """
    classes = {o.name: type(o).__name__ for o in _optimizers(optimizer)}
    flat = sorted(
        ((v.path.replace("/", "_") + "_", key) for key, v in called.items()),
        key=lambda pair: len(pair[0]),
        reverse=True,
    )
    found: dict[str, Any] = {}
    for variable in optimizer.variables:
        parts, owner = variable.path.split("/"), ""
        # An optimizer that is built while training is named inside of the one around it.
        while parts[0] in classes and len(parts) > 1:
            owner = classes[parts.pop(0)]
        rest = "/".join(parts)
        of = next(((path, key) for path, key in flat if rest.startswith(path)), None)
        what = rest if of is None else f"{rest[len(of[0]) :]} of {of[1]}"
        _add(found, f"{owner}/{what}", variable)
    return found


def _optimizers(optimizer: Any) -> list[Any]:
    """An optimizer and those inside of it."""
    inner = getattr(optimizer, "inner_optimizer", None)
    within = [*getattr(optimizer, "optimizers", ()), *([] if inner is None else [inner])]
    return [optimizer, *(o for one in within for o in _optimizers(one))]


def _add(found: dict[str, Any], name: str, variable: Any) -> None:
    """Add a variable; the second of a name gets ``#1``."""
    numbered = (f"{name}#{i}" for i in itertools.count(1))
    free = name if name not in found else next(key for key in numbered if key not in found)
    found[free] = variable


def _array(variable: Any) -> np.ndarray:
    array = numbers(variable)
    # bfloat16 and its like are no types of numpy's; float32 holds all their numbers.
    return np.array(array if array.dtype.kind in "fiub" else array.astype(np.float32))


def _check(variables: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    stored = {k for k in arrays if k.startswith(("model/", "optimizer/"))}
    wrong = [f"{k!r} is missing in the checkpoint" for k in variables if k not in stored]
    wrong += [f"{k!r} is unknown to the model" for k in sorted(stored - set(variables))]
    for key, here in variables.items():
        if key not in stored:
            continue
        there = arrays[key]
        if tuple(here.shape) != there.shape:
            wrong.append(f"{key!r} is {there.shape} in the checkpoint, {tuple(here.shape)} here")
        elif not np.can_cast(there.dtype, _array(here).dtype, "same_kind"):
            wrong.append(f"{key!r} holds {there.dtype}, expected {here.dtype}")
        elif there.dtype.kind == "f" and not np.isfinite(there).all():
            wrong.append(f"{key!r} holds NaN or infinity")
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ValidationError(
            f"the checkpoint does not fit, nothing was changed: {'; '.join(wrong[:SHOWN])}{more}",
            attr="model",
        )


# -- settings --------------------------------------------------------------------------------------


def _config(optimizer: Any) -> dict[str, Any]:
    """Type and settings of an optimizer, as JSON can hold them."""
    # Its name is the process's count; a constant learning rate is a variable.
    settings = {k: v for k, v in optimizer.get_config().items() if k != "name"}
    if not isinstance(settings.get("learning_rate"), dict):
        settings.pop("learning_rate", None)
    inner = settings.pop("inner_optimizer", None)
    if isinstance(inner, dict):
        within = dict(inner.get("config", {}))
        for name in ("name", "learning_rate"):
            if not isinstance(within.get(name), dict):
                within.pop(name, None)
        settings |= {f"inner {key}": value for key, value in within.items()}
    plain = json.loads(json.dumps(settings, default=str).replace("Infinity", '"Infinity"'))
    classes = " of ".join(type(o).__name__ for o in _optimizers(optimizer))
    return {"class": classes, "settings": plain}


def _compare_settings(here: dict[str, Any], there: dict[str, Any]) -> None:
    differ = [k for k in sorted({*here, *there}) if here.get(k) != there.get(k)]
    if differ:
        shown = "; ".join(f"{k} was {there.get(k)}, is {here.get(k)}" for k in differ[:SHOWN])
        warnings.warn(
            f"training goes on with other settings of the optimizer than before: {shown}",
            stacklevel=5,
        )


# -- global generators -----------------------------------------------------------------------------


def _pack_generators() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    _, words, position, has_gauss, gauss = np.random.get_state()
    version, python, normal = random.getstate()
    arrays = {
        "numpy": words,
        "python": np.array(python, np.int64),
        "tensorflow": tf.random.get_global_generator().state.numpy(),
    }
    return arrays, {
        "numpy": [int(position), int(has_gauss), float(gauss)],
        "python": [version, normal],
    }


def _generators(training: TrainingState) -> Callable[[], None]:
    """What puts the global generators back; made, and so checked, before anything changes."""
    try:
        position, has_gauss, gauss = training.facts["random"]["numpy"]
        version, normal = training.facts["random"]["python"]
        arrays = {k: training.arrays[f"random/{k}"] for k in ("numpy", "python", "tensorflow")}
        of_numpy = (_TWISTER, arrays["numpy"], position, has_gauss, gauss)
        of_python = (version, tuple(map(int, arrays["python"])), normal)
        # Trials: generators that nobody uses.
        np.random.RandomState().set_state(of_numpy)
        random.Random().setstate(of_python)
        current = tf.random.get_global_generator().state
        if current.shape != arrays["tensorflow"].shape:
            raise ValueError(f"a state {arrays['tensorflow'].shape}, expected {current.shape}")
    except (KeyError, TypeError, ValueError, OverflowError) as err:
        raise ValidationError(
            f"the checkpoint's random generators cannot be read ({err}); nothing was changed",
            attr="path",
        ) from err

    def put() -> None:
        np.random.set_state(of_numpy)
        random.setstate(of_python)
        tf.random.get_global_generator().reset(arrays["tensorflow"])

    return put
