"""A network in floats, step by step as Nengo computes it."""

import numpy as np

from nengolab.exporting.reference.common import WEIGH


def fire_lif(n, v, wait, J, dt):
    """Leaky neurons: voltages v, and how long each has still to wait after a spike."""
    wait -= dt
    v -= (J - v) * np.expm1(-np.clip(dt - wait, 0, dt) / n["tau_rc"])
    spiked = v > 1
    at = dt + n["tau_rc"] * np.log1p(-(v[spiked] - 1) / (J[spiked] - 1))
    v[:] = np.where(spiked, 0, np.fmax(v, np.array(n["min_voltage"], float)))  # None: no bound
    wait[spiked] = n["tau_ref"] + at
    return spiked * (n["amplitude"] / dt)


def fire_integrate(n, v, wait, J, dt):
    """Neurons without a leak that start from 0 after a spike."""
    v += J * dt
    spiked = v > 1
    v[spiked] = 0
    return spiked * (n["amplitude"] / dt)


def fire_rectified(n, v, wait, J, dt):
    """Neurons without a leak, with as many spikes as v has whole numbers."""
    v += np.maximum(J, 0) * dt
    spikes = np.floor(v)
    v -= spikes
    return spikes * (n["amplitude"] / dt)


def rate_lif(n, v, wait, J, dt):
    """The rate of leaky neurons."""
    over = np.maximum(J - 1, 1e-300)
    return n["amplitude"] * (J > 1) / (n["tau_ref"] + n["tau_rc"] * np.log1p(1 / over))


def rate_rectified(n, v, wait, J, dt):
    """A rectified line."""
    return n["amplitude"] * np.maximum(J, 0)


def rate_sigmoid(n, v, wait, J, dt):
    """The logistic function."""
    return 1 / (1 + np.exp(-J)) / n["tau_ref"]


def rate_tanh(n, v, wait, J, dt):
    """The hyperbolic tangent."""
    return np.tanh(J) / n["tau_ref"]


def run(net, inputs, n_steps, everything=False):
    """Outputs {name: (items, steps, size)} for inputs of that form."""
    items, dt, layers = len(next(iter(inputs.values()))), net["dt"], net["layers"]
    filters = [link for layer in layers for link in layer["links"] if "B" in link]
    out, seen, whole = {}, {}, slice(None)
    for link in filters:  # x: its state, y: what it gave at the end of the step before
        link["y"] = np.zeros((items, link["weights"]["shape"][0]))
        link["x"] = np.zeros((len(link["B"]), *link["y"].shape))
    for layer in layers:
        layer["v"] = np.zeros((items, layer["size"])) + layer.get("voltage", 0)
        layer["wait"] = np.zeros((items, layer["size"]))

    def weighed(link):
        how, x = link["weights"], out[link["source"]][:, link.get("from", whole)]
        return WEIGH[how["kind"]](how, x)

    for step in range(n_steps):
        for layer in layers:
            J, n = np.zeros((items, layer["size"])) + layer.get("bias", 0), layer.get("neurons")
            for link in layer["links"]:
                y = link["y"] if "B" in link else weighed(link)
                J[:, link.get("to", whole)] += link.get("gain", 1) * y
            if layer["name"] in inputs:
                J = inputs[layer["name"]][:, step]
            elif n:
                J = FIRE[n["type"]](n, layer["v"], layer["wait"], J, dt)
            out[layer["name"]] = J
            if everything or layer["kind"] == "output":
                seen.setdefault(layer["name"], []).append(J)
        for link in filters:
            u, x = weighed(link), link["x"]
            link["x"] = np.tensordot(link["A"], x, 1) + link["B"][:, None, None] * u
            link["y"] = np.tensordot(link["C"], x if link["D"] else link["x"], 1) + link["D"] * u
    return {name: np.stack(rows, axis=1) for name, rows in seen.items()}


FIRE = {
    "LIF": fire_lif,
    "IntegrateAndFire": fire_integrate,
    "SpikingRectifiedLinear": fire_rectified,
    "LIFRate": rate_lif,
    "RectifiedLinear": rate_rectified,
    "Sigmoid": rate_sigmoid,
    "Tanh": rate_tanh,
}
