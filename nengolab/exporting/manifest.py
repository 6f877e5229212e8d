"""A circuit as what JSON can hold and arrays beside it, and back, with all that is read checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from nengolab.exporting.parts import (
    INPUT,
    NEURONS,
    OUTPUT,
    SUM,
    Circuit,
    Convolving,
    Filter,
    Layer,
    Link,
    Weights,
)
from nengolab.names import listing

KIND = "network"
# More would be no network of this machine; it keeps a crafted file from asking for memory.
LARGEST = 2**26
_NAME = re.compile(r"\d{3,6}(_[A-Za-z0-9_.-]{1,100})?")
_TYPES = {
    "LIF": {"tau_rc", "tau_ref", "amplitude", "min_voltage"},
    "LIFRate": {"tau_rc", "tau_ref", "amplitude"},
    "SpikingRectifiedLinear": {"amplitude"},
    "RectifiedLinear": {"amplitude"},
    "IntegrateAndFire": {"amplitude"},
    "Sigmoid": {"tau_ref"},
    "Tanh": {"tau_ref"},
}
_FIXED_TYPES = {
    "LIF": {"rate", "wait", "keep", "min_voltage"},
    "SpikingRectifiedLinear": {"rate"},
    "IntegrateAndFire": {"rate"},
}


# -- writing ---------------------------------------------------------------------------------------


def packed(circuit: Circuit) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The manifest of a circuit, and its arrays by name."""
    arrays: dict[str, np.ndarray] = {}
    known: dict[int, dict[str, Any]] = {}

    def put(array: np.ndarray, *name: str) -> dict[str, Any]:
        if id(array) not in known:
            safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", ".".join(name))[-80:]
            own = f"{len(arrays):03d}_{safe}"
            arrays[own] = np.array(array, order="C")
            about = {"array": own, "shape": list(array.shape), "dtype": str(array.dtype)}
            known[id(array)] = about
        return known[id(array)]

    kept: list[Any] = []  # so that no id is of two arrays
    manifest = {
        "kind": KIND,
        "name": circuit.name,
        "dt": circuit.dt,
        "fixed_point": circuit.fixed_point,
        "left_out": [list(pair) for pair in circuit.left_out.items()],
        "layers": [_layer(circuit, layer, put, kept) for layer in circuit.layers],
    }
    return manifest, arrays


def resolved(circuit: Circuit) -> dict[str, Any]:
    """The manifest with the arrays themselves in it, as scripts compute with it."""
    kept: list[Any] = []
    layers = [_layer(circuit, one, lambda a, *_: a, kept) for one in circuit.layers]
    return {"dt": circuit.dt, "fixed_point": circuit.fixed_point, "layers": layers}


def _layer(circuit: Circuit, layer: Layer, put: Callable[..., Any], kept: list) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "shape": list(layer.shape),
        "size": layer.size,
    }
    if layer.neurons is not None:
        found["neurons"] = {
            k: None if isinstance(v, float) and math.isinf(v) else v
            for k, v in layer.neurons.items()
        }
    bias = layer.value if layer.kind == INPUT else layer.bias
    for role, array in (("gain", layer.gain), ("bias", bias), ("voltage", layer.voltage)):
        if array is not None:
            found[role] = put(array, layer.name, role)
    found["links"] = [_link(link, layer, put, kept) for link in circuit.into(layer.name)]
    return found


def _link(link: Link, target: Layer, put: Callable[..., Any], kept: list) -> dict[str, Any]:
    weights = link.weights
    values = weights.array
    kept.append(values)
    how: dict[str, Any] = {
        "kind": "scale" if weights.kind == "identity" else weights.kind,
        "shape": list(weights.shape),
        "values": put(values, link.name, "weights"),
    }
    if weights.rows is not None:
        how["rows"] = put(weights.rows, link.name, "rows")
        how["columns"] = put(weights.columns, link.name, "columns")
    if weights.kind == "convolution" and weights.convolving is not None:
        how |= {
            k: [list(p) for p in v] if k == "padding" else list(v) if isinstance(v, tuple) else v
            for k, v in asdict(weights.convolving).items()
            if v != ()
        }
    found: dict[str, Any] = {"name": link.name, "source": link.source, "weights": how}
    if link.source_at is not None:
        found["from"] = put(link.source_at, link.name, "from")
    if link.target_at is not None:
        found["to"] = put(link.target_at, link.name, "to")
    if link.gain:
        assert target.gain is not None
        gain = target.gain if link.target_at is None else target.gain[link.target_at]
        kept.append(gain)
        found["gain"] = put(gain, target.name, "gain")
    if link.filter is not None:
        found["synapse"] = {"type": link.filter.kind, "tau": link.filter.tau}
        if not link.fixed:
            for name in "ABCD":
                found[name] = put(getattr(link.filter, name), link.name, name)
    return found | (link.fixed or {})


