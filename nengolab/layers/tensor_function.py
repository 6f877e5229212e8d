"""What a TensorNode computes: a function on tensors, or a Keras layer, and what is known of it.

TensorFlow is loaded when the first one is made.
"""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.names import Taken
from nengolab.settings import get_setting

# A batch's size while shapes are found: one that no person is likely to use for anything else.
_TRIAL_BATCH = 7


class TensorFunction:
    """A function or Keras layer on tensors; itself a function ``(t, x)`` of a nengo.Node.

    Parameters
    ----------
    func, shape_in, shape_out, pass_time, label
        As for ``TensorNode``.

    Attributes
    ----------
    layer : keras.Layer or None
        ``func``, where it is one.
    shape_in : tuple of int or None
    shape_out : tuple of int
    pass_time : bool
    """

    shape_out: tuple[int, ...]

    def __init__(
        self, func: Any, shape_in: Any, shape_out: Any, pass_time: bool | None, label: Any
    ):
        self.func = func
        self._label = label
        self.shape_in = None if shape_in is None else self._shape(shape_in, "shape_in")
        self._check_func()
        from nengolab.startup.tensorflow import load_tensorflow

        load_tensorflow()
        self.layer: Any = func if is_keras_layer(func) else None  # Keras has no types
        asks = self.layer is not None and _takes_time(self.layer)
        if pass_time is None:
            pass_time = asks or self.layer is None
        self.pass_time = bool(pass_time)
        # A layer's first argument is all that Keras takes for its input.
        self.pairs = self.layer is not None and self.pass_time and not asks
        self._checked: set[tuple] = set()
        self.compiles: bool | None = None  # by XLA, once it was tried
        self.adds_loss = False  # in training, as far as it was looked at
        self.draws: bool | None = None  # whether it has random functions, where that is known
        self.undrawn: set[str] = set()  # those that do not follow the simulator's seed
        self.warned = False  # of them
        # What the gradient of its output comes back to (`kernels.tensor.reached`), once asked for.
        self.reached: tuple[bool, frozenset[str]] | None = None
        self.changes: dict[bool, list[str]] = {}  # variables that a call changes, by training
        if self.layer is not None:
            found = self._build_layer()
        if self.shape_in is None and not self.pass_time:
            raise self._error(
                "shape_in",
                "it has no input shape and pass_time is False, so there is nothing to call it "
                "with; give shape_in, the shape of an item of the input",
            )
        if shape_out is not None:
            self.shape_out = self._shape(shape_out, "shape_out")
        elif self.layer is None:
            self.shape_out = self._traced_shape(_TRIAL_BATCH, _dtype_here(), trial=True)
        if self.layer is not None:
            self._check_layer_shape(found, shape_out is not None)

    def _check_func(self) -> None:
        func = self.func
        if inspect.isclass(func):
            raise self._error(
                "tensor_func",
                f"it was given the class {func.__name__}; give an instance of it, "
                f"{func.__name__}(...)",
            )
        if isinstance(func, nengo.neurons.NeuronType):
            raise self._error(
                "tensor_func",
                f"{func} is a neuron type; nengolab.Layer({func})(input) makes neurons of it",
            )
        if not callable(func):
            raise self._error(
                "tensor_func",
                f"must be a function on tensors or a Keras layer, got {func!r} "
                f"({type(func).__name__})",
            )

    def _shape(self, shape: Any, attr: str) -> tuple[int, ...]:
        try:
            sizes = (shape,) if np.ndim(shape) == 0 else tuple(shape)
            whole = all(int(n) == n and n > 0 and not isinstance(n, bool) for n in sizes)
        except (TypeError, ValueError):
            whole = False
        if not whole or not sizes:
            raise self._error(
                attr,
                "must be whole numbers from 1 up, the shape of one item without the batch axis, "
                f"got {shape!r}",
            )
        return tuple(int(n) for n in sizes)

    # -- names ---------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What to call the node in an error."""
        return f"TensorNode {self._label!r}" if self._label else f"TensorNode of {self.__name__}"

    @property
    def __name__(self) -> str:
        if getattr(self, "layer", None) is not None:
            return f"{type(self.layer).__name__} {self.layer.name!r}"
        return getattr(self.func, "__name__", None) or repr(self.func)

    @property
    def layer_name(self) -> str:
        """The layer's name, without a number that Keras counted up."""
        return _own_name(self.layer)

    def _error(self, attr: str, message: str) -> ValidationError:
        return ValidationError(f"{self.title}: {message}", attr=attr)

    @property
    def size_in(self) -> int:
        return 0 if self.shape_in is None else math.prod(self.shape_in)

    @property
    def size_out(self) -> int:
        return math.prod(self.shape_out)

    # -- a Keras layer -------------------------------------------------------------------------

    def arguments(self, t: Any, x: Any) -> list[Any]:
        """What it is called with, of the time and the input (None for what there is not)."""
        given = [v for v in (t if self.pass_time else None, x) if v is not None]
        return [tuple(given)] if self.pairs and len(given) == 2 else given

    def _build_layer(self) -> tuple[int | None, ...]:
        """Build the layer where it is not; the shape of what it puts out, with the batch axis."""
        import keras

        if self.shape_in is None and not self.pass_time:
            raise self._error(
                "shape_in",
                "the shape of its input is not known; give shape_in, the shape of an item without "
                "the batch axis, for example shape_in=(28, 28, 1); with pass_time=True and without "
                "shape_in it is called with the time alone",
            )
        t, x = keras.KerasTensor((), dtype="float32"), None
        if self.shape_in is not None:
            x = keras.KerasTensor((None, *self.shape_in), dtype="float32")
        try:
            out = self.layer(*self.arguments(t, x), training=False)
        except Exception as err:
            raise self._error("tensor_func", self._why_not_called(err)) from err
        if not isinstance(out, keras.KerasTensor):
            raise self._error(
                "tensor_func",
                f"must put out one tensor, and it puts out {_kind(out)}; wrap it in a keras.Model "
                "with one output",
            )
        return tuple(out.shape)

    def _why_not_called(self, err: Exception) -> str:
        what = "the time alone"
        hint = "give shape_in, the shape of an item of the input, where it is to have one"
        if self.shape_in is not None:
            what = f"an input of shape (batch, {_shown(self.shape_in)})"
            hint = "shape_in is the shape of an item that it is given"
            if self.pairs:
                what = f"the pair (t, x), x {what},"
                hint += ", and with pass_time=False it is given x alone"
            elif not self.pass_time:
                hint += ", and with pass_time=True it is given the pair (t, x)"
        return f"calling the layer on {what} failed: {_first_lines(err)}; {hint}"

    def _check_layer_shape(self, found: tuple[int | None, ...], given: bool) -> None:
        shape = tuple(n for n in found[1:] if n is not None)
        sizes = (None, 0) if self.shape_in is not None else (None, 0, 1)
        if not 1 < len(found) == 1 + len(shape) or found[0] not in sizes:
            raise self._error(
                "shape_out",
                f"the layer puts out {found}; it must keep the batch axis in front and have a "
                "fixed shape behind it",
            )
        if not given:
            self.shape_out = shape
        elif shape != self.shape_out:
            raise self._error(
                "shape_out",
                f"the layer puts out {shape} for each item, and {self.shape_out} is given",
            )

    def variables(self) -> dict[str, Any]:
        """The layer's Keras variables by role.

        A role is the path of a variable within the layer, parts joined by dots, for example
        ``"kernel"``, ``"dense_1.bias"``. Numbers that Keras counted up over all layers of a
        process are left out, so that it is the same for the same network built again.
        """
        if self.layer is None:
            return {}
        names: dict[str, str] = {s.name: _own_name(s) for s in self.layer._flatten_layers()}
        metrics = {id(v) for v in getattr(self.layer, "metrics_variables", ())}
        taken = Taken()
        groups: dict[str, str] = {}
        found = {}
        for variable in self.layer.variables:
            if id(variable) in metrics:
                continue
            *path, last = variable.path.split("/")
            if last == "seed_generator_state":
                path = []
            if path and path[0] == self.layer.name:
                path = path[1:]
            where = ".".join(path)
            if where and where not in groups:
                stem = ".".join(names[p] if p in names else p for p in path)
                groups[where] = taken.give(stem)
            found[taken.give(f"{groups[where]}.{last}" if where else last)] = variable
        return found

    # -- tracing -------------------------------------------------------------------------------

    def _traced_shape(self, batch: int, dtype: str, trial: bool = False) -> tuple[int, ...]:
        """Shape of an item of what a plain function returns, by tracing it.

        In a trial the batch is of no real size; a function of the time alone may know the real one.
        """
        import tensorflow as tf

        given = []
        if self.pass_time:
            given.append(tf.TensorSpec((), dtype, "t"))
        if self.shape_in is not None:
            given.append(tf.TensorSpec((batch, *self.shape_in), dtype, "x"))
        traced = tf.function(self._drawing_nothing, autograph=False)
        try:
            concrete = traced.get_concrete_function(*given)
        except Exception as err:
            raise self._error("tensor_func", self._why_untraceable(err, given)) from err
        variables = concrete.graph.variables
        if variables:
            raise self._error(
                "tensor_func",
                f"the function uses the variable {variables[0].name!r}, which nobody outside would "
                "find and train, save or reset; pass a Keras layer that owns it (a subclass of "
                "keras.layers.Layer) as tensor_func",
            )
        out = concrete.structured_outputs
        if not isinstance(out, (tf.Tensor, tf.TensorSpec)):
            raise self._error(
                "tensor_func", f"must return one tensor, and it returned {_kind(out)}"
            )
        return self._item_shape(out, batch, any_batch=trial and self.shape_in is None)

    def _drawing_nothing(self, *given: Any) -> Any:
        """The plain function, with random numbers that nobody sees."""
        from nengolab.layers.drawing import Key, call_function

        y, draws = call_function(self.func, list(given), Key.fixed(), self.title)
        self.note_draws(draws)
        return y

    def note_draws(self, draws: Any) -> None:
        """Note which random functions a call had."""
        self.draws = bool(self.draws) or draws.any
        self.undrawn |= draws.left

    def _why_untraceable(self, err: Exception, given: list) -> str:
        shapes = ", ".join(f"{s.name}: {s.dtype.name} {tuple(s.shape)}" for s in given)
        text = _first_lines(err)
        hint = ""
        if "singleton tf.Variable" in text or "tf.Variable" in text:
            hint = "; it makes variables: pass a Keras layer, which owns them, as tensor_func"
        elif isinstance(err, TypeError) and "argument" in text:
            hint = "; pass_time and shape_in say what it is called with"
        if self.shape_in is not None and given[-1].shape[0] == _TRIAL_BATCH and not hint:
            hint = "; where it needs one size of batch, give shape_out, and this trial is left out"
        return f"calling the function with ({shapes}) failed: {type(err).__name__}: {text}{hint}"

    def _item_shape(self, out: Any, batch: int, any_batch: bool) -> tuple[int, ...]:
        if not out.dtype.is_floating:
            raise self._error(
                "tensor_func",
                f"must return a tensor of a floating type, and it returned {out.dtype.name}; "
                "tf.cast makes one of it",
            )
        rows, *shape = out.shape if out.shape.rank else (None,)
        sizes = (batch, 1) if self.shape_in is None else (batch,)
        fixed = shape and rows is not None and None not in shape
        if not fixed or not (any_batch or rows in sizes):
            raise self._error(
                "tensor_func",
                f"must return a tensor with the batch axis, here of size "
                f"{' or '.join(map(str, sizes))}, in front and a fixed shape behind it; it "
                f"returned shape {out.shape}",
            )
        return tuple(shape)

    def check(self, name: str, batch: int, dtype: str) -> None:
        """Check what a plain function returns for this batch and precision.

        Parameters
        ----------
        name : str
            Readable name of the node.
        batch : int
        dtype : str

        Raises
        ------
        ValidationError
        """
        self._label = self._label or name
        if self.layer is not None or (batch, dtype) in self._checked:
            return
        shape = self._traced_shape(batch, dtype)
        if shape != self.shape_out:
            raise self._error(
                "shape_out",
                f"the function returns {shape} for each item, and shape_out is {self.shape_out}",
            )
        self._checked.add((batch, dtype))

    # -- in nengo.Simulator --------------------------------------------------------------------

    def __call__(self, *args: Any) -> np.ndarray:
        """The output vector for the time (s) and, with input, the input vector."""
        import tensorflow as tf

        dtype = "float32" if self.layer is not None else "float64"
        t, x = tf.constant(args[0], dtype), None
        if self.shape_in is not None:
            x = tf.constant(np.reshape(args[-1], (1, *self.shape_in)), dtype)
        given = self.arguments(t, x)
        y = self.func(*given) if self.layer is None else self.layer(*given, training=False)
        return np.asarray(y, dtype=np.float64).ravel()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_checked": set(), "changes": {}}


