"""Whether a converted network computes what its Keras model does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nengolab.converting.walking import graph_of
from nengolab.exceptions import ValidationError
from nengolab.simulator import Simulator

_ITEMS, _STEPS, _BATCHES = 3, 4, 3
_LEARNING_RATE = 1e-2


def verify(converter: Any, training: bool, inputs: Any, atol: float, rtol: float) -> bool:
    """See `Converter.verify`."""
    given = as_list(converter, inputs)
    if training and converter.options.inference_only:
        raise ValidationError(
            "was asked for of a network with inference_only=True, which is never trained",
            attr="training",
        )
    with Simulator(converter.net, minibatch_size=len(given[0]), progress_bar=False, seed=0) as sim:
        fed = {n: as_fed(converter, x) for n, x in zip(_nodes(converter), given, strict=True)}
        compare = _Comparison(converter, atol, rtol)
        compare.outputs(sim.predict(fed, verbose=0), given)
        if training:
            before = converter.model.get_weights()
            frozen = _frozen(converter)
            try:
                _train_and_compare(converter, sim, fed, given, before, compare)
            finally:
                for layer in frozen:
                    layer.trainable = True
                converter.model.set_weights(before)
    return True


def to_keras(converter: Any, sim: Any, path: Any = None) -> Any:
    """See `Converter.to_keras`."""
    if path is not None and Path(path).suffix != ".keras":
        raise ValidationError(f"must end in .keras, got {str(path)!r}", attr="path")
    if getattr(sim, "network", None) is not converter.net:
        raise ValidationError(
            f"must be a Simulator of converter.net, the network of {converter.model.name!r}; got "
            f"{sim!r}",
            attr="sim",
        )
    found: dict[int, tuple[Any, str, np.ndarray]] = {}
    for conn in converter.net.all_connections:
        variable = getattr(conn, "variable", None)
        if variable is None:
            continue
        own = np.asarray(conn.arrangement.to_keras(np.asarray(sim.data[conn].weights)))
        _, other, before = found.setdefault(id(variable), (variable, conn.label, own))
        if not np.array_equal(own, before):
            raise ValidationError(
                f"{other!r} and {conn.label!r} are one array in Keras, and they differ now",
                attr="sim",
            )
    for variable, _, own in found.values():
        variable.assign(own)
    if path is not None:
        converter.model.save(path)
    return converter.model


def _frozen(converter: Any) -> list[Any]:
    """Freeze in Keras too what ``freeze_batchnorm`` froze; which layers that were."""
    if not converter.options.freeze_batchnorm:
        return []
    own = {id(row.layer): row.layer for row in converter.rows}.values()
    found = [b for b in own if isinstance(b, keras.layers.BatchNormalization) and b.trainable]
    for layer in found:
        layer.trainable = False
    return found


def as_list(converter: Any, inputs: Any) -> list[np.ndarray]:
    """Items for each input of the model; random ones where none are given."""
    tensors = graph_of(converter.model).inputs
    if inputs is None:
        rng = np.random.RandomState(0)
        given = []
        for tensor in tensors:
            shape = tuple(_STEPS if n is None else n for n in tensor.shape[1:])
            x = rng.uniform(-1, 1, (_ITEMS, *shape))
            whole = keras.backend.is_int_dtype(tensor.dtype)
            given.append(np.zeros_like(x) if whole else x)
        return given
    given = [inputs] if len(tensors) == 1 and not isinstance(inputs, (list, tuple)) else inputs
    given = [np.asarray(x) for x in given]
    for tensor, x in zip(tensors, given, strict=len(given) != len(tensors)):
        shape = tuple(tensor.shape[1:])
        fits = x.ndim == len(tensor.shape) and all(
            n in (None, m) for n, m in zip(shape, x.shape[1:], strict=True)
        )
        if not fits or len(x) != len(given[0]) or not len(x):
            raise ValidationError(
                f"{tensor.name!r} takes items of shape {shape}, as many as the others; got an "
                f"array of shape {x.shape}",
                attr="inputs",
            )
    return given


def as_fed(converter: Any, x: np.ndarray, n_steps: int = 1) -> np.ndarray:
    """Items ``(items, *shape)`` as the simulator takes them, ``(items, steps, size)``."""
    x = np.asarray(x, float)
    if converter.options.temporal_model:
        return x.reshape(*x.shape[:2], -1)
    return np.repeat(x.reshape(len(x), 1, -1), n_steps, axis=1)


def _nodes(converter: Any) -> list[Any]:
    return list(dict.fromkeys(converter.inputs.values()))


def _by_keras(converter: Any, given: list[np.ndarray]) -> list[np.ndarray]:
    graph = graph_of(converter.model)
    tensors = [tf.cast(x, t.dtype) for x, t in zip(given, graph.inputs, strict=True)]
    x = tensors if len(tensors) > 1 else tensors[0]
    try:
        found = graph(x, training=False)
    except tf.errors.OpError:
        # On a CPU TensorFlow has no kernel for some layers (channels first, for one), and XLA has.
        found = tf.function(lambda x: graph(x, training=False), jit_compile=True)(x)
    return [np.asarray(y) for y in keras.tree.flatten(found)]


class _Comparison:
    def __init__(self, converter: Any, atol: float, rtol: float):
        self._converter, self._atol, self._rtol = converter, atol, rtol

    def outputs(
        self, found: dict[Any, np.ndarray], given: list[np.ndarray], when: str = ""
    ) -> None:
        """Compare the outputs for these inputs."""
        converter = self._converter
        expected = _by_keras(converter, given)
        for tensor, theirs in zip(graph_of(converter.model).outputs, expected, strict=True):
            ours = found[converter.outputs[tensor]]
            if not converter.options.temporal_model:
                ours = ours[:, -1]
            layer = tensor._keras_history.operation
            self.one(ours.reshape(theirs.shape), theirs, f"the output of {layer.name!r}{when}")

    def one(self, ours: Any, theirs: Any, what: str) -> None:
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        largest = np.abs(theirs).max(initial=0)
        error = np.abs(ours - theirs).max(initial=0)
        if error <= self._atol + self._rtol * largest:
            return
        raise ValidationError(
            f"{what} differs from Keras's by up to {error:.3g}, its values being up to "
            f"{largest:.3g}; allowed are atol={self._atol:g} and rtol={self._rtol:g}"
            + self._hint(),
            attr="verify",
        )

    def _hint(self) -> str:
        net, options = self._converter.net, self._converter.options
        if any(e.neuron_type.spiking for e in net.all_ensembles):
            return ". The network has spiking neurons, whose outputs are no functions"
        if options.swap_activations:
            return ". swap_activations has neurons compute something else"
        if options.max_to_avg_pool:
            return ". max_to_avg_pool=True takes means in place of largest values"
        if options.synapse is not None:
            return ". A synapse lets outputs come later"
        return ""


def _train_and_compare(
    converter: Any, sim: Any, fed: dict, given: list[np.ndarray], before: list, compare: _Comparison
) -> None:
    rng = np.random.RandomState(1)
    shapes = {p: y.shape for p, y in sim.predict(fed, verbose=0).items()}
    targets = {p: rng.uniform(-1, 1, shape) for p, shape in shapes.items()}
    sim.compile(keras.optimizers.SGD(_LEARNING_RATE), "mse")
    for _ in range(_BATCHES):
        sim.train_on_batch(fed, targets)
    ours = {
        conn: sim.data[conn].weights
        for conn in converter.net.all_connections
        if getattr(conn, "variable", None) is not None
    }
    found = sim.predict(fed, verbose=0)
    converter.model.set_weights(before)  # layers in TensorNodes were trained
    _train_keras(converter, given, targets)
    for conn, weights in ours.items():
        expected = np.asarray(conn.variable.value)
        kept = conn.arrangement.to_keras(np.asarray(weights))
        compare.one(kept, expected, f"after training, {conn.label!r}")
    compare.outputs(found, given, " after training")


def _train_keras(converter: Any, given: list[np.ndarray], targets: dict[Any, np.ndarray]) -> None:
    graph = graph_of(converter.model)
    wanted = [targets[converter.outputs[t]] for t in graph.outputs]
    optimizer = keras.optimizers.SGD(_LEARNING_RATE)
    tensors = [tf.cast(x, t.dtype) for x, t in zip(given, graph.inputs, strict=True)]
    for _ in range(_BATCHES):
        with tf.GradientTape() as tape:
            ys = keras.tree.flatten(
                graph(tensors if len(tensors) > 1 else tensors[0], training=True)
            )
            errors = [
                tf.reduce_mean((tf.reshape(y, t.shape) - tf.cast(t, y.dtype)) ** 2)
                for y, t in zip(ys, wanted, strict=True)
            ]
            loss = tf.add_n([*errors, *(tf.cast(v, errors[0].dtype) for v in graph.losses)])
        variables = graph.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        if pairs:
            optimizer.apply_gradients(pairs)
