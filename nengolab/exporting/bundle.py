"""Bundles: a network in files that anything can read, with a script that runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.checks import table_library, whole
from nengolab.exceptions import ValidationError
from nengolab.exporting import files, integers
from nengolab.exporting.describing import describe, simulated
from nengolab.exporting.manifest import Unpacking, packed, resolved
from nengolab.exporting.merging import folded
from nengolab.exporting.parts import INPUT, NEURONS, OUTPUT, Circuit
from nengolab.exporting.quantising import POINT, Quantised, quantised
from nengolab.exporting.scripts import runner, script
from nengolab.names import listing
from nengolab.saving import archive
from nengolab.saving.archive import Archive

SCRIPT, CHECK = "reference.py", "check.npz"


@dataclass(frozen=True)
class Compared:
    """How far what the plain run put out is from what the simulator did.

    Attributes
    ----------
    output : str
    values : int
        How many were compared.
    differing : int
        How many differ by more than a rounding (``1e-9`` of the largest); of whole numbers, at all.
    largest : float
        The largest difference.

    Examples
    --------
    >>> from nengolab.exporting import Compared
    >>> Compared("probe", 100, 0, 0.0).same
    True
    """

    output: str
    values: int
    differing: int
    largest: float

    @property
    def same(self) -> bool:
        """Whether no value differs."""
        return self.differing == 0


@dataclass(frozen=True)
class Bundle:
    """A network that was exported.

    Attributes
    ----------
    path : Path
        Its folder.
    form : str
        ``npz``, ``hdf5`` or ``json``.
    circuit : Circuit
        Layers, in the order in which a step computes them, and links, with their arrays.
    inputs, outputs : dict of str to ndarray
        What it was checked with, ``(items, steps, size)``: what was fed, and what the simulator put
        out (of whole numbers, what they give).
    quantised : list of Quantised
        Error of the weights of each link, where they were made whole numbers just now.

    Examples
    --------
    >>> bundle = nengolab.export(sim, folder / "network")
    >>> print(bundle)
    network: 3 layers, 20 neurons, 3 links (npz)
    """

    path: Path
    form: str
    circuit: Circuit
    inputs: dict[str, np.ndarray] = field(repr=False)
    outputs: dict[str, np.ndarray] = field(repr=False)
    quantised: list[Quantised] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        own = [layer for layer in self.circuit.layers if layer.kind != OUTPUT]
        neurons = sum(layer.size for layer in own if layer.kind == NEURONS)
        kind = ", whole numbers" if self.circuit.fixed_point else ""
        return (
            f"{self.circuit.name}: {len(own)} layers, {neurons} neurons, "
            f"{len(self.circuit.links)} links ({self.form}{kind})"
        )

    def run(
        self, inputs: Mapping[str, Any], n_steps: int | None = None, everything: bool = False
    ) -> dict[str, np.ndarray]:
        """Run it in plain NumPy, as its script does.

        Parameters
        ----------
        inputs : mapping of str to array
            ``(items, steps, size)`` by the name of an input; the others keep their value.
        n_steps : int, optional
            Default: as many as the inputs have.
        everything : bool
            Whether to give what each layer puts out, and not the outputs alone.

        Returns
        -------
        dict of str to ndarray
            ``(items, steps, size)``. In whole numbers spikes are counts; all else has 16 bits
            behind the point.

        Raises
        ------
        ValidationError
            For inputs that are not there or have another shape.
        """
        given, n_steps = checked_inputs(self.circuit, inputs, n_steps)
        description = resolved(self.circuit)
        return runner(description)(description, given, n_steps, everything)

    def verify(self) -> list[Compared]:
        """Run what it was checked with again, and compare.

        Floats are compared with what the simulator put out, whole numbers with the run by sparse
        matrices, bit for bit.

        Returns
        -------
        list of Compared
            For each output.
        """
        n_steps = next(iter(self.outputs.values())).shape[1]
        found = self.run(self.inputs, n_steps)
        return [_compared(name, found[name], y) for name, y in self.outputs.items()]

    def table(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each link: shapes, weights, bits, errors.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("table")
        errors = {one.link: one for one in self.quantised}
        rows = []
        for link in self.circuit.links:
            error = errors.get(link.name)
            rows.append(
                {
                    "link": link.name,
                    "from": link.source,
                    "to": link.target,
                    "kind": link.weights.kind,
                    "shape": link.weights.shape,
                    "weights": link.weights.array.size,
                    "synapse": "" if link.filter is None else link.filter.kind,
                    "tau": None if link.filter is None else link.filter.tau,
                    "bits": error.bits if error else None,
                    "relative error": error.relative if error else None,
                }
            )
        return pandas.DataFrame(rows)


def _compared(name: str, found: np.ndarray, wanted: np.ndarray) -> Compared:
    off = np.abs(found - wanted)
    largest = float(np.abs(wanted).max(initial=0))
    bound = 0 if wanted.dtype.kind == "i" else 1e-9 * max(largest, 1.0)
    return Compared(name, off.size, int((off > bound).sum()), float(off.max(initial=0)))


def export(
    sim: Any,
    path: str | Path,
    format: str = "npz",
    *,
    fold: bool = False,
    bits: Any = None,
    inputs: Mapping[Any, Any] | None = None,
    n_steps: int = 100,
) -> Bundle:
    """Write a network for hardware and other programs, with a script that runs it.

    The folder has the network (layers with gains, biases, time constants, amplitudes and starting
    voltages; links with weights and synapses; in the order of a step), ``reference.py``, which
    runs it with nothing but NumPy, and ``check.npz``, with which the script compares.

    Parameters
    ----------
    sim : nengolab.Simulator or nengo.Network
        At its start. Its weights as they are now are written.
    path : str or Path
        A folder, made where it is not there.
    format : str
        ``"npz"``, ``"hdf5"``, or ``"json"`` with a CSV file for each array.
    fold : bool
        Whether gains and encoders go into the weights, so that they lead from neurons to neurons.
    bits : int or dict, optional
        Make whole numbers of it: bits of a weight, for all or by the layer that it leads to (8 for
        the others). The network is folded then.
    inputs : dict, optional
        What to check with, ``(items, steps, size)`` by Node or its name. Default: an item of random
        numbers from -1 to 1, held for ``n_steps``.
    n_steps : int

    Returns
    -------
    Bundle

    Raises
    ------
    ValidationError
        Naming the object that cannot be written, and why; for a format that is none, a simulator
        that has run, and a folder in which something else is.

    Notes
    -----
    A simulator in double precision (``nengolab.configure_settings(dtype="float64")``) puts out what
    the script does, spike for spike; one in single precision rounds differently, and a spike may
    come a step later.

    Examples
    --------
    >>> bundle = nengolab.export(sim, folder / "network", fold=True)
    >>> [one.output for one in bundle.verify()]
    ['output']
    """
    if format not in files.FORMS:
        raise ValidationError(
            f"must be one of {listing(files.FORMS)}, got {format!r}", attr="format"
        )
    folder = free_folder(Path(path))
    sim, own = simulated(sim)
    try:
        if sim.n_steps:
            raise ValidationError(
                f"has run for {sim.n_steps} steps, and the network is written as it starts; "
                "sim.reset() puts it there, and leaves parameters as they are",
                attr="sim",
            )
        circuit = described = describe(sim)
        errors: list[Quantised] = []
        if fold or bits is not None:
            circuit = folded(circuit)
        if bits is not None:
            circuit, errors = quantised(circuit, bits)
        given, n_steps = fed(sim, circuit, inputs, whole(n_steps, "n_steps", 1))
        if bits is not None:
            outputs = integers.run(circuit, given, n_steps)
        else:
            outputs = _simulated(sim, described, given, n_steps)
    finally:
        if own:
            sim.close()
    manifest, arrays = packed(circuit)
    checked = {f"in {n}": x for n, x in given.items()} | {f"out {n}": y for n, y in outputs.items()}
    with all_or_nothing(folder):
        files.write(folder, format, manifest, arrays)
        archive.write(folder / CHECK, checked, {"kind": "check"})
        (folder / SCRIPT).write_text(script(manifest, format))
    return Bundle(folder, format, circuit, given, outputs, errors)


def read_bundle(path: str | Path) -> Bundle:
    """Read what `export` wrote; nothing of it is run or believed unchecked.

    Parameters
    ----------
    path : str or Path
        The folder.

    Raises
    ------
    ValidationError
        For files that are missing, damaged or made up: pickles, wrong shapes, links to elsewhere,
        and what would unpack to far more than it holds.

    Examples
    --------
    >>> _ = nengolab.export(sim, folder / "network", "json")
    >>> nengolab.read_bundle(folder / "network").circuit.dt
    0.001
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ValidationError(f"there is no folder {str(folder)!r}", attr="path")
    with files.Reading(folder) as reading:
        circuit = Unpacking(reading.manifest, reading.array, reading.error).circuit()
        form = reading.form
    with Archive(files.plain_file(folder, CHECK)) as check:
        found = {name: check.array(name) for name in sorted(check.names)}
        inputs = {n[3:]: x for n, x in found.items() if n.startswith("in ")}
        outputs = {n[4:]: x for n, x in found.items() if n.startswith("out ")}
        sizes = {layer.name: layer.size for layer in circuit.layers if layer.kind == OUTPUT}
        shapes = {y.shape[:2] for y in outputs.values() if y.ndim == 3}
        fits = len(shapes) == 1 and all(
            n in sizes and y.ndim == 3 and y.shape[2] == sizes[n] for n, y in outputs.items()
        )
        if not fits:
            raise check.error("does not belong to the network beside it")
        checked_inputs(circuit, inputs, next(iter(shapes))[1])
    return Bundle(folder, form, circuit, inputs, outputs)