def is_keras_layer(obj: Any) -> bool:
    """Whether something is a Keras layer; without loading Keras to find out."""
    import sys

    keras = sys.modules.get("keras")
    return keras is not None and isinstance(obj, keras.layers.Layer)


def _takes_time(layer: Any) -> bool:
    """Whether a layer's ``call`` asks for the time before the input."""
    asked = [
        p
        for p in inspect.signature(layer.call).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    return len(asked) == 2 and asked[0].name in ("t", "time")


def _dtype_here() -> str:
    """Precision of the network that is being made, as far as it is known."""
    context = nengo.Network.context
    return get_setting(context[0] if len(context) else None, "dtype")


def _own_name(layer: Any) -> str:
    """A layer's name without a number that Keras counted up: ``dense_3`` is ``dense``."""
    stem = re.sub(r"_\d+$", "", layer.name)
    given_by_keras = stem.replace("_", "") == type(layer).__name__.lower().replace("_", "")
    return stem if given_by_keras else layer.name


def _shown(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def _first_lines(err: Exception, most: int = 300) -> str:
    text = " ".join(str(err).split())
    return text if len(text) <= most else text[:most] + "..."


def _kind(out: Any) -> str:
    if out is None:
        return "nothing"
    return f"{type(out).__name__} of {len(out)}" if hasattr(out, "__len__") else type(out).__name__
