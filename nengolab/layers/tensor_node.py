"""``TensorNode``: a Node whose output is computed by TensorFlow or by a Keras layer."""

from __future__ import annotations

from typing import Any

import nengo
from nengo.builder import Builder, Model
from nengo.builder.operator import Operator, Reset
from nengo.builder.signal import Signal

from nengolab.exceptions import ValidationError
from nengolab.layers.tensor_function import TensorFunction


class TensorNode(nengo.Node):
    """A Node that computes with tensors, for a whole batch at once, and can be trained through.

    Parameters
    ----------
    tensor_func : callable or keras.Layer
        A function of ``(t, x)``, of ``(x)`` without ``pass_time``, or of ``(t)`` without input.
        ``t`` is a scalar tensor, the time (s); ``x`` a tensor ``(batch, *shape_in)`` in the
        network's precision. It returns a tensor ``(batch, *shape_out)`` of a floating type (a
        function of the time alone may leave the batch axis at 1). TensorFlow traces it, so Python
        code in it runs once, and it must be a pure function: what is to be trained belongs into a
        Keras layer.

        A Keras layer or model is given ``x``; see ``pass_time``. One that is not built is built
        here. Its values are where a simulator starts from, and its variables are parameters of the
        network; the same layer in two TensorNodes shares them.

        Random functions of TensorFlow (``tf.random.normal``, ``tf.nn.dropout``, ...) and of
        ``keras.random`` without a seed follow the simulator's seed: other numbers in each step and
        in each batch of a fit, the same in two simulators of one seed. With a seed of their own
        they follow that. (Inside a loop over the steps that XLA compiles, they draw other numbers
        than outside of one.)
    shape_in : tuple of int or int, optional
        Shape of an item of the input. None: there is no input.
    shape_out : tuple of int or int, optional
        Shape of an item of the output. Default: found by tracing ``tensor_func``.
    pass_time : bool, optional
        Whether it is given the time. Default: a function is; a Keras layer where its ``call``
        names the first of two arguments ``t`` or ``time``. With True, any other layer is called
        with the pair ``(t, x)`` as its one input, and with ``t`` alone where there is no
        ``shape_in``.
    label : str, optional
        Default for a Keras layer: its name, without the number that Keras gave it.

    Raises
    ------
    ValidationError
        Where ``tensor_func`` is nothing that can be called, holds variables that are no layer's,
        does not take what it would be given, or returns anything but such a tensor.

    Notes
    -----
    On no feedback path, layers that compute each item by itself (``Dense``, ``Conv2D``, ...; in
    training not ``Dropout`` and ``BatchNormalization``) run on all steps of a tile at once; all
    others once for each step, in order. On a feedback path they run step by step, compiled where
    XLA can. ``sim.report()`` says which. In ``nengo.Simulator`` a TensorNode runs too, one step
    and one item at a time.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     x = nengo.Node([1.0, 2.0])
    ...     square = nengolab.TensorNode(lambda t, x: x * x, shape_in=(2,))
    ...     connection = nengo.Connection(x, square, synapse=None)
    ...     probe = nengo.Probe(square)
    >>> with nengolab.Simulator(net) as sim:
    ...     sim.step()
    >>> sim.data[probe]
    array([[1., 4.]], dtype=float32)
    """

    def __init__(
        self,
        tensor_func: Any,
        shape_in: tuple[int, ...] | int | None = None,
        shape_out: tuple[int, ...] | int | None = None,
        pass_time: bool | None = None,
        label: str | None = None,
    ):
        function = TensorFunction(tensor_func, shape_in, shape_out, pass_time, label)
        if label is None and function.layer is not None:
            label = function.layer_name
        super().__init__(
            function, size_in=function.size_in, size_out=function.size_out, label=label
        )

    @property
    def tensor_func(self) -> Any:
        """The function or the Keras layer."""
        return self.output.func

    @property
    def shape_in(self) -> tuple[int, ...] | None:
        """Shape of an item of the input; None without input."""
        return self.output.shape_in

    @property
    def shape_out(self) -> tuple[int, ...]:
        """Shape of an item of the output."""
        return self.output.shape_out

    @property
    def pass_time(self) -> bool:
        """Whether ``tensor_func`` is given the time."""
        return self.output.pass_time


class SimTensorFunction(Operator):
    """Set ``output`` to what a ``TensorFunction`` gives for the time and the input.

    Parameters
    ----------
    fn : TensorFunction
    t : Signal
        The time (s).
    x : Signal or None
    output : Signal

    Attributes
    ----------
    initial : dict of str to ndarray
        Values of the layer's variables when the network was built, by role.

    Notes
    -----
    1. sets ``[output]``
    2. incs ``[]``
    3. reads ``[t]`` or ``[t, x]``
    4. updates ``[]``
    """

    def __init__(
        self, fn: TensorFunction, t: Signal, x: Signal | None, output: Signal, tag: Any = None
    ):
        super().__init__(tag=tag)
        self.fn = fn
        self.initial = {role: v.numpy() for role, v in fn.variables().items()}
        self.sets, self.incs, self.updates = [output], [], []
        self.reads = [t] if x is None else [t, x]

    @property
    def t(self) -> Signal:
        return self.reads[0]

    @property
    def x(self) -> Signal | None:
        return self.reads[1] if len(self.reads) > 1 else None

    @property
    def output(self) -> Signal:
        return self.sets[0]

    def make_step(self, signals: Any, dt: float, rng: Any) -> Any:
        """For ``nengo.Simulator``."""
        t, output = signals[self.t], signals[self.output]
        given = () if self.x is None else (signals[self.x],)

        def step_tensor_function() -> None:
            output[...] = self.fn(t.item(), *given)

        return step_tensor_function


@Builder.register(TensorNode)
def build_tensor_node(model: Model, node: TensorNode) -> None:
    """Build a ``TensorNode``: an input that starts at zero each step, and one operator."""
    if not isinstance(node.output, TensorFunction):
        raise ValidationError(
            f"a TensorNode's output cannot be replaced (by {node.output!r}); use a nengo.Node, or "
            "make another TensorNode",
            attr="output",
            obj=node,
        )
    x = None
    if node.size_in > 0:
        x = Signal(shape=node.size_in, name=f"{node}.in")
        model.add_op(Reset(x))
    output = Signal(shape=node.size_out, name=f"{node}.out")
    model.add_op(SimTensorFunction(node.output, model.time, x, output))
    model.sig[node]["in"], model.sig[node]["out"] = x, output
    model.params[node] = None
