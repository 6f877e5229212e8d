"""Circuits made smaller: constants into biases, Nodes that pass on, gains into weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nengolab.exporting.matrices import matrix, triples, whole_matrix
from nengolab.exporting.parts import INPUT, NEURONS, SUM, Circuit, Layer, Link, Weights

# A product of two matrices is kept sparse while it fills less than this of them.
_SPARSE = 0.25


def plain(circuit: Circuit) -> Circuit:
    """The same network without Nodes of ones (biases instead) and Nodes that only pass on.

    Nothing is computed differently, up to the order of sums.
    """
    found = circuit.copy()
    _constants(found)
    while _pass_on(found):
        pass
    return found.ordered()


def folded(circuit: Circuit) -> Circuit:
    """The same network with gains and encoders in the weights: from neurons to neurons."""
    found = plain(circuit)
    for layer in found.of_kind(SUM):
        _compose(found, layer)
    found.links = [gained(found, link) for link in found.links]
    for layer in found.of_kind(NEURONS):
        found.with_layer(replace(layer, gain=np.ones(layer.size)))
    return found.ordered()


# -- constants -------------------------------------------------------------------------------------


def _constants(circuit: Circuit) -> None:
    for layer in circuit.of_kind(INPUT):
        links = circuit.out_of(layer.name)
        if not layer.fixed or any(link.filter is not None for link in links):
            continue
        if any(circuit.layer(link.target).kind not in (SUM, NEURONS) for link in links):
            continue
        for link in links:
            target = circuit.layer(link.target)
            assert layer.value is not None
            added = whole_matrix(link, target.size, layer.size) @ layer.value
            if link.gain and target.gain is not None:
                added = target.gain * added
            before = 0.0 if target.bias is None else target.bias
            circuit.with_layer(replace(target, bias=before + added))
            circuit.links.remove(link)
        circuit.layers.remove(layer)


# -- what only passes on ---------------------------------------------------------------------------


def _pass_on(circuit: Circuit) -> bool:
    """Take one sum away whose only link passes it on whole; whether there was one."""
    for layer in circuit.of_kind(SUM):
        after = circuit.out_of(layer.name)
        into = circuit.into(layer.name)
        if len(after) != 1:
            continue
        link, target = after[0], circuit.layer(after[0].target)
        if not _passes(link, layer, target) or (
            layer.bias is not None
            and target.kind
            not in (
                SUM,
                NEURONS,
            )
        ):
            continue
        if any(one.gain for one in into):
            continue
        if layer.bias is not None:
            before = 0.0 if target.bias is None else target.bias
            added = layer.bias * (target.gain if link.gain and target.gain is not None else 1.0)
            circuit.with_layer(replace(target, bias=before + added))
            target = circuit.layer(target.name)
        if len(target.shape) < len(layer.shape):
            circuit.with_layer(replace(target, shape=layer.shape))
        moved = {id(one): replace(one, target=target.name, gain=link.gain) for one in into}
        circuit.links = [moved.get(id(one), one) for one in circuit.links if one is not link]
        circuit.layers.remove(layer)
        return True
    # A sum that is nothing but one vector: what reads it reads that.
    for layer in circuit.of_kind(SUM):
        into = circuit.into(layer.name)
        if len(into) != 1 or layer.bias is not None:
            continue
        link, source = into[0], circuit.layer(into[0].source)
        if not _passes(link, layer, source):
            continue
        if len(source.shape) < len(layer.shape):
            circuit.with_layer(replace(source, shape=layer.shape))
        moved = {id(one): replace(one, source=source.name) for one in circuit.out_of(layer.name)}
        circuit.links = [moved.get(id(one), one) for one in circuit.links if one is not link]
        circuit.layers.remove(layer)
        return True
    return False


def _passes(link: Link, one: Layer, other: Layer) -> bool:
    whole = link.source_at is None and link.target_at is None
    same = whole and link.filter is None and one.size == other.size
    return same and link.weights.kind == "identity"


# -- folding ---------------------------------------------------------------------------------------


def _compose(circuit: Circuit, layer: Layer) -> None:
    """Put a sum's matrices to others behind those that lead to it, where nothing is between."""
    after, into = circuit.out_of(layer.name), circuit.into(layer.name)
    fixed = any(link.filter is not None or link.target == layer.name for link in after)
    if fixed or not after or any(link.source == layer.name for link in into):
        return
    if any(circuit.layer(link.target).kind not in (SUM, NEURONS) for link in after):
        return
    made = []
    for link in after:
        target = circuit.layer(link.target)
        outer = whole_matrix(link, target.size, layer.size)
        if layer.bias is not None:
            gain = target.gain if link.gain and target.gain is not None else 1.0
            before = 0.0 if target.bias is None else target.bias
            circuit.with_layer(replace(target, bias=before + gain * (outer @ layer.bias)))
        for one in into:
            inner = whole_matrix(one, layer.size, circuit.layer(one.source).size)
            weights = _of_matrix((outer @ inner).tocoo())
            made.append(
                Link(one.name, one.source, target.name, weights, None, None, link.gain, one.filter)
            )
    gone = {id(link) for link in (*after, *into)}
    circuit.links = [link for link in circuit.links if id(link) not in gone] + made
    circuit.layers.remove(layer)


def _of_matrix(found: object) -> Weights:
    coo = found.tocoo()  # type: ignore[attr-defined]
    shape = tuple(int(n) for n in coo.shape)
    if coo.nnz > _SPARSE * shape[0] * shape[1]:
        return Weights("dense", shape, coo.toarray())  # type: ignore[arg-type]
    rows, columns = coo.row.astype(np.int64), coo.col.astype(np.int64)
    return Weights("sparse", shape, coo.data, rows, columns)  # type: ignore[arg-type]


def gained(circuit: Circuit, link: Link) -> Link:
    """A link with the gain of the neurons behind in its weights."""
    if not link.gain:
        return link
    target = circuit.layer(link.target)
    assert target.gain is not None
    gain = target.gain if link.target_at is None else target.gain[link.target_at]
    return replace(link, weights=_scaled(link.weights, gain), gain=False)


def _scaled(weights: Weights, gain: np.ndarray) -> Weights:
    """Weights with a factor on each output."""
    if not gain.size or np.all(gain == gain[0]):
        if weights.kind == "identity":
            return replace(weights, kind="scale", values=np.array(gain[0]))
        return replace(weights, values=weights.array * gain[0], pooling=None)
    if weights.kind in ("identity", "scale"):
        return replace(weights, kind="scale", values=weights.array * gain)
    if weights.kind == "dense":
        return replace(weights, values=weights.array * gain[:, None])
    how = weights.convolving
    if weights.kind == "convolution" and how is not None:
        by_channel = gain.reshape(how.output_shape)
        by_channel = by_channel if how.channels_last else np.moveaxis(by_channel, 0, -1)
        flat = by_channel.reshape(-1, by_channel.shape[-1])
        if np.all(flat == flat[0]):
            return replace(weights, values=weights.array * flat[0])
        rows, columns, values = triples(weights)
        return Weights("sparse", weights.shape, values * gain[rows], rows, columns)
    assert weights.rows is not None
    return replace(weights, values=weights.array * gain[weights.rows], pooling=None)


def fan_out(circuit: Circuit, link: Link) -> np.ndarray:
    """How many weights that are not 0 each element of a link's source has in it."""
    counts = np.asarray((matrix(link.weights) != 0).sum(axis=0)).reshape(-1)
    if link.source_at is None:
        return counts
    found = np.zeros(circuit.layer(link.source).size, np.int64)
    np.add.at(found, link.source_at, counts)
    return found
