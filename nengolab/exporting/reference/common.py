"""Reading a bundle and applying weights: what floats and fixed point have in common."""

# pyright: reportArgumentType=false, reportCallIssue=false

import json

import numpy as np


def load_npz(folder):
    """The network, its arrays in place."""
    with np.load(folder / "network.npz") as file:
        place = {"object_hook": lambda d: file[d["array"]] if "array" in d else d}
        return json.loads(file["manifest.json"], **place)


def load_hdf5(folder):
    """The network, its arrays in place."""
    import h5py

    with h5py.File(folder / "network.h5") as file:
        place = {"object_hook": lambda d: file[d["array"]][()] if "array" in d else d}
        return json.loads(file["manifest"][()].tobytes(), **place)


def load_json(folder):
    """The network, its arrays in place."""

    def read(d):
        how = {"fname": folder / f"{d.get('array')}.csv", "dtype": d.get("dtype"), "delimiter": ","}
        return np.loadtxt(**how).reshape(d["shape"]) if "array" in d else d

    return json.loads((folder / "network.json").read_text(), object_hook=read)


def weigh_scale(how, x):
    """A factor."""
    return x * how["values"]


def weigh_dense(how, x):
    """A matrix (size_out, size_in)."""
    return x @ how["values"].T


def weigh_sparse(how, x):
    """Single weights, with their rows and columns."""
    y = np.zeros((len(x), how["shape"][0]), x.dtype)
    np.add.at(y, (slice(None), how["rows"]), x[:, how["columns"]] * how["values"])
    return y


def weigh_convolution(how, x):
    """A kernel (*size, channels, filters) over images (items, *places, channels)."""
    w, last, x = how["values"], how["channels_last"], x.reshape(len(x), *how["input_shape"])
    dims, x = w.ndim - 2, x if last else np.moveaxis(x, 1, -1)
    for axis, s in enumerate(how.get("spread", ()), 1):  # zeros between places: transposed
        x = np.insert(x, np.repeat(np.arange(1, x.shape[axis]), s - 1), 0, axis)
    x = np.pad(x, [(0, 0), *how["padding"], (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(x, w.shape[:dims], range(1, dims + 1))
    seen = seen[(slice(None), *(slice(None, None, s) for s in how["strides"]))]
    parts, kernels = np.split(seen, how["groups"], dims + 1), np.split(w, how["groups"], -1)
    axes = ([dims + 1, *range(dims + 2, 2 * dims + 2)], [dims, *range(dims)])
    y = np.concatenate([np.tensordot(a, b, axes) for a, b in zip(parts, kernels)], -1)
    return (y if last else np.moveaxis(y, -1, 1)).reshape(len(x), -1)


def check(folder, load, run):
    """Run the network, and compare with what the simulator put out."""
    with np.load(folder / "check.npz") as file:
        given = {n[3:]: file[n] for n in file.files if n.startswith("in ")}
        wanted = {n[4:]: file[n] for n in file.files if n.startswith("out ")}
    found = run(load(folder), given, len(next(iter(wanted.values()))[0]))
    for name, y in wanted.items():
        print(f"{name}: {(y != 0).sum()} are not 0, differs by {np.abs(found[name] - y).max()}")


WEIGH = {
    "scale": weigh_scale,
    "dense": weigh_dense,
    "sparse": weigh_sparse,
    "convolution": weigh_convolution,
}
