"""The calls of a Keras model, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from nengolab.exceptions import ValidationError


def graph_of(model: Any) -> Any:
    """The functional model that a model is.

    Raises
    ------
    ValidationError
        For what is no Keras model, what was not built, and what has no graph.
    """
    if not isinstance(model, keras.Model):
        raise ValidationError(
            f"Converter takes a Keras model, got {model!r} ({type(model).__name__}); a layer "
            "becomes one by keras.Sequential([keras.Input(shape), layer])",
            attr="model",
        )
    if isinstance(model, keras.Sequential) and not model.built:
        raise ValidationError(
            f"the shape of the input of {model.name!r} is not known; put keras.Input(shape) in "
            "front, or call the model once",
            attr="model",
        )
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise ValidationError(
            f"{model.name!r} ({type(model).__name__}) computes in its own call(), so there is no "
            "graph of layers to convert; write it with keras.Input and keras.Model(inputs, "
            "outputs), or put it whole into a network by nengolab.TensorNode(model, shape_in=...)",
            attr="model",
        )
    return keras.Model(model.inputs, model.outputs, name=model.name)


def calls_of(graph: Any) -> Iterator[Any]:
    """Keras's nodes (a call of an operation each), each after those that it needs."""
    # Keras has no public way to the calls; `operations` does not tell those of a shared layer.
    by_depth = graph._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


def is_model(operation: Any) -> bool:
    """Whether an operation is a model whose calls are walked in place."""
    if not isinstance(operation, keras.Model):
        return False
    return bool(getattr(operation, "inputs", None) and getattr(operation, "outputs", None))


def refuse_masks(graph: Any) -> None:
    """Refuse layers that make a mask, which would tell later ones what not to look at."""
    for operation in graph.operations:
        kind = type(operation).__name__
        if is_model(operation):
            refuse_masks(graph_of(operation))
        elif kind == "Masking" or getattr(operation, "mask_zero", False):
            raise ValidationError(
                f"{kind} {operation.name!r} makes a mask, and values of a Nengo network have none; "
                "leave it out (of an Embedding: mask_zero=False), and weigh what is padding with 0 "
                "by sample_weight",
                attr="model",
            )


def item_shape(tensor: Any, temporal: bool) -> tuple[int, ...]:
    """Shape of an item of a tensor; with ``temporal``, at one step."""
    shape = tuple(tensor.shape)[2 if temporal else 1 :]
    if None in shape:
        raise ValidationError(
            f"the shape of {tensor.name!r} is not known: {tuple(tensor.shape)}; Nengo's objects "
            "have fixed sizes, so give keras.Input all sizes but the batch's"
            + ("" if temporal else " (for an axis of time: temporal_model=True)"),
            attr="model",
        )
    return tuple(int(n) for n in shape)


def all_operations(graph: Any) -> Iterator[Any]:
    """The operations of a model, and of the models inside."""
    for operation in graph.operations:
        yield operation
        if is_model(operation):
            yield from all_operations(graph_of(operation))
