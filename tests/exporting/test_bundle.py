"""Bundles: what is in them, that their script does what the simulator does, and crafted files."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from nengolab.exporting.describing import describe
from nengolab.exporting.manifest import resolved
from nengolab.exporting.reference import floats
from nengolab.exporting.scripts import LINES
from tests.exporting.networks import held, mixed

FORMS = ("npz", "hdf5", "json")


@pytest.fixture(scope="module")
def sim():
    with nengolab.Simulator(mixed(), progress_bar=False) as sim:
        yield sim


@pytest.fixture(scope="module")
def bundles(sim, tmp_path_factory):
    """A folder with a bundle of each kind, and the bundles."""
    folder = tmp_path_factory.mktemp("bundles")
    rng = np.random.RandomState(3)
    inputs = {"stimulus": held(rng, 2, 150, 2), "image": held(rng, 2, 150, 50)}
    how = {form: {"format": form} for form in FORMS}
    how["folded"] = {"fold": True, "format": "json"}
    return {
        name: nengolab.export(sim, folder / name, inputs=inputs, **options)
        for name, options in how.items()
    }


def by_script(folder):
    """What a bundle's own script says, run where nothing of nengolab is to be had."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-I", "reference.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return dict(line.rsplit("differs by ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", [*FORMS, "folded"])
def test_the_script_spikes_as_the_simulator_does(bundles, name):
    bundle = bundles[name]
    text = (bundle.path / "reference.py").read_text()
    assert text.count("\n") < LINES
    assert "nengo" not in text
    said = by_script(bundle.path)
    assert len(said) == len(bundle.outputs) == 8
    for key, largest in said.items():
        spikes = bundle.outputs[key.split(":")[0]]
        assert np.count_nonzero(spikes) > 100
        assert float(largest) == 0 if ".neurons" in key else float(largest) < 1e-12
    assert all(one.same for one in bundle.verify())
    again = nengolab.read_bundle(bundle.path)
    assert all(one.same for one in again.verify())


def test_a_bundle_says_what_the_network_is(sim, bundles):
    circuit = bundles["npz"].circuit
    a = sim.network.ensembles[0]
    layer = circuit.layer("a.neurons")
    assert layer.neurons == {
        "type": "LIF",
        "tau_rc": 0.02,
        "tau_ref": 0.002,
        "amplitude": 1.0,
        "min_voltage": 0.0,
    }
    np.testing.assert_array_equal(layer.gain, sim.data[a].gain)
    np.testing.assert_array_equal(layer.bias, sim.data[a].bias)
    assert circuit.layer("c.neurons").shape == (3, 3, 2)
    assert circuit.layer("d.neurons").shape == (2, 3, 3)
    assert list(circuit.left_out) == ["probe of b.neurons_1"]
    synapses = {link.filter.kind for link in circuit.links if link.filter}
    assert synapses == {"Lowpass", "Alpha"}
    folded = bundles["folded"].circuit
    assert all((layer.gain == 1).all() for layer in folded.of_kind("neurons"))
    assert "a.input" not in [layer.name for layer in folded.layers]


def test_weights_as_they_are_now_are_written(tmp_path):
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node([0.5], label="in")
        ens = nengo.Ensemble(12, 1, neuron_type=nengo.RectifiedLinear(), label="ens")
        nengo.Connection(node, ens, synapse=None)
        nengo.Probe(ens, label="out")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        weights = next(p for p in sim.parameters.values() if p.name.endswith("out.weights"))
        weights.value = 2 * weights.value
        sim.parameters["ens.neurons.bias"].value = np.linspace(0, 1, 12)
        bundle = nengolab.export(sim, tmp_path / "edited", n_steps=5)
        assert all(one.same for one in bundle.verify())
        np.testing.assert_array_equal(
            bundle.circuit.layer("ens.neurons").bias, np.linspace(0, 1, 12)
        )
        sim.run_steps(1)
        with pytest.raises(ValidationError, match=r"has run for 1 steps.*sim\.reset"):
            nengolab.export(sim, tmp_path / "later")


