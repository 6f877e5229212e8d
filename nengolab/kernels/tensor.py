"""Functions on tensors and Keras layers: what a TensorNode computes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from nengolab.clock import CLOCK_BASE
from nengolab.exceptions import BuildError
from nengolab.kernels.base import Kernel, Spec
from nengolab.kernels.per_sample import per_sample
from nengolab.layers.drawing import Key, call_function, drawing
from nengolab.names import listing

FOLDED, EACH_STEP, UNCOMPILED = "all steps at once", "step by step", "uncompiled"
# Rows (steps x batch) that a layer is given at once: more do not make it faster, and what it keeps
# in between travels through memory.
ROWS = 512


@dataclass
class TensorResult:
    """What one call gave.

    Attributes
    ----------
    y : tensor
        ``(rows, size_out)``.
    updates : dict of str to tensor
        New values of the variables that the call changed, by role.
    losses : list of tensor
        What the call adds to the loss (regularizers of activities), in training.
    """

    y: Any
    updates: dict[str, Any]
    losses: list[Any]


class TensorKernel(Kernel):
    """``y = f(t, x)``: ``static = (TensorFunction, number of the operation, identity)``.

    Inputs are ``x``, where the function has one, the clock (the step as two whole numbers), where
    it is given the time, and the words of a `Key`, where it may draw random numbers; the identity,
    which tells its draws from those of others, is "" where it does not. Parameters are the
    variables of a Keras layer, by role. Foreign layers keep their precision; values are cast on the
    way in and out.
    """

    name = "tensor"

    def variant(self, group: Any) -> str:
        function = group.static[0]
        if group.stepped:
            if group.training and (changed := changes(function, True)):
                raise BuildError(
                    f"{function.title} lies on a feedback path, and in training it changes its own "
                    f"variables in every step ({', '.join(changed)}), which a loop that is "
                    "differentiated cannot do; put such layers (Dropout, BatchNormalization) in a "
                    "TensorNode of their own, on no feedback path"
                )
            return EACH_STEP if function.compiles is not False else UNCOMPILED
        return FOLDED if folds(function, group.training)[0] else EACH_STEP

    def apply(self, params, inputs, spec: Spec):
        """One step, ``(batch, 1, size)``."""
        x, clock, draws = _split(inputs, spec)
        rows = inputs[0].shape[0]
        t = None if clock is None else _time(clock[0, 0], spec)
        key = None if draws is None else Key.of(draws[0, 0])
        result = call(spec, params, t, x, rows, key)
        return {"out": tf.expand_dims(result.y, 1)}

    def tile(
        self, params: dict, inputs: list, spec: Spec, capacity: int, n_steps: Any
    ) -> tuple[dict, TensorResult]:
        """All steps of a tile, ``(capacity * batch, 1, size)``, of which ``n_steps`` count."""
        x, clock, draws = _split(inputs, spec)
        rows = inputs[0].shape[0]
        if spec.variant == FOLDED:
            result = _rows(spec, params, x, capacity, n_steps)
        else:
            result = _steps(spec, params, (x, clock, draws), rows, capacity, n_steps)
        return {"out": tf.expand_dims(result.y, 1)}, result


def _split(inputs: list, spec: Spec) -> tuple[Any, Any, Any]:
    """The input, ``(rows, *shape_in)``, the clock and the key; None for what is not.

    Clock and key are ``(rows, 1, words)``.
    """
    function, rest = spec.static[0], list(inputs)
    x = None
    if function.shape_in is not None:
        first = rest.pop(0)
        x = tf.reshape(first, (first.shape[0], *function.shape_in))
    clock = rest.pop(0) if function.pass_time else None
    return x, clock, rest.pop(0) if rest else None


def _time(clock: Any, spec: Spec) -> Any:
    """The time (s) of a step that the clock shows as two whole numbers."""
    step = tf.cast(clock, tf.float64)
    return tf.cast((step[0] * CLOCK_BASE + step[1]) * spec.dt, spec.dtype)


def call(
    spec: Spec, params: dict, t: Any, x: Any, rows: int, key: Key | None = None
) -> TensorResult:
    """Call the function or layer once, with variables of the values ``params``.

    Parameters
    ----------
    spec : Spec
    params : dict of str to tensor
        Values of the variables by role.
    t : tensor or None
        The time (s), a scalar.
    x : tensor or None
        ``(rows, *shape_in)``.
    rows : int
        -1 where it is known only when it runs.
    key : Key, optional
        Of what it draws; without, it is known to draw nothing.
    """
    function, _, identity = spec.static
    key = Key.fixed() if key is None else key
    given = function.arguments(t, x)
    if function.layer is None:
        y, updates, losses = call_function(function.func, given, key, identity)[0], {}, []
    else:
        y, updates, losses = _call_layer(function, params, given, spec.training, key, identity)
    shape = (rows, function.size_out)
    y = tf.cast(y, spec.dtype)
    if function.shape_in is None:  # of the time alone: it need not know of a batch
        y = tf.broadcast_to(tf.reshape(y, (-1, function.size_out)), shape)
    return TensorResult(tf.reshape(y, shape), updates, [tf.cast(v, spec.dtype) for v in losses])


def _call_layer(
    function: Any,
    params: dict,
    given: list,
    training: bool,
    key: Key | None = None,
    identity: str = "",
):
    """Call a layer without touching its variables: what it reads and assigns is in a scope.

    Going through the layer's own ``__call__``, unlike its ``stateless_call``, casts to its compute
    precision and tells its sublayers of ``training``.
    """
    layer, variables = function.layer, function.variables()
    precision = layer.compute_dtype or "float32"
    given = tf.nest.map_structure(
        lambda v: tf.cast(v, precision) if v.dtype.is_floating else v, given
    )
    values = {
        role: tf.cast(tf.reshape(params[role], v.shape), v.dtype) for role, v in variables.items()
    }
    mapping = [(v, values[role]) for role, v in variables.items()]
    with drawing(Key.fixed() if key is None else key, identity) as draws:
        mapping.append(draws.mapping)
        with keras.StatelessScope(state_mapping=mapping, collect_losses=training) as scope:
            y = layer(*given, training=training)
    draws.look_at(scope)
    function.note_draws(draws)
    # Of activities; what weights add, whatever runs, is `weight_losses`.
    losses = list(scope.losses) if training else []
    updates = {}
    for role, variable in variables.items():
        new = scope.get_current_value(variable)
        if new is not None and new is not values[role]:
            updates[role] = new
    return y, updates, losses


def weight_losses(function: Any, values: Callable[[str], Any]) -> list:
    """What the regularizers of a layer's weights add to the loss.

    Parameters
    ----------
    function : TensorFunction
    values : callable
        The value of the variable of a role.
    """
    layer = function.layer
    mapping = [
        (v, tf.cast(tf.reshape(values(role), v.shape), v.dtype))
        for role, v in function.variables().items()
    ]
    # Outside of a call it has no losses but those of its weights.
    with keras.StatelessScope(state_mapping=mapping):
        return list(layer.losses)


def _rows(spec: Spec, params: dict, x: Any, capacity: int, n_steps: Any) -> TensorResult:
    """Steps as rows of larger batches; those past ``n_steps`` are not computed."""
    rows, size = x.shape[0], spec.static[0].size_out
    if spec.training:
        return call(spec, params, None, x, rows)
    batch = rows // capacity
    together = max(1, ROWS // batch) * batch
    last = n_steps * batch

    def body(first, array):
        part = x[first : tf.minimum(first + together, last)]
        y = call(spec, params, None, part, -1).y
        return first + together, array.write(first // together, y)

    if rows <= together:
        y = call(spec, params, None, x[:last], -1).y
    else:
        pieces = -(-last // together)
        array = tf.TensorArray(spec.dtype, pieces, infer_shape=False, element_shape=(None, size))
        _, array = tf.while_loop(lambda i, *_: i < last, body, (tf.constant(0), array))
        y = array.concat()
    y = tf.pad(y, [(0, rows - tf.shape(y)[0]), (0, 0)])
    return TensorResult(tf.ensure_shape(y, (rows, size)), {}, [])


def _steps(
    spec: Spec, params, given: tuple, rows: int, capacity: int, n_steps: Any
) -> TensorResult:
    """One call for each step, in order; what a call changes of the variables, the next one sees.

    Given are the input, the clock and the key, of all steps; None for what is not.
    """
    batch = rows // capacity
    xs, clocks, keys = (
        None if v is None else tf.reshape(v, (capacity, batch, *v.shape[1:])) for v in given
    )

    def one(i: Any, params: dict) -> TensorResult:
        t = None if clocks is None else _time(clocks[i, 0, 0], spec)
        key = None if keys is None else Key.of(keys[i, 0, 0])
        return call(spec, params, t, None if xs is None else xs[i], batch, key)

    if capacity == 1:
        return one(0, params)
    function = spec.static[0]
    changed = changes(function, spec.training)
    own = function.variables()
    carried = {r: tf.cast(tf.reshape(params[r], own[r].shape), own[r].dtype) for r in changed}
    shape = (batch, function.size_out)
    array = tf.TensorArray(spec.dtype, capacity, element_shape=shape)

    def body(i, carried, loss, array):
        result = one(i, params | carried)
        new = {r: tf.reshape(result.updates.get(r, v), v.shape) for r, v in carried.items()}
        # A mean over the steps, as it is one over the items.
        loss += _total(result.losses, spec.dtype) / tf.cast(n_steps, spec.dtype)
        return i + 1, new, loss, array.write(i, result.y)

    start = (tf.constant(0), carried, tf.zeros((), spec.dtype), array)
    _, carried, loss, array = tf.while_loop(lambda i, *_: i < n_steps, body, start)
    y = tf.reshape(tf.ensure_shape(array.stack(), (capacity, *shape)), (rows, function.size_out))
    return TensorResult(y, carried, [loss] if spec.training and function.adds_loss else [])


def _total(losses: list, dtype: str) -> Any:
    return tf.add_n(losses) if losses else tf.zeros((), dtype)


def folds(function: Any, training: bool) -> tuple[bool, str]:
    """Whether steps may be rows of one batch for a function, and why (not)."""
    if function.layer is None:
        return False, "nothing is known of a plain function"
    if function.pass_time:
        return False, "it is given the time"
    return per_sample(function.layer, training)


def mixes(function: Any, training: bool) -> bool:
    """Whether items of a batch may meet in a function, as far as is known."""
    return function.layer is None or not per_sample(function.layer, training)[0]


def may_draw(function: Any) -> bool:
    """Whether a function may have random functions without a generator of their own."""
    if function.layer is None:
        return function.draws is not False
    return mixes(function, False)


def changes(function: Any, training: bool) -> list[str]:
    """Roles of the variables that a call changes."""
    if function.layer is None:
        return []
    if training not in function.changes:
        function.changes[training] = _find_changes(function, training)
    return function.changes[training]


def _find_changes(function: Any, training: bool) -> list[str]:
    changed: list[str] = []
    with tf.init_scope():  # it may be asked for while a program is traced
        values = {role: v.numpy() for role, v in function.variables().items()}

    def trial(x: Any = None) -> Any:
        given = function.arguments(tf.zeros(()), x)
        params = {role: tf.constant(value) for role, value in values.items()}
        y, updates, losses = _call_layer(function, params, given, training)
        changed[:] = updates  # TensorFlow may trace it twice
        function.adds_loss |= bool(losses)
        return y

    shape = function.shape_in
    of = [] if shape is None else [tf.TensorSpec((2, *shape), tf.float32)]
    tf.function(trial, autograph=False).get_concrete_function(*of)
    return changed


def reached(function: Any, batch: int, dtype: str) -> tuple[bool, frozenset[str]]:
    """What the gradient of an output comes back to: the input or not, and roles of variables.

    Past ``tf.stop_gradient``, ``tf.round`` and their kin there is none. Found by a trace, once.
    """
    if function.reached is None:
        function.reached = _find_reached(function, batch, dtype)
    return function.reached


def _find_reached(function: Any, batch: int, dtype: str) -> tuple[bool, frozenset[str]]:
    found: set[str] = set()

    def trial(params: dict, *given: Any) -> Any:
        x = given[0] if given else None
        arguments = function.arguments(tf.zeros((), dtype), x)
        if function.layer is None:
            y = call_function(function.func, arguments, Key.fixed(), "")[0]
        else:
            y = _call_layer(function, params, arguments, True)[0]
        roles, values = ["", *params], [*given, *params.values()]
        slopes = tf.gradients(y, values)
        found.update(
            r for r, s in zip(roles[1 - len(given) :], slopes, strict=True) if s is not None
        )
        return y

    own = {r: tf.TensorSpec(v.shape, v.dtype) for r, v in function.variables().items()}
    shape = function.shape_in
    of = [] if shape is None else [tf.TensorSpec((batch, *shape), dtype)]
    try:
        tf.function(trial, autograph=False).get_concrete_function(own, *of)
    except LookupError:  # an operation without a gradient: training says so
        return True, frozenset(own)
    return "" in found, frozenset(found - {""})


def compiles(function: Any, batch: int, dtype: str = "float32") -> bool:
    """Whether XLA takes the function; tried once, by itself."""
    if function.compiles is None:
        function.compiles = _try_to_compile(function, batch, dtype)
    return function.compiles


def _try_to_compile(function: Any, batch: int, dtype: str) -> bool:
    values = {role: v.numpy() for role, v in function.variables().items()}
    shape = function.shape_in
    x = None if shape is None else tf.zeros((batch, *shape), dtype)
    given = function.arguments(tf.zeros((), dtype), x)

    def trial(params: dict, *given: Any) -> Any:
        if function.layer is None:
            return call_function(function.func, list(given), Key.fixed(), "")[0]
        return _call_layer(function, params, list(given), False)[0]

    params = {role: tf.constant(value) for role, value in values.items()}
    traced = tf.function(trial, jit_compile=True, autograph=False)
    try:
        # Translated for XLA, not run: a function that has an effect shall not have it here.
        traced.experimental_get_compiler_ir(params, *given)(stage="hlo")
    except Exception:  # whatever XLA says; a fault of the function itself is found without XLA
        return False
    return True


def check(op: Any, batch: int, dtype: str) -> None:
    """Check, before anything is compiled, what an operation's function gives.

    Raises
    ------
    ValidationError
        Of a function that returns what it must not.
    BuildError
        For a layer that changes its variables outside of training.
    """
    function = op.static[0]
    function.check(op.name, batch, dtype)
    if changed := changes(function, False):
        raise BuildError(
            f"{op.name}: the layer changes its own variables whenever it runs "
            f"({', '.join(changed)}), so what it gives would depend on how a run is cut into "
            "pieces; keep such state in the network (a recurrent connection, a synapse, a process)"
        )
    if function.undrawn and not function.warned:
        function.warned = True
        warnings.warn(
            f"{op.name}: {listing(sorted(function.undrawn))} in a loop or a tf.function inside it "
            "cannot follow the simulator's seed, and a step that is computed again for its "
            "gradient draws anew; draw outside of the loop, or use tf.random.stateless_normal and "
            "its kin",
            stacklevel=2,
        )