# -- reading ---------------------------------------------------------------------------------------


class Unpacking:
    """Makes a circuit of a manifest that may say anything.

    Parameters
    ----------
    manifest : dict
    array : callable
        Of a name, a shape and a dtype, the array; it is to check both.
    error : callable
        Makes the error of a message.
    """

    def __init__(self, manifest: dict[str, Any], array: Callable[..., Any], error: Callable):
        self._manifest, self._array, self._error = manifest, array, error
        self._fixed = self._of(manifest, "fixed_point", bool)
        self._dtype = "int64" if self._fixed else "float64"

    def circuit(self) -> Circuit:
        """The circuit.

        Raises
        ------
        ValidationError
            Saying what does not fit.
        """
        given = self._manifest
        if given.get("kind") != KIND:
            raise self._error(f"holds no network, but {given.get('kind')!r}")
        dt = self._number(given, "dt", above=True)
        pairs = self._of(given, "left_out", list)
        if not all(isinstance(p, list) and [type(s) for s in p] == [str, str] for p in pairs):
            raise self._error("has a list of what was left out that cannot be read")
        left_out = dict(pairs)
        entries = self._of(given, "layers", list)
        layers = [self._layer(entry) for entry in entries]
        names = [layer.name for layer in layers]
        if len(set(names)) != len(names):
            raise self._error("has two layers of one name")
        if sum(layer.size for layer in layers) > LARGEST:
            raise self._error(f"has layers of more than {LARGEST} values together")
        by_name = {layer.name: layer for layer in layers}
        links = [
            self._link(one, layer, by_name)
            for entry, layer in zip(entries, layers, strict=True)
            for one in self._of(entry, "links", list)
        ]
        if len({link.name for link in links}) != len(links):
            raise self._error("has two links of one name")
        name = self._of(given, "name", str)
        circuit = Circuit(name, dt, layers, links, left_out, self._fixed)
        order = {layer.name: i for i, layer in enumerate(layers)}
        for link in links:
            if link.filter is None and order[link.source] >= order[link.target]:
                raise self._error(
                    f"has layers in an order in which {link.name!r} cannot be computed"
                )
        return circuit

    # -- parts ---------------------------------------------------------------------------------

    def _layer(self, entry: Any) -> Layer:
        self._is(entry, dict, "a layer")
        name, kind = self._of(entry, "name", str), self._of(entry, "kind", str)
        if kind not in (INPUT, SUM, NEURONS, OUTPUT):
            raise self._error(f"has {name!r}, a layer of the kind {kind!r}")
        shape = self._shape(entry, "shape")
        size = math.prod(shape)
        if not 0 < size <= LARGEST or entry.get("size") != size:
            raise self._error(f"has {name!r} of shape {shape} and size {entry.get('size')!r}")
        neurons = gain = None
        if kind == NEURONS:
            neurons = self._neurons(name, self._of(entry, "neurons", dict))
            if not self._fixed:
                gain = self._put(entry, "gain", (size,))
        values = {
            role: self._put(entry, role, (size,)) if role in entry else None
            for role in ("bias", "voltage")
        }
        if neurons is not None and neurons["type"] in _FIXED_TYPES and values["voltage"] is None:
            raise self._error(f"has {name!r} without voltages to start from")
        bias = values["bias"]
        if kind == INPUT:
            return Layer(name, kind, shape, value=bias)
        return Layer(name, kind, shape, neurons, gain, bias, values["voltage"])

    def _neurons(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        table: dict[str, set[str]] = _FIXED_TYPES if self._fixed else _TYPES
        kind = given.get("type")
        if kind not in table or set(given) != {"type", *table[kind]}:
            raise self._error(f"has {name!r} with neurons that cannot be read: {given!r:.200}")
        found: dict[str, Any] = {"type": kind}
        for constant in table[kind]:
            if constant == "min_voltage" and given[constant] is None:
                found[constant] = None if self._fixed else -math.inf
            elif self._fixed:
                least = -(2**40) if constant == "min_voltage" else 0
                found[constant] = self._whole(given, constant, least, 2**40)
            else:
                above = constant in ("tau_rc", "amplitude")
                low = -math.inf if constant == "min_voltage" else 0.0
                found[constant] = self._number(given, constant, above, low)
        return found

    def _link(self, entry: Any, target: Layer, layers: dict[str, Layer]) -> Link:
        self._is(entry, dict, "a link")
        name, source = self._of(entry, "name", str), self._of(entry, "source", str)
        if source not in layers:
            raise self._error(
                f"has {name!r} from {source!r}, which is no layer; those are {listing(layers)}"
            )
        weights = self._weights(name, self._of(entry, "weights", dict))
        n_out, n_in = weights.shape
        sizes = {"from": (n_in, layers[source].size), "to": (n_out, target.size)}
        at: dict[str, np.ndarray | None] = {}
        for role, (n, size) in sizes.items():
            at[role] = self._put(entry, role, (n,), "int64") if role in entry else None
            self._inside(at[role], size, name)
            if role not in entry and n != size:
                raise self._error(f"has {name!r} for {n} values of a layer that has {size}")
        fixed = None
        if self._fixed:
            fixed = {
                "multiplier": self._whole(entry, "multiplier", 0, 2**40),
                "shift": self._whole(entry, "shift", 0, 62),
                "bits": self._whole(entry, "bits", 2, 32),
                "scale": self._number(entry, "scale"),
            }
        gain = "gain" in entry
        if gain:
            wanted = None if target.gain is None else target.gain
            if wanted is not None and at["to"] is not None:
                wanted = wanted[at["to"]]
            own = self._put(entry, "gain", (n_out,))
            if wanted is None or not np.array_equal(own, wanted):
                raise self._error(f"has {name!r} with gains that are not those of {target.name!r}")
        filter_ = self._filter(entry, fixed)
        return Link(name, source, target.name, weights, at["from"], at["to"], gain, filter_, fixed)

    def _filter(self, entry: dict[str, Any], fixed: dict[str, Any] | None) -> Filter | None:
        if "synapse" not in entry:
            return None
        about = self._of(entry, "synapse", dict)
        kind, tau = self._of(about, "type", str), about.get("tau")
        tau = None if tau is None else self._number(about, "tau")
        none = np.zeros(0)
        if fixed is not None:
            fixed["rate"] = self._whole(entry, "rate", 0, 2**24)
            return Filter(kind, tau, none, none, none, none)
        b = self._array_of(entry, "B")
        order = len(b) if b.ndim == 1 else -1
        if not 0 <= order <= 64:
            raise self._error(f"has a synapse of {entry['name']!r} that cannot be read")
        a, c = self._put(entry, "A", (order, order)), self._put(entry, "C", (order,))
        return Filter(kind, tau, a, b, c, self._put(entry, "D", ()))

    def _weights(self, name: str, given: dict[str, Any]) -> Weights:
        kind, (n_out, n_in) = given.get("kind"), self._shape(given, "shape", 2)
        if not (0 < n_out <= LARGEST and 0 < n_in <= LARGEST):
            raise self._error(f"has weights of {name!r} of shape {(n_out, n_in)}")
        values = self._array_of(given, "values")
        if kind == "scale":
            if values.shape not in ((), (n_out,)) or n_out != n_in:
                raise self._error(f"has factors of {name!r} of shape {values.shape}")
            return Weights("scale", (n_out, n_in), values)
        if kind == "dense":
            if values.shape != (n_out, n_in):
                raise self._error(f"has weights of {name!r} of shape {values.shape}")
            return Weights("dense", (n_out, n_in), values)
        if kind == "sparse":
            rows = self._put(given, "rows", values.shape, "int64")
            columns = self._put(given, "columns", values.shape, "int64")
            self._inside(rows, n_out, name)
            self._inside(columns, n_in, name)
            return Weights("sparse", (n_out, n_in), values, rows, columns)
        if kind != "convolution":
            raise self._error(f"has weights of {name!r} of the kind {kind!r}")
        return self._convolution(name, given, values, (n_out, n_in))

    def _convolution(
        self, name: str, given: dict[str, Any], kernel: np.ndarray, shape: tuple[int, int]
    ) -> Weights:
        dims = kernel.ndim - 2
        last = self._of(given, "channels_last", bool)
        seen = self._shape(given, "input_shape", dims + 1)
        out = self._shape(given, "output_shape", dims + 1)
        strides = self._shape(given, "strides", dims)
        groups = self._whole(given, "groups", 1, 2**20)
        spread = self._shape(given, "spread", dims) if "spread" in given else ()
        pads = self._of(given, "padding", list)
        plain = len(pads) == dims and all(
            isinstance(p, list) and len(p) == 2 and all(type(n) is int for n in p) for p in pads
        )
        plain = plain and min(spread, default=1) > 0
        if dims < 1 or not plain or min(strides, default=0) < 1:
            raise self._error(f"has a convolution of {name!r} that cannot be read")
        places, channels = (seen[:-1], seen[-1]) if last else (seen[1:], seen[0])
        fits = channels == groups * kernel.shape[-2] and kernel.shape[-1] % groups == 0
        wanted = []
        sizes = zip(places, kernel.shape, strides, pads, spread or (1,) * dims, strict=False)
        memory = channels
        for n, k, stride, (before, after), apart in sizes:
            n = (n - 1) * apart + 1
            most = k + apart - 1
            fits = fits and 0 <= before <= most and 0 <= after <= most and n + before + after >= k
            fits = fits and k > 0 and n > 0
            wanted.append((n + before + after - k) // stride + 1 if fits else 0)
            memory *= n + before + after
        fits = fits and memory <= LARGEST
        whole = (*wanted, kernel.shape[-1]) if last else (kernel.shape[-1], *wanted)
        if not fits or out != whole or shape != (math.prod(out), math.prod(seen)):
            raise self._error(f"has a convolution of {name!r} whose shapes do not go together")
        how = Convolving(seen, out, strides, tuple((a, b) for a, b in pads), last, groups, spread)
        return Weights("convolution", shape, kernel, convolving=how)

    # -- values --------------------------------------------------------------------------------

    def _is(self, value: Any, kind: type, what: str) -> None:
        if type(value) is not kind:
            raise self._error(f"has {value!r:.60} where {what} is expected")

    def _of(self, given: dict[str, Any], key: str, kind: type) -> Any:
        self._is(given.get(key), kind, f"{key!r} ({kind.__name__})")
        return given[key]

    def _whole(self, given: dict[str, Any], key: str, least: int, most: int) -> int:
        value = self._of(given, key, int)
        if not least <= value <= most:
            raise self._error(f"has {key!r} of {value}, which is not from {least} to {most}")
        return value

    def _number(
        self, given: dict[str, Any], key: str, above: bool = False, low: float = 0.0
    ) -> float:
        value = given.get(key)
        if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
            raise self._error(f"has {value!r:.60} where {key!r} is expected")
        assert value is not None
        if value < low or (above and value <= 0):
            raise self._error(f"has {key!r} of {value}")
        return float(value)

    def _shape(self, given: dict[str, Any], key: str, length: int | None = None) -> tuple[int, ...]:
        shape = self._of(given, key, list)
        if not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 8:
            raise self._error(f"has {shape!r:.60} where {key!r} is expected")
        if length is not None and len(shape) != length:
            raise self._error(f"has {shape} where {key!r} of length {length} is expected")
        return tuple(shape)

    def _array_of(self, given: dict[str, Any], key: str, dtype: str | None = None) -> np.ndarray:
        about = self._of(given, key, dict)
        name = about.get("array")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self._error(f"has {name!r:.80} where the name of an array is expected")
        wanted = dtype or self._dtype
        if about.get("dtype") != wanted:
            raise self._error(f"says {name!r} is of {about.get('dtype')!r}, not {wanted}")
        shape = self._shape(about, "shape")
        if math.prod(shape) > LARGEST:
            raise self._error(f"says {name!r} has the shape {shape}")
        return self._array(name, shape, np.dtype(wanted))

    def _put(
        self, given: dict[str, Any], key: str, shape: tuple[int, ...], dtype: str | None = None
    ) -> np.ndarray:
        found = self._array_of(given, key, dtype)
        if found.shape != shape:
            raise self._error(f"has {key!r} of shape {found.shape} where {shape} is expected")
        return found

    def _inside(self, at: np.ndarray | None, size: int, name: str) -> None:
        if at is not None and at.size and not (0 <= at.min() and at.max() < size):
            raise self._error(f"has {name!r} with indices outside of 0 to {size - 1}")
