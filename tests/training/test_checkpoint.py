"""Parameters and state in a file: what is in it, what comes back, what is refused."""

from __future__ import annotations

import io
import json
import warnings
import zipfile

import nengo
import numpy as np
import pytest
import scipy.sparse

import nengolab
from nengolab.exceptions import SimulatorClosed, ValidationError
from nengolab.saving import archive
from tests.engine.test_state import Hiding


def network(seed=1, size=20, label="hidden", tau_rc=0.02, weight=0.5, taken=0, probe=True):
    """A subnetwork, a learning rule, a process, sparse weights."""
    with nengo.Network(seed=seed, label="brain") as net:
        net.u = nengo.Node([0.3, -0.2], label="u")
        net.noise = nengo.Node(nengo.processes.WhiteNoise(), label="noise")
        with nengo.Network(label="vision"):
            net.a = nengo.Ensemble(size, 2, label=label, neuron_type=nengo.LIF(tau_rc=tau_rc))
        net.b = nengo.Ensemble(15, 1, label="b")
        nengo.Connection(net.u, net.a)
        nengo.Connection(net.noise, net.a[0])
        net.ab = nengo.Connection(net.a[taken], net.b, transform=weight)
        matrix = scipy.sparse.csr_matrix(([0.1, 0.2], ([0, 3], [2, size - 1])), (15, size))
        sparse = nengo.Sparse((15, size), init=matrix)
        nengo.Connection(net.a.neurons, net.b.neurons, transform=sparse)
        net.taught = nengo.Connection(
            net.a, net.b, function=lambda x: x[0] * x[1], learning_rule_type=nengo.PES()
        )
        nengo.Connection(net.b, net.taught.learning_rule)
        if probe:
            net.probe = nengo.Probe(net.b, synapse=0.01, label="out")
    return net


def simulator(net=None, **kwargs):
    return nengolab.Simulator(net or network(), progress_bar=False, **{"seed": 3, **kwargs})


def values(sim):
    runner = sim._engine.runner
    return {n: np.array(runner.value(p)) for n, p in sim._engine.graph.params.items()}