def free_folder(path: Path) -> Path:
    """A folder to write into: one that is empty, or is not there yet.

    Raises
    ------
    ValidationError
        For a file, a folder in which something is, and one in a folder that is not there.
    """
    if not path.parent.is_dir():
        raise ValidationError(f"there is no folder {str(path.parent)!r}", attr="path")
    if path.exists() and not path.is_dir():
        raise ValidationError(f"{str(path)!r} is a file; give the name of a folder", attr="path")
    if path.is_dir() and any(path.iterdir()):
        raise ValidationError(
            f"the folder {str(path)!r} is not empty; a bundle has one of its own", attr="path"
        )
    return path


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[None]:
    """Make a folder to write into; where that fails, what was written is taken away again."""
    was_there = folder.is_dir()
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    try:
        yield
    except BaseException:
        for path in set(folder.iterdir()) - before:
            path.unlink()
        if not was_there:
            folder.rmdir()
        raise


def checked_inputs(
    circuit: Circuit, inputs: Mapping[str, Any], n_steps: int | None
) -> tuple[dict[str, np.ndarray], int]:
    """Inputs as arrays ``(items, steps, size)``, as long as ``n_steps``, and that number."""
    known = {layer.name: layer for layer in circuit.of_kind(INPUT)}
    unknown = [name for name in inputs if name not in known]
    if unknown or not inputs:
        raise ValidationError(
            f"has {listing(unknown)}; what can be fed is {listing(known)}, at least one of them",
            attr="inputs",
        )
    found = {name: np.asarray(x, float) for name, x in inputs.items()}
    first = next(iter(found.values()))
    steps = first.shape[1] if n_steps is None and first.ndim == 3 else n_steps
    for name, x in found.items():
        fits = x.ndim == 3 and x.shape[0] == len(first) and x.shape[2] == known[name].size
        if not fits or not len(x) or steps is None or x.shape[1] < steps:
            raise ValidationError(
                f"has {name!r} of shape {x.shape}; expected is (items, steps, "
                f"{known[name].size}), the same items and steps for all",
                attr="inputs",
            )
    assert steps is not None
    return {name: x[:, :steps] for name, x in found.items()}, steps


