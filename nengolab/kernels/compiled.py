"""Functions compiled by XLA where they are used; those that have one key are compiled once.

What XLA compiles for functions of TensorFlow's eager context stays until the process ends (5 MB
each and more), so what training compiles for a network has to serve when it is trained again.

And it has to be called by an operation of its own. A function that TensorFlow traces and that calls
a compiled one as functions are called has a copy of the compiled one's graph made for itself, and
that stays too: 4 kB for each operation in it, each time anything is traced that calls it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorflow as tf
from tensorflow.compiler.jit.ops import xla_ops
from tensorflow.core.framework.attr_value_pb2 import NameAttrList
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.python.eager import record
from tensorflow.python.eager.polymorphic_function.atomic_function import AtomicFunction
from tensorflow.python.framework import auto_control_deps

# Functions that are kept for networks that may be trained again.
KEPT_FUNCTIONS = 64
_known: OrderedDict[tuple[Hashable, str], Compiled] = OrderedDict()

# The operation counts as one with effects, and such ones run one after the other unless it is said
# that their order does not matter. What is launched here has no effects.
auto_control_deps.MUST_RUN_ORDER_INSENSITIVE_STATEFUL_OPS |= {"XlaLaunch"}


class Compiled:
    """A function that XLA compiles, for arguments of these shapes.

    Parameters
    ----------
    fn : callable
    specs : nested tf.TensorSpec
        Of its arguments.
    gradient : bool
        Whether TensorFlow may be asked for its gradient. Only then the graph is kept that was
        traced: 20 MB for the loop of 12 neurons.
    """

    def __init__(self, fn: Callable[..., Any], specs: tuple, gradient: bool = True):
        def flat(*tensors: Any) -> Any:
            return fn(*tf.nest.pack_sequence_as(specs, tensors))

        # A concrete function: TensorFlow would take a function that is traced once for each network
        # for one that is traced again and again, and warn.
        jitted = tf.function(flat, jit_compile=True, autograph=False)
        traced = jitted.get_concrete_function(*tf.nest.flatten(specs))
        self._captured = traced.captured_inputs
        self._defined = _bare(traced._inference_function)
        self._traced = traced if gradient else None

    def __call__(self, *args: Any) -> Any:
        """What the function gives."""
        return self._call(tf.nest.flatten(args))

    def launch(self, *args: Any) -> Any:
        """The same by XLA's own operation, where nothing has to be differentiated or put in order.

        No argument may say a shape: what XLA has to know when it compiles, a call finds out.
        """
        tensors = tf.nest.flatten(args)
        given, defined = [*tensors, *self._captured], self._defined
        ordered = defined.call_options.is_stateful
        if tf.executing_eagerly() or ordered or record.should_record_backprop(given):
            return self._call(tensors)
        tf.compat.v1.get_default_graph()._add_function_recursive(defined)
        seen = defined.function_type.flat_outputs
        name = NameAttrList(name=defined.name)
        outputs = xla_ops.xla_launch([], given, [], [spec.dtype for spec in seen], name)
        for x, spec in zip(outputs, seen, strict=True):
            x.set_shape(spec.shape)
        return defined.function_type.pack_output(outputs)

    def _call(self, tensors: list[Any]) -> Any:
        if self._traced is not None:
            return self._traced(*tensors)
        return self._defined.call_preflattened([*tensors, *self._captured])


def _bare(function: AtomicFunction) -> AtomicFunction:
    """The same function, which is nothing but its definition.

    With a traced function TensorFlow keeps where in Python each of its operations was made, 12 MB
    for a loop of 12 neurons.
    """
    names = {f.definition.signature.name for f in [function, *function.children]}
    inside = [_renamed(f, names, []) for f in function.children]
    return _renamed(function, names, inside)


def _renamed(function: AtomicFunction, names: set[str], inside: list) -> AtomicFunction:
    """A function defined anew under another name, as are those of these names that it calls."""
    definition = FunctionDef.FromString(function.definition.SerializeToString())
    called = [a.func for n in definition.node_def for a in n.attr.values() if a.HasField("func")]
    for named in (definition.signature, *called):
        if named.name in names:
            named.name += "_bare"
    name, context = definition.signature.name.encode(), function._bound_context
    context.add_function_def(definition)
    return AtomicFunction(name, context, function.function_type, inside, function.call_options)


def compiled(
    fn: Callable[..., Any], *args: Any, key: Hashable = None, gradient: bool = True
) -> Compiled:
    """``fn`` as a function that XLA compiles for arguments like ``args``.

    Parameters
    ----------
    fn : callable
    *args : nested tensors
    key : hashable, optional
        Says all that ``fn`` does besides what its arguments' shapes say. What is made for one key
        is given again for it; None shares nothing.
    gradient : bool
        See `Compiled`.
    """
    specs = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), args)
    if key is None:
        return Compiled(fn, specs, gradient)
    known = (key, str(specs))
    found = _known.pop(known, None)
    if found is None:
        found = _apart(Compiled, fn, specs, gradient)
    _known[known] = found  # the newest is last
    while len(_known) > KEPT_FUNCTIONS:
        _known.popitem(last=False)
    return found


def forget() -> None:
    """Let go of the shared functions; what was made of them keeps them."""
    _known.clear()


def _apart(do: Callable[..., Any], *args: Any) -> Any:
    """Apart from the function that is being traced, which ends sooner, and from its tapes.

    On a thread of its own: ``tf.init_scope`` stops all tapes, also those of the gradients inside.
    """
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(do, *args).result()