# -- what is refused -------------------------------------------------------------------------------


def with_node():
    return nengo.Node(lambda t, x: x, size_in=1, label="computes"), "computes.*Python function"


def with_tensor_node():
    node = nengolab.TensorNode(lambda x: x, shape_in=(1,), pass_time=False, label="tensors")
    return node, "tensors.*TensorNode"


def with_neurons():
    ens = nengo.Ensemble(3, 1, neuron_type=nengo.Izhikevich(), label="odd")
    return ens, "odd.neurons.*|odd.*Izhikevich"


def with_rule():
    pre, post = (nengo.Ensemble(3, 1, label=n) for n in "pq")
    nengo.Connection(pre, post, learning_rule_type=nengo.Voja())
    return post, "p -> q.*learning rule"


def with_synapse():
    pre = nengo.Node([0], label="n")
    post = nengo.Ensemble(3, 1, label="e")
    nengo.Connection(pre, post, synapse=nengo.synapses.Triangle(0.01))
    return post, "n -> e.*Triangle"


@pytest.mark.parametrize(
    "made", [with_node, with_tensor_node, with_neurons, with_rule, with_synapse]
)
def test_what_cannot_be_written_is_refused_by_name(tmp_path, made):
    with nengo.Network() as net:
        nengo.Probe(nengo.Node([0.0]))
        _, message = made()
    with pytest.raises(ValidationError, match=message):
        nengolab.export(net, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_arguments_that_do_not_fit_are_refused(sim, tmp_path):
    with pytest.raises(ValidationError, match="'matlab'"):
        nengolab.export(sim, tmp_path / "x", "matlab")
    with pytest.raises(ValidationError, match="'nobody'"):
        nengolab.export(sim, tmp_path / "x", bits={"nobody": 4})
    with pytest.raises(ValidationError, match=r"Alpha.*whole numbers"):
        nengolab.export(sim, tmp_path / "x", bits=8)
    with pytest.raises(ValidationError, match="lacks 'stimulus'"):
        nengolab.export(sim, tmp_path / "x", inputs={"image": np.ones((1, 5, 3))})
    wrong = {"image": np.ones((1, 5, 3)), "stimulus": np.ones((1, 5, 2))}
    with pytest.raises(ValidationError, match=r"'image' of shape \(1, 5, 3\)"):
        nengolab.export(sim, tmp_path / "x", inputs=wrong)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("kept")
    with pytest.raises(ValidationError, match="not empty"):
        nengolab.export(sim, tmp_path / "full")


def test_what_could_not_be_written_whole_is_taken_away(sim, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("nengolab.exporting.bundle.script", full)
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(OSError, match="No space left"):
            nengolab.export(sim, tmp_path / name, n_steps=1)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


# -- whole numbers ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spiking():
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1, label="spiking") as net:
        nengolab.configure_settings(dtype="float64")
        image = nengo.Node(np.zeros(64), label="image")
        lif = nengo.LIF(amplitude=0.01)
        a = nengo.Ensemble(36, 1, neuron_type=lif, gain=np.full(36, 2.0), bias=np.full(36, 1.5))
        many = nengo.SpikingRectifiedLinear(amplitude=0.01)
        b = nengo.Ensemble(20, 1, neuron_type=many, gain=np.full(20, 100.0), bias=np.ones(20))
        a.label, b.label = "a", "b"
        c = nengo.Ensemble(30, 2, label="c")
        first = nengo.Convolution(4, (8, 8, 1), (3, 3), (2, 2), init=nengo.dists.Uniform(-1, 1))
        nengo.Connection(image, a.neurons, transform=first, synapse=None)
        nengo.Connection(a.neurons, b.neurons, transform=rng.randn(20, 36) / 3, synapse=0.005)
        nengo.Connection(b.neurons, c, transform=rng.randn(2, 20) / 20, synapse=0.02)
        nengo.Connection(c, c, synapse=0.05)
        for ens in (a, b, c):
            nengo.Probe(ens.neurons, label=f"{ens.label} spikes")
        nengo.Probe(c, synapse=0.05, label="decoded")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


def test_whole_numbers_are_the_same_in_each_bit(spiking, tmp_path):
    inputs = {"image": held(np.random.RandomState(0), 2, 150, 64, low=0)}
    wanted = floats.run(resolved(describe(spiking)), inputs, 150)["decoded"]
    relative = []
    for name, bits in (("4", 4), ("8", 8), ("mixed", {"a.neurons": 16, "b.neurons": 12})):
        bundle = nengolab.export(spiking, tmp_path / name, "npz", bits=bits, inputs=inputs)
        assert all(y.dtype == np.int64 for y in bundle.outputs.values())
        assert set(by_script(bundle.path).values()) == {"0"}
        assert (bundle.path / "reference.py").read_text().count("\n") < LINES
        assert all(one.same for one in nengolab.read_bundle(bundle.path).verify())
        error = {one.target: one for one in bundle.quantised}
        relative.append(error["b.neurons"].relative)
        for one, link in zip(bundle.quantised, bundle.circuit.links, strict=True):
            assert np.abs(link.weights.array).max() < 2 ** (one.bits - 1)
            assert one.error <= one.scale / 2 * (1 + 1e-9)
        # Of fewer bits more is lost: of 8 bits, what is decoded is near to what floats give.
        if name != "4":
            found = bundle.outputs["decoded"] / 2**16
            assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.1 * np.abs(wanted).max()
    assert relative[0] > 10 * relative[1] > 10 * relative[2]


# -- crafted files ---------------------------------------------------------------------------------


def crafted(bundles, form, tmp_path):
    folder = tmp_path / form
    shutil.copytree(bundles[form].path, folder)
    return folder


def manifest_of(folder):
    return json.loads((folder / "network.json").read_text())


CHANGES = {
    "a size": (lambda m: m["layers"][0].update(size=10**12, shape=[10**12]), "of shape"),
    "a kind": (lambda m: m["layers"][0].update(kind="exec"), "'exec'"),
    "a path": (lambda m: m["layers"][0]["bias"].update(array="../../secret"), "name of an array"),
    "a shape": (lambda m: m["layers"][0]["bias"].update(shape=[7]), "of shape|numbers"),
    "a dtype": (lambda m: m["layers"][0]["bias"].update(dtype="object"), "'object'"),
    "no time": (lambda m: m.update(dt=0), "'dt'"),
    "not a number": (lambda m: m.update(dt="1e-3"), "'dt'"),
    "a version": (lambda m: m.update(format_version=99), "version 99"),
    "other gains": (
        lambda m: next(k for o in m["layers"] for k in o["links"] if "gain" in k).update(
            gain=next(o["voltage"] for o in m["layers"] if o["size"] == 8 and "voltage" in o)
        ),
        "gains|of shape",
    ),
    "an order": (lambda m: m["layers"].reverse(), "order"),
    "a source": (
        lambda m: next(o for o in m["layers"] if o["links"])["links"][0].update(source="none"),
        "'none'",
    ),
    "a convolution": (
        lambda m: next(
            k["weights"]
            for o in m["layers"]
            for k in o["links"]
            if k["weights"]["kind"] == "convolution"
        ).update(strides=[0, 0]),
        "convolution",
    ),
    "a spread": (
        lambda m: next(
            k["weights"] for o in m["layers"] for k in o["links"] if "spread" in k["weights"]
        ).update(spread=[10**9, 1]),
        "convolution",
    ),
    "a negative pad": (
        lambda m: next(
            k["weights"]
            for o in m["layers"]
            for k in o["links"]
            if k["weights"]["kind"] == "convolution"
        ).update(padding=[[-4, 10], [0, 0]]),
        "convolution",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_manifest_that_lies_is_refused(bundles, tmp_path, change):
    alter, message = CHANGES[change]
    folder = crafted(bundles, "json", tmp_path)
    manifest = manifest_of(folder)
    alter(manifest)
    (folder / "network.json").write_text(json.dumps(manifest))
    with pytest.raises(ValidationError, match=message):
        nengolab.read_bundle(folder)


def test_crafted_csv_files_are_refused(bundles, tmp_path):
    folder = crafted(bundles, "json", tmp_path)
    first = next(folder.glob("000_*.csv"))
    text = first.read_text()
    for wrong, message in (
        ("1,2," * 3, "numbers; its file has"),
        ("1" * 10**6, "too large"),
        (text.replace(text.split("\n")[0], "nan", 1), "NaN"),
        (text.replace(text.split("\n")[0], "__import__('os')", 1), "no number"),
    ):
        first.write_text(wrong)
        with pytest.raises(ValidationError, match=message):
            nengolab.read_bundle(folder)
    first.unlink()
    (tmp_path / "secret.csv").write_text(text)
    first.symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ValidationError, match="no plain file"):
        nengolab.read_bundle(folder)


def rewritten(path, change):
    with zipfile.ZipFile(path) as old:
        held = {info.filename: old.read(info) for info in old.infolist()}
    change(held)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in held.items():
            new.writestr(name, data)


class Danger:
    """What would do harm if it were unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("harm-was-done"),))


def npy(array):
    import io

    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def first_of(held):
    return next(name for name in held if name.startswith("000_"))


NPZ = {
    "a pickle": (lambda h: h.update({first_of(h): npy(np.array([Danger()], object))}), "object|no"),
    "raw pickle": (lambda h: h.update({first_of(h): pickle.dumps(Danger())}), "no array"),
    "a bomb": (lambda h: h.update({first_of(h): npy(np.zeros(2**24))}), "unpack|shape"),
    "a path": (lambda h: h.update({"../../outside.py": b"x"}), "does not belong"),
    "too short": (lambda h: h.update({first_of(h): h[first_of(h)][:-8]}), "damaged"),
    "none": (lambda h: h.pop(first_of(h)), "does not hold it"),
}


@pytest.mark.parametrize("change", NPZ)
def test_crafted_archives_are_refused(bundles, tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    alter, message = NPZ[change]
    folder = crafted(bundles, "npz", tmp_path)
    rewritten(folder / "network.npz", alter)
    with pytest.raises(ValidationError, match=message):
        nengolab.read_bundle(folder)
    assert not (tmp_path / "harm-was-done").exists()
    assert not (tmp_path.parent / "outside.py").exists()


def outside(file, name, path):
    del file[name]
    file[name] = h5py.ExternalLink(str(path), "/secret")


def packed(file, name):
    del file[name]
    file.create_dataset(name, shape=(2**28,), dtype="f8", compression="gzip", chunks=(2**16,))


def elsewhere(file, name, path):
    del file[name]
    file.create_dataset(name, (2,), "f8", external=[(str(path), 0, 16)])


def test_crafted_hdf5_files_are_refused(bundles, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.zeros(2)
    for i, (change, message) in enumerate(
        (
            (lambda f, n: outside(f, n, secret), "link to somewhere else"),
            (lambda f, n: elsewhere(f, n, secret), "somewhere else"),
            (packed, "packed or not there"),
            (lambda f, n: f.__delitem__(n), "does not hold it"),
        )
    ):
        folder = crafted(bundles, "hdf5", tmp_path / str(i))
        with h5py.File(folder / "network.h5", "r+") as file:
            change(file, next(n for n in file if n.startswith("000_")))
        with pytest.raises(ValidationError, match=message):
            nengolab.read_bundle(folder)
