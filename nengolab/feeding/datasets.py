"""``tf.data``: renamed by its structure at once, checked inside the pipeline as batches come."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.exceptions import ValidationError
from nengolab.feeding import streams
from nengolab.feeding.aliases import N_STEPS
from nengolab.feeding.arrays import normalise
from nengolab.feeding.checking import too_large
from nengolab.feeding.datachecks import CLASSES, HOLES, OWN, Slot, check_shape
from nengolab.feeding.expected import Expected
from nengolab.feeding.fed import Fed
from nengolab.feeding.matching import Given, match
from nengolab.feeding.pipelines import untuned
from nengolab.feeding.weights import weight_shape

# Around what a pipeline says, so that it is found in what TensorFlow makes of it.
_BEGIN, _END = "<nengolab:", ":nengolab>"
_SAID = re.compile(re.escape(_BEGIN) + "(.*?)" + re.escape(_END), re.DOTALL)
_WHERE = " in an element of the dataset"


class _Said:
    """Finds, in what TensorFlow makes of it, what a pipeline said was wrong with an element."""

    def cause(self, err: Exception) -> BaseException | None:
        said = _SAID.search(str(err))
        if said is None:
            return None
        # TensorFlow escapes what is no plain letter, byte by byte.
        text = said.group(1).encode("latin1", "replace").decode("unicode_escape")
        return ValidationError(text.encode("latin1").decode(errors="replace"), attr="x")


def fed_dataset(source: tf.data.Dataset, expected: Expected) -> Fed:
    """The dataset of normalised elements, and what its elements are.

    What the dataset says of its shapes is checked here; the rest, batch by batch, in it. The first
    element is looked at only where the shapes do not say how many steps there are.

    Raises
    ------
    UnknownObject, ValidationError
        For elements of another structure, type, rank or size.
    """
    given = _matched(source.element_spec, expected)
    timed = [(slot, spec) for slot, spec in (*given.x, *given.y) if slot.kind != OWN]
    lengths = {n for slot, spec in timed if (n := _shape(slot, spec)[1]) is not None}
    told = {expected.n_steps} - {None}
    if lengths and len(lengths | told) == 1:
        (n_steps,) = lengths
    else:
        n_steps = _look(source, expected).n_steps  # or the error that arrays like these give
    mapped = source.enumerate().map(_Pipeline(expected, n_steps).element)
    return Fed(mapped, None, None, n_steps, None, given.inputs, given.targets, _Said())


def _look(source: tf.data.Dataset, expected: Expected) -> Fed:
    for element in untuned(source.take(1)):
        parts = streams.unpack(tf.nest.map_structure(_as_array, element), _WHERE)
        return normalise(expected, *parts, " in the first element of the dataset")
    raise ValidationError("the dataset holds no batch", attr="x")


def _as_array(value: Any) -> Any:
    return value.numpy() if isinstance(value, tf.Tensor) else value


def _matched(element: Any, expected: Expected) -> Given:
    """Whose the parts of an element are; checks what is known of their shapes and types.

    Parameters
    ----------
    element : nested structure of tf.TensorSpec or tf.Tensor
    expected : Expected
    """
    given = match(expected, *streams.unpack(tf.nest.map_structure(_none, element), _WHERE), _WHERE)
    for slot, value in (*given.x, *given.y):
        shape = _shape(slot, value)
        check_shape(shape, slot, expected.n_steps, _WHERE)
        if expected.most is not None and (shape[0] or 0) > expected.most:
            raise slot.error(f"a batch of {shape[0]} items; {too_large(expected.most)}", _WHERE)
    return given


def _none(value: Any) -> Any:
    return None if isinstance(value, tf.NoneTensorSpec) else value


def _shape(slot: Slot, value: Any) -> tuple:
    """Shape as far as it is known, after a look at whether it is a shape of numbers at all."""
    if not isinstance(value, (tf.TensorSpec, tf.Tensor)):
        raise slot.error(f"expected dense arrays {slot.layout}, got {value}", _WHERE)
    dtype, shape = value.dtype, value.shape
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise slot.error(
            f"expected real numbers {slot.layout}, got dtype {dtype.name}; tf.cast makes them",
            _WHERE,
        )
    if shape.rank is None:
        raise slot.error(
            f"expected {slot.layout}, got a shape of unknown rank; tf.ensure_shape in the "
            "dataset's map tells it",
            _WHERE,
        )
    if shape.rank == 1 + len(slot.shape) and slot.kind != OWN and slot.var == "x":
        raise slot.error(
            f"expected {slot.layout}, got {tuple(shape)}; dataset.batch(minibatch_size) adds the "
            "batch axis, where the elements are single items",
            _WHERE,
        )
    return tuple(shape)


class _Pipeline:
    """What is done with every element, as TensorFlow operations."""

    def __init__(self, expected: Expected, n_steps: int):
        self.expected, self.n_steps = expected, n_steps

    def element(self, number: tf.Tensor, element: Any) -> tuple:
        """One element as Keras takes it."""
        given = _matched(element, self.expected)
        items = self._items(given)
        require = _Require(" in an element of the dataset, number ", number)
        self._check_batch(items, require)
        x = {s.alias: self._checked(s, t, items, require) for s, t in given.x}
        y = {s.alias: self._checked(s, t, items, require) for s, t in given.y}
        if not x:
            x = {N_STEPS: tf.fill(tf.stack([items, 1]), np.int32(self.n_steps))}
        if given.told is not None:
            same = tf.reduce_all(tf.cast(given.told, tf.int64) == self.n_steps)
            require(same, f"x['n_steps'] must be {self.n_steps}")
        weight = self._weights(given, items, require)
        for alias in self.expected.stand_ins(y):
            ones = [1] * (1 + len(self.expected.target_slot(alias).shape))
            y[alias] = tf.zeros(tf.stack([items, *ones]))
            if weight is not None:
                weight[alias] = tf.ones(tf.stack([items, *ones[1:]]))
        return (x,) if not y else (x, y) if weight is None else (x, y, weight)

    def _items(self, given: Given) -> tf.Tensor:
        for _, tensor in (*given.x, *given.y):
            return tf.shape(tensor)[0]
        if given.told is not None and given.told.shape.rank:
            return tf.shape(given.told)[0]
        raise ValidationError(
            f"neither x nor y is there{_WHERE}, so nothing says how many items it holds", attr="x"
        )

    def _check_batch(self, items: tf.Tensor, require: _Require) -> None:
        require(items > 0, "the data are empty: a batch of 0 items")
        most = self.expected.most
        if most is not None:
            require(items <= most, f"a batch of too many items; {too_large(most)}")

    def _checked(self, slot: Slot, tensor: tf.Tensor, items: tf.Tensor, require) -> tf.Tensor:
        shape = tf.shape(tensor)
        require(
            shape[0] == items,
            f"{slot.what}: all must have the same number of batch items; got",
            shape,
        )
        if slot.kind == OWN:
            return tensor
        sizes = tensor.shape[2:] if slot.kind == CLASSES else slot.shape
        expected = tf.TensorShape([None, self.n_steps, *sizes])
        known = [n for n in expected[1:] if n is not None]
        if len(known) == len(expected) - 1:
            fits = tf.reduce_all(shape[1:] == known)
            require(
                fits, f"{slot.what}: expected {slot.layout}, n_steps {self.n_steps}; got", shape
            )
        self._check_values(slot, tensor, require)
        with tf.control_dependencies(require.met):  # else it might be the first to complain
            return tf.ensure_shape(tf.identity(tensor), expected)

    def _check_values(self, slot: Slot, tensor: tf.Tensor, require: _Require) -> None:
        if tensor.dtype.is_floating:
            require(
                _all_finite(tensor, slot.kind == HOLES),
                f"{slot.what}: NaN or infinity in (item, step, ...)",
                lambda: tf.where(~_finite(tensor, slot.kind == HOLES))[0],
            )
        if slot.kind == CLASSES:
            numbers = tf.cast(tensor, tf.float64)
            whole = tf.reduce_all((numbers >= 0) & (numbers < slot.size))
            whole &= tf.reduce_all(numbers == tf.floor(numbers))
            require(
                whole,
                f"{slot.what}: classes are whole numbers from 0 to {slot.size - 1}; got",
                lambda: tf.stack([tf.reduce_min(numbers), tf.reduce_max(numbers)]),
            )

    # -- weights -------------------------------------------------------------------------------

    def _weights(self, given: Given, items: tf.Tensor, require: _Require):
        if self.expected.class_weight is not None:
            return self._class_weights(given, self.expected.class_weight)
        if given.weight is None:
            return None
        found = {}
        for slot, _ in given.y:
            weight = given.weight[slot.alias]
            weight = tf.ones(tf.stack([items])) if weight is None else weight
            found[slot.alias] = self._weight(slot, weight, items, require)
        return found

    def _weight(self, slot: Slot, tensor: tf.Tensor, items: tf.Tensor, require: _Require):
        alias = slot.alias
        if tensor.shape.rank not in (1, 2) or not (
            tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool
        ):
            raise ValidationError(
                f"of {alias!r}{_WHERE}: expected numbers (batch,) or (batch, n_steps), got "
                f"{tensor.dtype.name} {tensor.shape}",
                attr="sample_weight",
            )
        shape = tf.shape(tensor)
        fits = shape[0] == items
        if tensor.shape.rank == 2 and slot.kind != OWN:
            fits &= (shape[1] == 1) | (shape[1] == self.n_steps)
        require(
            fits, f"sample weights of {alias!r}: expected (batch,) or (batch, n_steps); got", shape
        )
        if tensor.dtype.is_floating:
            require(
                tf.reduce_all(tf.math.is_finite(tensor)),
                f"sample weights of {alias!r}: NaN or infinity",
            )
        return tf.reshape(tensor, tf.stack(weight_shape(tf.unstack(shape), slot)))

    def _class_weights(self, given: Given, of_class: Mapping[Any, float]) -> dict[str, tf.Tensor]:
        ((slot, tensor),) = given.y
        if slot.kind == CLASSES:
            classes = tf.reshape(tensor, tf.shape(tensor)[:2])
        elif slot.size == 1:
            classes = tf.round(tf.cast(tensor[..., 0], tf.float64))
        else:
            classes = tf.argmax(tensor, axis=-1)
        classes = tf.cast(classes, tf.int64)
        weights = tf.ones(tf.shape(classes))
        for number, weight in of_class.items():
            weights = tf.where(classes == int(number), np.float32(weight), weights)
        shape = weight_shape(tf.unstack(tf.shape(weights)), slot)
        return {slot.alias: tf.reshape(weights, tf.stack(shape))}


def _finite(tensor: tf.Tensor, holes: bool) -> tf.Tensor:
    finite = tf.math.is_finite(tensor)
    return finite | tf.math.is_nan(tensor) if holes else finite


def _all_finite(tensor: tf.Tensor, holes: bool) -> tf.Tensor:
    """A sum takes less time than to ask of every value; where it overflows, all are asked."""
    return tf.cond(
        tf.math.is_finite(tf.reduce_sum(tensor)),
        lambda: tf.constant(True),
        lambda: tf.reduce_all(_finite(tensor, holes)),
    )


class _Require:
    """Stops the pipeline, with a sentence, where something does not hold."""

    def __init__(self, where: str, number: tf.Tensor):
        self.where, self.number = where, number
        self.met: list[tf.Tensor] = []

    def __call__(
        self, holds: tf.Tensor, text: str, got: tf.Tensor | Callable[[], tf.Tensor] | None = None
    ) -> None:
        def fail() -> tf.Tensor:
            shown = got() if callable(got) else got
            values = [] if shown is None else [" ", tf.strings.format("{}", shown)]
            parts = [_BEGIN + text, *values, self.where, tf.strings.as_string(self.number), _END]
            tf.debugging.Assert(False, [tf.strings.join(parts)])
            return tf.constant(False)

        # Only where it fails is the sentence made.
        self.met.append(tf.cond(holds, lambda: tf.constant(True), fail))
