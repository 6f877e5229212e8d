"""Writing a network for hardware, and the check of what was written; nothing of it needs a page."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

import nengo
import numpy as np
from nengo.exceptions import ValidationError

import nengolab
from nengolab.live import Session
from nengolab.names import listing
from nengolab.settings import get_setting

from .form import OF_BUNDLES, bits_of, folder_of, is_nir, steps_of

NIR_FILE = "network.nir"
# Relative to the largest value: so far single and double precision are apart by rounding alone.
ROUNDING = 1e-4
SINGLE = (
    "The simulator computes in single precision, which rounds sums in another order: a spike may "
    "come a step later. With nengolab.configure_settings(dtype='float64') they are the same."
)

NO_SPIKES = "nothing spiked in either"
SILENT = "Nothing spiked in the check, so that both are equal shows nothing of what its neurons do."


class CheckedOutput(TypedDict):
    """One output: how many values, or spikes, were compared, and what came of it."""

    output: str
    compared: str
    found: str
    same: bool


class Outcome(TypedDict):
    """What was written, and whether what it computes is what the simulator does.

    Where it is ``silent`` nothing spiked in the check: that it was equal shows nothing.
    """

    same: bool
    silent: bool
    words: str
    folder: str
    files: list[str]
    checks: list[CheckedOutput]
    notes: list[str]


@contextmanager
def simulator_of(session: Session) -> Generator[Any]:
    """Give a simulator of a session's network at its start, with parameters as they are now.

    What runs goes on, and is not touched.

    Raises
    ------
    ValidationError
        For a simulator that is not nengolab's, and where something else than weights, encoders,
        biases and gains was changed in it, which is named.
    """
    from nengolab.exporting.describing import check_edits, simulated  # loads TensorFlow

    subject, asleep = session.subject, session.state == "asleep"
    if asleep and isinstance(subject, nengo.Network):
        with nengolab.Simulator(subject, dt=session.dt, progress_bar=False) as sim:
            yield sim
        return
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "now.npz"

        def keep(sim: Any) -> tuple[float, int]:
            simulated(sim)
            check_edits(sim)
            sim.save_params(path)
            return sim.dt, sim.seed

        dt, seed = keep(subject) if asleep else session.look_up(keep).result()
        with nengolab.Simulator(session.network, dt=dt, seed=seed, progress_bar=False) as own:
            own.load_params(path)
            yield own


def write(session: Session, values: Mapping[str, Any]) -> Outcome:
    """Write a session's network as a form says, and check what was written.

    Parameters
    ----------
    session : Session
    values : mapping
        ``format``, ``folder``, ``bits``, ``steps``, ``fold``; see `form.fields_of`.

    Raises
    ------
    ValidationError
        For what does not fit, and for objects of the network that cannot be written, by name.
        Nothing was written then.
    ImportError
        Where the package for NIR is not installed.
    """
    form, steps, folder = values["format"], steps_of(values["steps"]), folder_of(values["folder"])
    if is_nir(form):
        for name, usual in OF_BUNDLES.items():
            if values[name] and values[name] != usual:
                raise ValidationError(
                    f"is of bundles, and NIR has weights as they are; got {values[name]!r}",
                    attr=name,
                )
        with simulator_of(session) as sim:
            return _nir(sim, folder, form == "nir", steps)
    bits = bits_of(values["bits"])
    with simulator_of(session) as sim:
        bundle = nengolab.export(
            sim, folder, form, fold=bool(values["fold"]), bits=bits, n_steps=steps
        )
        single = get_setting(sim.network, "dtype") == "float32"
    return checked(bundle.path, single and bits is None)


# ---- bundles ---------------------------------------------------------------------------------


def checked(path: Path, single: bool = False) -> Outcome:
    """Read a bundle back, run it in NumPy, and compare with what the simulator put out.

    Parameters
    ----------
    path : Path
    single : bool
        Whether the simulator computed in single precision, and so is apart by rounding.
    """
    bundle = nengolab.read_bundle(path)
    circuit = bundle.circuit
    checks = [
        _check(one, bundle.outputs[one.output], _is_spikes(circuit, one.output), single)
        for one in bundle.verify()
    ]
    same = all(check["same"] for check in checks)
    silent = same and _is_silent(bundle)
    fixed = circuit.fixed_point
    by = "a second implementation in whole numbers" if fixed else "the simulator"
    if silent:
        words = f"Written. {SILENT}"
    elif same:
        words = f"Written and checked: the script in NumPy puts out what {by} does."
    else:
        words = f"Written, but the script in NumPy does not put out what {by} does."
    notes = [f"{name} is left out: {why}" for name, why in circuit.left_out.items()]
    if silent:
        notes.insert(0, _stronger(list(bundle.inputs)))
    if single and not same:
        notes.append(SINGLE)
    notes.append(f"{bundle}; python reference.py in the folder checks it again.")
    return _outcome(same, silent, words, path, checks, notes)


def _check(one: Any, wanted: np.ndarray, spikes: bool, single: bool) -> CheckedOutput:
    near = single and not spikes and one.largest <= ROUNDING * np.abs(wanted).max(initial=0)
    if one.same:
        found = "equal"
    elif near:
        found = f"equal to rounding, at most {one.largest:.2g} apart"
    else:
        found = f"{one.differing:,} differ, by at most {one.largest:.3g}"
    count = int(np.count_nonzero(wanted)) if spikes else one.values
    if one.same and spikes and count == 0:
        found = NO_SPIKES
    return {
        "output": one.output,
        "compared": f"{count:,} {'spikes' if spikes else 'values'}",
        "found": found,
        "same": bool(one.same or near),
    }


def _is_spikes(circuit: Any, output: str) -> bool:
    (link, *more) = circuit.into(output)
    plain = not more and link.filter is None and link.weights.kind in ("identity", "scale")
    return bool(plain and circuit.layer(link.source).spikes)


def _is_silent(bundle: Any) -> bool:
    """Whether no neuron of it that can spike did so in the check."""
    circuit = bundle.circuit
    if any(_is_spikes(circuit, name) and y.any() for name, y in bundle.outputs.items()):
        return False
    spiking = {layer.name for layer in circuit.layers if layer.spikes}
    if not spiking:
        return False
    n_steps = next(iter(bundle.outputs.values())).shape[1]
    found = bundle.run(bundle.inputs, n_steps, everything=True)
    return not any(found[name].any() for name in spiking & found.keys())


def _stronger(inputs: list[str]) -> str:
    """What would show something."""
    given = (
        f"give {listing(inputs)} a larger output" if inputs else "give its neurons a stronger input"
    )
    return f"To see whether it is right, {given}, or check more steps, and write it again."


def _outcome(
    same: bool,
    silent: bool,
    words: str,
    folder: Path,
    checks: list[CheckedOutput],
    notes: list[str],
) -> Outcome:
    files = sorted(
        f"{path.name} ({path.stat().st_size / 1024:,.1f} kB)" for path in folder.iterdir()
    )
    return {
        "same": same,
        "silent": silent,
        "words": words,
        "folder": str(folder.resolve()),
        "files": files,
        "checks": checks,
        "notes": notes,
    }


# ---- NIR -------------------------------------------------------------------------------------


def _nir(sim: Any, folder: Path, strict: bool, steps: int) -> Outcome:
    from nengolab.exporting.bundle import all_or_nothing
    from nengolab.nir_graphs import compare
    from nengolab.nir_graphs.library import nir_library

    nir = nir_library()
    near: dict[str, str] = {}
    if strict:  # refuses by name what does not map exactly
        graph = nengolab.to_nir(sim)
    else:
        graph, fidelity = nengolab.to_nir(sim, approximate=True, n_steps=1)
        near = fidelity.approximated
    with all_or_nothing(folder):
        nir.write(str(folder / NIR_FILE), graph)
    single = get_setting(sim.network, "dtype") == "float32"
    found = compare(sim, folder / NIR_FILE, n_steps=steps)
    checks = [_measured(one, single) for one in found.outputs]
    same = all(check["same"] for check in checks)
    silent = same and bool(checks) and _is_graph_silent(found.outputs)
    notes = [f"{name} is not exact: {why}" for name, why in near.items()]
    if not checks:
        words = "Written and read back. No probe of the network tells whether it computes the same."
    elif silent:
        words = f"Written, read back and run. {SILENT}"
        inputs = [node.label or str(node) for node in sim.network.all_nodes if node.size_in == 0]
        notes.insert(0, _stronger(inputs))
    elif same:
        words = "Written, read back, run and checked: the graph puts out what the network does."
    else:
        words = "Written, read back and run. The graph is not the network: see how far it is."
    if single and not near and not same:
        notes.append(SINGLE)
    return _outcome(same and bool(checks), silent, words, folder, checks, notes)


def _is_graph_silent(outputs: Any) -> bool:
    """Whether spikes were compared, and there were none."""
    spikes = [one.of_network for one in outputs if one.spikes]
    return bool(spikes) and not any(spikes)


def _measured(one: Any, single: bool) -> CheckedOutput:
    what = "spikes" if one.spikes else "on average"
    equal = NO_SPIKES if one.spikes and one.of_network == 0 else "equal"
    same = one.differing == 0 or (single and not one.spikes and one.error <= ROUNDING)
    apart = f"error {100 * one.error:.2g} %, correlation {one.correlation:.3f}"
    if one.spikes:
        apart = f"{one.differing:,} at other times; {apart}"
    return {
        "output": one.name,
        "compared": f"{one.of_network:,.4g} {what}",
        "found": equal if same else f"{one.of_graph:,.4g} {what}; {apart}",
        "same": bool(same),
    }