def fed(
    sim: Any, circuit: Circuit, inputs: Mapping[Any, Any] | None, n_steps: int
) -> tuple[dict[str, np.ndarray], int]:
    """What a network is run with, by the name of its inputs, and for how many steps."""
    if not circuit.of_kind(OUTPUT):
        raise ValidationError(
            "the network has no probe of an output or of spikes; add nengo.Probe(...) of what is "
            "to come out",
            attr="network",
        )
    free = [layer for layer in circuit.of_kind(INPUT) if not layer.fixed]
    if not free:
        raise ValidationError(
            "the network has no Node that could be fed; give it one", attr="network"
        )
    if inputs is None:
        rng = np.random.RandomState(0)
        return {
            one.name: np.repeat(rng.uniform(-1, 1, (1, 1, one.size)), n_steps, axis=1)
            for one in free
        }, n_steps
    named = {k if isinstance(k, str) else sim.name_of(k): x for k, x in inputs.items()}
    missing = sorted({layer.name for layer in free} - set(named))
    if missing:
        raise ValidationError(f"lacks {listing(missing)}", attr="inputs")
    return checked_inputs(circuit, named, None)


def _simulated(
    sim: Any, circuit: Circuit, given: dict[str, np.ndarray], n_steps: int
) -> dict[str, np.ndarray]:
    """What the simulator's probes see, those that are in the circuit."""
    seen = sim.predict(given, n_steps=n_steps)
    names = {layer.name for layer in circuit.of_kind(OUTPUT)}
    named = {sim.name_of(probe): np.asarray(y, float) for probe, y in seen.items()}
    return {name: y for name, y in named.items() if name in names}


def as_values(found: np.ndarray) -> np.ndarray:
    """Outputs in fixed point as floats; of spikes, ``amplitude / dt`` for each, as in Nengo.

    Parameters
    ----------
    found : ndarray
        What `Bundle.run` gives of an output of a bundle in whole numbers.

    Examples
    --------
    >>> nengolab.exporting.as_values(np.array([65536, -32768]))
    array([ 1. , -0.5])
    """
    return found / 2**POINT