def ran(sim, net, n_steps=40):
    sim.run_steps(n_steps)
    return np.array(sim.data[net.probe])[..., -n_steps:, :]


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file of parameters and state, and what the network that made it did next."""
    path = tmp_path_factory.mktemp("made") / "brain"
    net = network()
    with simulator(net, minibatch_size=2) as sim:
        sim.run_steps(30)
        sim.save_params(path, include_state=True)
        kept = values(sim)
        after = ran(sim, net)
    return path.with_suffix(".npz"), kept, after


@pytest.fixture(scope="module")
def open_sim():
    """A simulator to load into in vain."""
    with simulator(minibatch_size=2) as sim:
        yield sim


# -- the file --------------------------------------------------------------------------------------


def test_numpy_opens_it_without_pickle(made):
    path, kept, _ = made
    with np.load(path, allow_pickle=False) as file:
        contents = dict(file)
        manifest = json.loads(contents.pop("manifest.json"))
        for entry in manifest["parameters"]:
            assert np.array_equal(contents[entry["member"]], kept[entry["name"]])
            assert list(contents[entry["member"]].shape) == entry["shape"]
        assert "vision/hidden.encoders" in contents
        assert "b to taught" not in contents
    by_name = {entry["name"]: entry for entry in manifest["parameters"]}
    weights = by_name["vision/hidden -> b.weights"]
    assert weights["role"] == "weights"
    assert weights["owner_type"] == "Connection"
    assert (weights["pre"], weights["post"]) == ("vision/hidden[0]", "b")
    assert manifest["dt"] == 0.001
    assert manifest["network"] == "brain"
    assert manifest["versions"]["nengolab"] == nengolab.__version__
    assert manifest["versions"]["nengo"] == nengo.__version__
    assert manifest["constants"]["vision/hidden.neurons.tau_rc"] == 0.02


def test_it_is_a_sound_zip(made):
    with zipfile.ZipFile(made[0]) as file:
        assert file.testzip() is None
        assert json.loads(file.read("manifest.json"))["format_version"] == 1
        names = file.namelist()
    assert len(set(names)) == len(names)
    assert all(n == "manifest.json" or n.endswith(".npy") for n in names)


def test_equal_parameters_make_equal_files(tmp_path):
    with simulator() as sim:
        sim.save_params(tmp_path / "a.npz")
        sim.save_params(tmp_path / "b")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_failed_save_leaves_the_file_before(tmp_path, monkeypatch):
    with simulator() as sim:
        sim.save_params(tmp_path / "a")
        before = (tmp_path / "a.npz").read_bytes()

        def fail(*args, **kwargs):
            raise OSError("disk full")

        monkeypatch.setattr(archive.np.lib.format, "write_array", fail)
        with pytest.raises(OSError, match="disk full"):
            sim.save_params(tmp_path / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == before


# -- round trips -----------------------------------------------------------------------------------


def test_parameters_come_back_at_any_batch_size(made):
    path, kept, _ = made
    for settings in ({"seed": 9}, {"minibatch_size": 3}):
        with simulator(network(seed=7), **settings) as sim:
            assert not same(values(sim), kept)
            sim.load_params(path)
            assert same(values(sim), kept)


def test_state_goes_on_as_it_would_have(made):
    path, _, after = made
    net = network(seed=7)
    with simulator(net, minibatch_size=2, seed=50) as sim:
        sim.load_params(path, include_state=True)
        assert sim.n_steps == 30
        assert np.array_equal(ran(sim, net), after)


def test_a_state_that_stays_as_it_is_is_kept_once(tmp_path):
    def arrays(name):
        members = zipfile.ZipFile(tmp_path / f"{name}.npz").namelist()
        return [m for m in members if m.startswith("@state/arrays/")]

    net = network()
    with simulator(net, minibatch_size=2) as sim:
        sim.compile("sgd", loss={net.probe: "mse"})
        sim.run_steps(30)
        sim.save_checkpoint(tmp_path / "0")
        sim.save_checkpoint(tmp_path / "1", 1, earlier=tmp_path / "0")
        after = ran(sim, net)
        sim.save_checkpoint(tmp_path / "2", 2, earlier=tmp_path / "0")  # it is another by now
        assert arrays("0")
        assert arrays("1") == []
        assert arrays("2") == arrays("0")
        sim.load_checkpoint(tmp_path / "1")
        np.testing.assert_array_equal(ran(sim, net), after)
        sim.load_params(tmp_path / "1", include_state=True)
        np.testing.assert_array_equal(ran(sim, net), after)
        (tmp_path / "0.npz").rename(tmp_path / "moved.npz")
        with pytest.raises(ValidationError, match=r"in '0\.npz'; put that file beside it"):
            sim.load_checkpoint(tmp_path / "1")


def test_state_at_another_batch_size_needs_an_item(made):
    path, _, after = made
    net = network(seed=7)
    with simulator(net, minibatch_size=3) as sim:
        before = values(sim)
        with pytest.raises(ValidationError, match=r"state of 2 batch item.*runs 3.*item=0"):
            sim.load_params(path, include_state=True)
        assert same(values(sim), before)
        with pytest.raises(ValidationError, match="from 0 to 1, got 2"):
            sim.load_params(path, include_state=True, item=2)
        with pytest.raises(ValidationError, match="include_state=True"):
            sim.load_params(path, item=1)
        sim.load_params(path, include_state=True, item=1)
        # Sums over a batch of another size may be taken in another order.
        np.testing.assert_allclose(ran(sim, net), np.stack([after[1]] * 3), atol=1e-6)


def test_what_was_learned_is_state(tmp_path):
    net = network()
    with simulator(net) as sim:
        sim.run_steps(50)
        learned = np.array(sim.data[net.taught].weights)
        with pytest.warns(UserWarning, match=r"online learning.*vision/hidden -> b_1\.weights"):
            sim.save_params(tmp_path / "without")
        sim.save_params(tmp_path / "with", include_state=True)
    net = network()
    with simulator(net) as sim:
        built = np.array(sim.data[net.taught].weights)
        sim.load_params(tmp_path / "without")
        assert np.array_equal(sim.data[net.taught].weights, built)
        with pytest.raises(ValidationError, match="holds no state"):
            sim.load_params(tmp_path / "without", include_state=True)
        sim.load_params(tmp_path / "with", include_state=True)
        assert np.array_equal(sim.data[net.taught].weights, learned)
        assert not np.array_equal(learned, built)


def test_a_process_that_hides_its_state_is_named(tmp_path):
    with nengo.Network() as net:
        nengo.Probe(nengo.Node(Hiding(default_size_out=1), label="secretive"))
    with simulator(net) as sim:
        sim.run_steps(3)
        with pytest.warns(UserWarning, match="cannot be saved.*'secretive'"):
            sim.save_params(tmp_path / "a", include_state=True)
        with pytest.warns(UserWarning, match="secretive"):
            sim.load_params(tmp_path / "a", include_state=True)


def test_a_process_with_an_array_of_objects_is_named(tmp_path):
    class Objects(nengo.Process):
        def make_step(self, shape_in, shape_out, dt, rng, state):
            last = np.array([None, "x"], dtype=object)

            def step(t):
                last[0] = t
                return rng.uniform(size=shape_out)

            return step

    with nengo.Network() as net:
        nengo.Probe(nengo.Node(Objects(default_size_out=1), label="things"))
    with simulator(net) as sim:
        with pytest.warns(UserWarning, match="cannot be saved.*things"):
            sim.save_params(tmp_path / "a", include_state=True)
        with pytest.warns(UserWarning, match="things"):
            sim.load_params(tmp_path / "a", include_state=True)


def test_the_precision_may_differ(made):
    path, kept, _ = made
    net = network()
    with net:
        nengolab.configure_settings(dtype="float64")
    with simulator(net, minibatch_size=2) as sim:
        sim.load_params(path, include_state=True)
        assert same(values(sim), kept)


def test_a_probe_more_or_less_does_not_matter(made, tmp_path):
    path, kept, _ = made
    with simulator(network(probe=False)) as sim:
        sim.load_params(path)
        loaded = values(sim)
        assert loaded.keys() < kept.keys()
        assert all(np.array_equal(loaded[n], kept[n]) for n in loaded)
        sim.save_params(tmp_path / "fewer")
    with simulator() as sim, pytest.warns(UserWarning, match="probes are not in the file.*out"):
        sim.load_params(tmp_path / "fewer")


def test_a_tap_is_no_part_of_a_file(tmp_path):
    with nengo.Network() as net:
        net.a = nengo.Ensemble(5, 1)
    with simulator(net) as sim:
        sim.save_params(tmp_path / "before")
        sim.add_tap(net.a)
        sim.prepare()
        sim.save_params(tmp_path / "after")
    assert (tmp_path / "before.npz").read_bytes() == (tmp_path / "after.npz").read_bytes()


def test_some_objects_alone(made):
    path, kept, _ = made
    net = network(seed=7, weight=0.1)
    with nengo.Network(label="around") as other:
        other.add(net)
    net = network(seed=7)
    with simulator(net) as sim:
        built = values(sim)
        sim.load_params(path, objects=[net.b, "vision/hidden -> b"])
        loaded = {n for n, v in values(sim).items() if not np.array_equal(v, built[n])}
        assert loaded == {
            "b.encoders",
            "b.neurons.bias",
            "vision/hidden.neurons -> b.neurons.gain",
            "vision/hidden -> b.weights",
        }
        assert np.array_equal(values(sim)["b.encoders"], kept["b.encoders"])
        with pytest.raises(ValidationError, match=r"'u' has no parameters.*'vision/hidden'"):
            sim.load_params(path, objects=[net.u])
        with pytest.raises(ValidationError, match="loaded as a whole"):
            sim.load_params(path, objects=[net.b], include_state=True)


def test_objects_of_another_network(made):
    path, kept, _ = made
    with nengo.Network(seed=8) as net:
        b = nengo.Ensemble(15, 1, label="b")
        c = nengo.Ensemble(8, 1, label="c")
        nengo.Connection(b, c)
    with simulator(net) as sim:
        with pytest.raises(ValidationError, match="'c.encoders' is missing in the file"):
            sim.load_params(path)
        sim.load_params(path, objects=[b])
        assert np.array_equal(values(sim)["b.neurons.bias"], kept["b.neurons.bias"])


def test_other_time_constants_are_mentioned_and_kept(made):
    with simulator(network(tau_rc=0.05)) as sim:
        with pytest.warns(UserWarning, match=r"hidden\.neurons\.tau_rc was 0\.02, is 0\.05"):
            sim.load_params(made[0])
        assert values(sim)["vision/hidden.neurons.tau_rc"] == 0.05
    with simulator(dt=0.002) as sim, pytest.warns(UserWarning, match=r"dt was 0\.001, is 0\.002"):
        sim.load_params(made[0])


def test_the_same_network_loads_in_silence(made):
    with simulator(minibatch_size=2) as sim, warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.load_params(made[0], include_state=True)
        assert sim.n_steps == 30
        for name, value in values(sim).items():
            np.testing.assert_array_equal(value, made[1][name], err_msg=name)


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"size": 21}, r"'vision/hidden.encoders': shape is \(20, 2\) in the file, \(21, 2\) here"),
        ({"label": "other"}, r"'vision/other.encoders' is missing in the file"),
        ({"label": "other"}, r"'vision/hidden.encoders' is unknown to the network"),
        ({"taken": 1}, r"weights': pre is vision/hidden\[0\] in the file, vision/hidden\[1\] here"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_changes(made, changes, what):
    with simulator(network(**changes), minibatch_size=2) as sim:
        before = values(sim)
        with pytest.raises(ValidationError, match=what):
            sim.load_params(made[0], include_state=True)
        assert same(values(sim), before)
        assert sim.n_steps == 0


def test_other_places_of_nonzeros_do_not_fit(tmp_path):
    def with_nonzeros_at(columns):
        with nengo.Network(seed=0) as net:
            a = nengo.Ensemble(4, 1, label="a")
            matrix = scipy.sparse.csr_matrix(([1.0, 2.0], ([0, 1], columns)), (4, 4))
            nengo.Connection(a.neurons, a.neurons, transform=nengo.Sparse((4, 4), init=matrix))
        return net

    with simulator(with_nonzeros_at([0, 1])) as sim:
        sim.save_params(tmp_path / "a")
    with simulator(with_nonzeros_at([0, 2])) as sim:
        with pytest.raises(ValidationError, match="sparsity or geometry"):
            sim.load_params(tmp_path / "a")


def test_state_that_does_not_fit_changes_no_parameters(made, tmp_path):
    def shorten(members):
        members["@state/arrays/b.voltage.npy"] = npy(np.zeros((2, 3), np.float32))

    with simulator(network(seed=7), minibatch_size=2) as sim:
        before = values(sim)
        with pytest.raises(ValidationError, match=r"b.voltage' is \(2, 3\)"):
            sim.load_params(crafted(made[0], tmp_path, shorten), include_state=True)
        assert same(values(sim), before)
        assert sim.n_steps == 0


def test_nan_is_not_saved(tmp_path):
    with simulator() as sim:
        bias = np.full(15, np.nan)
        sim._engine.runner.set_values({"b.neurons.bias": bias}, keep=True)
        with pytest.raises(ValidationError, match="'b.neurons.bias': 15 of 15 numbers are NaN"):
            sim.save_params(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_paths_that_cannot_be(tmp_path, open_sim):
    with pytest.raises(ValidationError, match="no folder"):
        open_sim.save_params(tmp_path / "nowhere" / "a")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValidationError, match="is a folder"):
        open_sim.save_params(tmp_path / "folder")
    with pytest.raises(ValidationError, match="there is no file"):
        open_sim.load_params(tmp_path / "nothing")
    sim = simulator()
    sim.close()
    with pytest.raises(SimulatorClosed):
        sim.save_params(tmp_path / "a")


def npy(array, **kwargs):
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return file.getvalue()


def crafted(path, folder, change, **kwargs):
    """A copy of a file with changed members."""
    with zipfile.ZipFile(path) as file:
        members = {n: file.read(n) for n in file.namelist()}
    change(members)
    with zipfile.ZipFile(folder / "crafted.npz", "w", **kwargs) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return folder / "crafted.npz"


def edited(edit):
    """A change of the manifest."""

    def change(members):
        manifest = json.loads(members["manifest.json"])
        edit(manifest)
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def member(name, data):
    return lambda members: members.__setitem__(name, data)


BIAS = "b.neurons.bias.npy"
HUGE = npy(np.zeros(1)).replace(b"(1,), }            ", b"(9999999999999,), }")
CRAFTED = {
    "nan": (member(BIAS, npy(np.full(15, np.nan))), "holds NaN or infinity.*b.neurons.bias"),
    "objects": (member(BIAS, npy(np.array([[]] * 15 + [1], object))), "holds object"),
    "text": (member(BIAS, npy(np.array(["x"] * 15))), "where numbers are expected"),
    "complex": (member(BIAS, npy(np.ones(15, complex))), "where numbers are expected"),
    "other shape": (member(BIAS, npy(np.ones(14))), "other than the manifest says"),
    "no array": (member(BIAS, b"hello"), "holds no array"),
    "cut off": (member(BIAS, npy(np.ones(15))[:-8]), "is damaged at 'b.neurons.bias'"),
    "huge": (member(BIAS, HUGE), "is damaged at 'b.neurons.bias'"),
    "newer": (edited(lambda m: m.update(format_version=99)), "has format version 99.*up to 1"),
    "no version": (edited(lambda m: m.pop("format_version")), "without a format_version"),
    "other program": (edited(lambda m: m.update(format="other")), "nengolab did not write"),
    "twice": (edited(lambda m: m["parameters"].append(m["parameters"][0])), "twice"),
    "renamed": (edited(lambda m: m["parameters"][0].update(name="x")), "not called like"),
    "no list": (edited(lambda m: m.update(parameters=3)), "does not list parameters"),
    "more": (member("extra.npy", npy(np.ones(3))), "does not name: 'extra'"),
    "program": (member("run.sh", b"rm"), "does not belong there: 'run.sh'"),
    "absolute": (member("/etc/passwd", b"x"), "does not belong there"),
    "upwards": (member("../x.npy", npy(np.ones(3))), "does not name"),
    "no manifest": (lambda members: members.pop("manifest.json"), "has no manifest.json"),
    "no JSON": (member("manifest.json", b"{"), "cannot be read"),
    "deep JSON": (member("manifest.json", b"[" * 10**6), "cannot be read"),
    "missing": (lambda members: members.pop(BIAS), "does not hold it"),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_odd_files_are_refused(made, open_sim, tmp_path, name):
    change, what = CRAFTED[name]
    before = values(open_sim)
    with pytest.raises(ValidationError, match=f"crafted.npz.*{what}"):
        open_sim.load_params(crafted(made[0], tmp_path, change))
    assert same(values(open_sim), before)


STATES = {
    "words": (member("@state/generator/noise().npy", npy(np.zeros((2, 2, 5), np.uint32))), "noise"),
    "place": (
        edited(lambda m: m["state"]["processes"]["noise()"]["positions"][1][0].__setitem__(0, -4)),
        "at no place",
    ),
    "batch": (edited(lambda m: m["state"].update(batch=0)), "state of 0 batch items"),
    "steps": (edited(lambda m: m["state"].update(n_steps="x")), "no whole number"),
    "lost": (edited(lambda m: m["state"].pop("arrays")), "not consistent"),
    "dt": (edited(lambda m: m["state"].update(dt=0.5)), "dt = 0.5 s"),
    "unknown": (edited(lambda m: m["state"]["arrays"].append("x")), "does not hold it"),
    "upwards": (edited(lambda m: m["state"].update(arrays_in="../x.npz")), "which is no name"),
    "in itself": (edited(lambda m: m["state"].update(arrays_in="crafted.npz")), "is no name"),
    "in a number": (edited(lambda m: m["state"].update(arrays_in=3)), "in 3, which is no name"),
    "in none": (edited(lambda m: m["state"].update(arrays_in="x.npz")), "put that file beside it"),
}


@pytest.mark.parametrize("name", STATES)
def test_odd_states_are_refused(made, open_sim, tmp_path, name):
    change, what = STATES[name]
    before, noise = values(open_sim), open_sim.state.processes["noise()"][0].rng[2]
    with pytest.raises(ValidationError, match=what):
        open_sim.load_params(crafted(made[0], tmp_path, change), include_state=True)
    assert same(values(open_sim), before)
    assert open_sim.n_steps == 0
    assert open_sim.state.processes["noise()"][0].rng[2] == noise


def test_bombs_and_what_is_no_archive(made, open_sim, tmp_path):
    bomb = crafted(
        made[0],
        tmp_path,
        member("zeros.npy", npy(np.zeros(10**7))),
        compression=zipfile.ZIP_DEFLATED,
    )
    with pytest.raises(ValidationError, match="claims to unpack to"):
        open_sim.load_params(bomb)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ValidationError, match="is no archive"):
        open_sim.load_params(tmp_path / "text")
    data = bytearray(made[0].read_bytes())
    at = data.index(b"b.neurons.bias.npy") + 150  # inside its numbers
    data[at : at + 8] = bytes(8)
    (tmp_path / "flipped.npz").write_bytes(data)
    with pytest.raises(ValidationError, match="is damaged at 'b.neurons.bias"):
        open_sim.load_params(tmp_path / "flipped")
    (tmp_path / "half.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValidationError, match="is no archive"):
        open_sim.load_params(tmp_path / "half")


def test_what_an_archive_tool_packed_again_is_read(made, tmp_path):
    packed = crafted(made[0], tmp_path, member("vision/", b""), compression=zipfile.ZIP_DEFLATED)
    with simulator(network(seed=7), minibatch_size=2) as sim:
        sim.load_params(packed, include_state=True)
        assert same(values(sim), made[1])


def test_what_numpy_wrote_in_another_order_is_read(made, tmp_path):
    def turn(members):
        for name, data in list(members.items()):
            if name == "vision/hidden.encoders.npy":
                members[name] = npy(np.asfortranarray(np.load(io.BytesIO(data)).astype(">f8")))

    with simulator(network(seed=7)) as sim:
        sim.load_params(crafted(made[0], tmp_path, turn))
        assert same(values(sim), made[1])


def test_a_file_of_before_rls_could_be_stopped_is_read(tmp_path):
    """It has nothing of what stops it, ``slowness``: that is as built, and nothing is said."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(8, 1, label="ens")
        error = nengo.Node(size_in=1, label="error")
        conn = nengo.Connection(ens, error, learning_rule_type=nengo.RLS(), label="conn")
        nengo.Connection(error, conn.learning_rule, synapse=None)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.save_params(tmp_path / "new.npz")
        with zipfile.ZipFile(tmp_path / "new.npz") as file:
            members = {name: file.read(name) for name in file.namelist()}
        manifest = json.loads(members["manifest.json"])
        assert manifest["constants"].pop("conn.rls.slowness") == 1.0
        members["manifest.json"] = json.dumps(manifest).encode()
        with zipfile.ZipFile(tmp_path / "old.npz", "w") as file:
            for name, data in members.items():
                file.writestr(name, data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sim.load_params(tmp_path / "old.npz")
        assert sim.parameters["conn.rls.slowness"].value == 1.0
