"""A network in whole numbers: weights of few bits, all else in fixed point."""

import numpy as np

from nengolab.exporting.reference.common import WEIGH


def fire_lif(n, v, wait, J):
    """Leaky neurons: after a spike they stand still for a number of steps."""
    v += np.where(wait > 0, 0, ((J - v) * n["rate"]) >> 24)
    if n["min_voltage"] is not None:
        np.maximum(v, n["min_voltage"], out=v)
    spiked = v > 2**16
    v[spiked] = (v[spiked] - 2**16) * n["keep"]
    wait[:] = np.where(spiked, n["wait"], np.maximum(wait - 1, 0))
    return spiked.astype(np.int64)


def fire_integrate(n, v, wait, J):
    """Neurons without a leak that start from 0 after a spike."""
    v += (J * n["rate"]) >> 24
    spiked = v > 2**16
    v[spiked] = 0
    return spiked.astype(np.int64)


def fire_rectified(n, v, wait, J):
    """Neurons without a leak, with as many spikes as v has whole numbers."""
    v += (np.maximum(J, 0) * n["rate"]) >> 24
    spikes = v >> 16
    v -= spikes << 16
    return spikes


def run(net, inputs, n_steps, everything=False):
    """Outputs {name: (items, steps, size)}, whole numbers, for inputs of that form.

    Spikes are counts; all else has 16 bits behind the point, and factors have 24.
    """
    items, layers, whole = len(next(iter(inputs.values()))), net["layers"], slice(None)
    filters = [link for layer in layers for link in layer["links"] if "rate" in link]
    out, seen, most = {}, {}, 2**37
    for link in filters:
        link["y"] = np.zeros((items, link["weights"]["shape"][0]), np.int64)
    for layer in layers:
        layer["v"] = np.zeros((items, layer["size"]), np.int64) + layer.get("voltage", 0)
        layer["wait"] = np.zeros((items, layer["size"]), np.int64)

    def weighed(link):
        x = out[link["source"]][:, link.get("from", whole)]
        y = WEIGH[link["weights"]["kind"]](link["weights"], x)
        return np.clip((y * link["multiplier"]) >> link["shift"], -most, most)

    for step in range(n_steps):
        for layer in layers:
            J = np.zeros((items, layer["size"]), np.int64) + layer.get("bias", 0)
            for link in layer["links"]:
                J[:, link.get("to", whole)] += link["y"] if "rate" in link else weighed(link)
            if layer["name"] in inputs:
                J = np.round(inputs[layer["name"]][:, step] * 2**16).astype(np.int64)
            elif "neurons" in layer:
                n, J = layer["neurons"], np.clip(J, -most, most)
                J = FIRE[n["type"]](n, layer["v"], layer["wait"], J)
            out[layer["name"]] = J
            if everything or layer["kind"] == "output":
                seen.setdefault(layer["name"], []).append(J)
        for link in filters:
            link["y"] = link["y"] + (((weighed(link) - link["y"]) * link["rate"]) >> 24)
    return {name: np.stack(rows, axis=1) for name, rows in seen.items()}


FIRE = {
    "LIF": fire_lif,
    "IntegrateAndFire": fire_integrate,
    "SpikingRectifiedLinear": fire_rectified,
}
