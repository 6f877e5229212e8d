"""NIR graphs: what maps exactly, what does not, and graphs of other tools."""

import h5py
import keras
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from tests.exporting.networks import EXACT, exact, held

nir = pytest.importorskip("nir")
N_STEPS = 150


def simulator(net, **options):
    with net:
        nengolab.configure_settings(dtype="float64")
    return nengolab.Simulator(net, progress_bar=False, **options)


def numbers(*shape, seed=0, low=-1.0):
    return np.random.RandomState(seed).uniform(low, 1, shape)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A network, its graph read back from a file, and what both put out."""
    net = exact()
    path = tmp_path_factory.mktemp("nir") / "exact.nir"
    rng = np.random.RandomState(0)
    given = {"image": held(rng, 2, N_STEPS, 64, 0), "x": held(rng, 2, N_STEPS, 2)}
    with simulator(net) as sim:
        graph = nengolab.to_nir(sim)
        nir.write(path, graph)
        ours = {sim.name_of(p): y for p, y in sim.predict(given).items()}
    graph = nir.read(path)  # which checks all types
    again = nengolab.from_nir(path)
    with simulator(again) as sim:
        back = sim.predict({again.inputs[name]: x for name, x in given.items()})
        second = nengolab.to_nir(sim)
    return graph, ours, {name: back[p] for name, p in again.outputs.items()}, second


def test_a_round_trip_keeps_each_spike(written):
    graph, ours, back, _ = written
    for name in "abcd":
        y = ours[f"{name} spikes"]
        if name == "a":  # NIR has channels first
            y = y[..., graph.nodes["a_spikes"].metadata["order"]]
        assert np.count_nonzero(y) > 200
        np.testing.assert_array_equal(y != 0, back[f"{name}_spikes"] == 1)
    for name in ("result", "decoded"):
        scale = np.abs(ours[name]).max()
        np.testing.assert_allclose(back[name], ours[name], rtol=0, atol=1e-12 * scale)


def test_nodes_are_nirs_own(written):
    graph, _, _, second = written
    kinds = sorted(type(node).__name__ for node in graph.nodes.values())
    assert set(kinds) == set("Affine Conv2d Delay Flatten IF Input LI LIF Linear Output".split())
    assert kinds == sorted(type(node).__name__ for node in second.nodes.values())
    b = graph.nodes["b_neurons"]
    assert np.all(b.v_threshold == 1)
    assert np.all(b.v_reset == 0)
    assert np.all(b.tau == 0.02)
    assert graph.metadata["dt"] == 0.001


def test_a_converted_model_is_written_with_its_pools():
    model = keras.Sequential(
        [
            keras.Input((9, 9, 1)),
            keras.layers.Conv2D(3, 3, padding="same", activation="relu"),
            keras.layers.AveragePooling2D(3),
            keras.layers.Conv2D(2, 2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    for weights in model.weights:
        weights.assign(numbers(*weights.shape, seed=len(weights.shape)))
    converter = nengolab.Converter(
        model, swap_activations={"relu": nengo.LIF(**EXACT)}, scale_firing_rates=30
    )
    net = converter.net
    with simulator(net) as sim:
        graph, fidelity = nengolab.to_nir(sim, approximate=True, n_steps=60)
    assert fidelity.exact
    kinds = [type(node).__name__ for node in graph.nodes.values()]
    assert sorted(kinds) == sorted(
        "Input Conv2d LIF AvgPool2d Scale Conv2d LIF Flatten Affine Output".split()
    )
    (output,) = fidelity.outputs
    assert output.error < 1e-12
    assert output.of_network != 0


@pytest.mark.parametrize("neurons", [nengo.LIF(**EXACT), nengolab.neurons.IntegrateAndFire()])
def test_biases_behind_synapses_are_written_and_the_file_is_run(tmp_path, neurons):
    """Of neurons without leak and of outputs, for which weights in front would be filtered."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((7, 7, 1)),
            layers.Conv2D(3, 3, activation="relu", name="one"),
            layers.Conv2D(2, 3, activation="relu", name="two"),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )
    for weights in model.weights:
        weights.assign(numbers(*weights.shape, seed=len(weights.shape)))
    converter = nengolab.Converter(
        model, swap_activations={"relu": neurons}, scale_firing_rates=50, synapse=0.005
    )
    net = converter.net
    with net:
        for ens in net.all_ensembles:
            nengo.Probe(ens.neurons, label=f"{ens.label} spikes")
    with simulator(net) as sim:
        nir.write(tmp_path / "network.nir", nengolab.to_nir(sim))
        found = nengolab.nir_graphs.compare(sim, tmp_path / "network.nir", n_steps=100)
        assert [o.spikes for o in found.outputs] == [False, True, True]
        for output in found.outputs:
            assert output.differing == 0
            assert output.of_network != 0
        assert found.outputs[2].of_network > 5
        other = nir.NIRGraph.from_list(nir.Linear(np.ones((4, 49))))
        with pytest.raises(ValidationError, match="made of another network"):
            nengolab.nir_graphs.compare(sim, other)


def test_one_number_for_all_neurons_as_some_tools_write_it():
    one = np.ones(1)
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([3])),
            "lif": nir.LIF(0.01 * one, one, 0 * one, one, 0 * one),
            "output": nir.Output(np.array([3])),
        },
        edges=[("input", "lif"), ("lif", "output")],
        type_check=False,
    )
    x, v, wanted = 3 * numbers(60, 3, low=0), np.zeros(3), []
    for row in x:
        v, spikes = lif(v, 0.01, 1, 0, 1, 0, row)
        wanted.append(spikes)
    assert np.sum(wanted) > 10
    np.testing.assert_array_equal(shown(graph, x), wanted)


def test_what_is_near_is_measured():
    with nengo.Network(seed=1) as net:
        node = nengo.Node([0.5], label="in")
        a = nengo.Ensemble(50, 1, label="a")
        b = nengo.Ensemble(30, 1, label="b", neuron_type=nengo.SpikingRectifiedLinear())
        nengo.Connection(node, a)
        nengo.Connection(a, b, synapse=nengo.Alpha(0.01))
        nengo.Probe(a.neurons, label="spikes")
        nengo.Probe(b, synapse=0.02, label="decoded")
    with simulator(net) as sim:
        with pytest.raises(ValidationError, match=r"a\.neurons.*tau_ref=0\.002"):
            nengolab.to_nir(sim)
        _, fidelity = nengolab.to_nir(sim, strict=False, n_steps=100)
    assert not fidelity.exact
    assert list(fidelity.approximated) == [
        "a.neurons",
        "a.neurons (min_voltage)",
        "b.neurons",
        "a -> b",
    ]
    spikes, decoded = sorted(fidelity.outputs, key=lambda o: o.name, reverse=True)
    assert spikes.spikes
    assert spikes.of_graph > spikes.of_network > 100
    assert spikes.differing > 10
    assert 0.5 < spikes.correlation < 1
    assert 0 < decoded.error < 2
    assert "tau_ref" in str(fidelity)


def rates():
    return nengo.Ensemble(3, 1, neuron_type=nengo.LIFRate(), label="odd"), "odd.*LIFRate"


def uneven():
    node, post = nengo.Node(np.zeros(16)), nengo.Node(size_in=16)
    kind = nengo.Convolution(1, (4, 4, 1), (2, 2), padding="same")
    nengo.Connection(node, post, transform=kind, label="uneven")
    nengo.Probe(post)
    return post, "uneven.*pads"


def other_filter():
    node, post = nengo.Node([0]), nengo.Node(size_in=1)
    nengo.Connection(node, post, synapse=nengo.LinearFilter([1], [1, 0]), label="integral")
    nengo.Probe(post)
    return post, "integral.*LinearFilter"


@pytest.mark.parametrize("made", [rates, uneven, other_filter])
def test_what_has_no_like_is_refused_by_name(made):
    with nengo.Network() as net:
        nengo.Probe(nengo.Node([0.0]))
        message = made()[1]
    with pytest.raises(ValidationError, match=message):
        nengolab.to_nir(net, approximate=True)


# -- graphs of other tools, as their examples build them -------------------------------------------


def by_hand(graph_inputs, n_steps, step):
    return np.stack([step(graph_inputs[t]) for t in range(n_steps)])


def shown(graph, x, n_steps=60):
    """What a graph puts out for one item, ``(steps, size)``."""
    net = nengolab.from_nir(graph)
    with simulator(net) as sim:
        (node,), (probe,) = net.inputs.values(), net.outputs.values()
        return sim.predict({node: np.asarray(x)[None]}, n_steps=n_steps)[probe][0]


def lif(v, tau, r, leak, threshold, reset, current, dt=1e-3):
    v = v + (leak + r * current - v) * -np.expm1(-dt / tau)
    spiked = v > threshold
    return np.where(spiked, reset, v), spiked * 1.0


def test_affine_and_lif_with_parameters_of_their_own():
    """The first example of NIR's documentation, with all parameters differing."""
    tau, r, leak = np.array([0.01, 0.02, 0.01]), np.array([1, 2, 3.0]), np.array([0.1, -0.2, 0])
    threshold, reset = np.array([0.5, 1, 2]), np.array([0, -0.3, 0.2])
    weight, bias = numbers(3, 2) * 8, numbers(3, seed=1)
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([2])}),
            "affine": nir.Affine(weight, bias),
            "lif": nir.LIF(tau, r, leak, threshold, reset),
            "output": nir.Output({"output": np.array([3])}),
        },
        edges=[("input", "affine"), ("affine", "lif"), ("lif", "output")],
    )
    x, v, wanted = numbers(60, 2, low=0), np.zeros(3), []
    for row in x:
        v, spikes = lif(v, tau, r, leak, threshold, reset, weight @ row + bias)
        wanted.append(spikes)
    assert np.sum(wanted) > 10
    np.testing.assert_array_equal(shown(graph, x), wanted)


def cuba(n, tau_mem=0.02, tau_syn=0.01, w_in=1.0):
    ones = np.ones(n)
    return nir.CubaLIF(
        tau_syn * ones, tau_mem * ones, ones, 0 * ones, 0.3 * ones, 0 * ones, w_in=w_in * ones
    )


def test_a_recurrent_layer_of_cubalif():
    """As in the recurrent example of the NIR paper: affine -> CubaLIF with affine back."""
    w, back, last = numbers(4, 2) * 4, numbers(4, 4, seed=1) * 2, numbers(2, 4, seed=2) * 5
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([2])}),
            "fc1": nir.Affine(w, np.zeros(4)),
            "hidden": cuba(4, w_in=2.0),
            "rec": nir.Affine(back, np.zeros(4)),
            "fc2": nir.Linear(last),
            "li": nir.LI(*np.array([[0.01] * 2, [2.0] * 2, [0.5] * 2])),
            "output": nir.Output({"output": np.array([2])}),
        },
        edges=[
            ("input", "fc1"),
            ("fc1", "hidden"),
            ("hidden", "rec"),
            ("rec", "hidden"),
            ("hidden", "fc2"),
            ("fc2", "li"),
            ("li", "output"),
        ],
    )
    x = numbers(60, 2, low=0)
    v, current, out, wanted, count = np.zeros(4), np.zeros(4), np.zeros(2), [], 0
    for row in x:
        v, spikes = lif(v, 0.02, 1, 0, 0.3, 0, current)
        current = current + (2 * (w @ row + back @ spikes) - current) * -np.expm1(-1e-3 / 0.01)
        wanted.append(out)
        out = out + (0.5 + 2 * (last @ spikes) - out) * -np.expm1(-1e-3 / 0.01)
        count += spikes.sum()
    assert count > 10
    np.testing.assert_allclose(shown(graph, x), wanted, atol=1e-12)


def test_a_loop_of_lif_alone_takes_a_step():
    """As a tool writes ``lif -> linear -> lif``: the spikes of a step come in at the next."""
    ones = np.ones(3)
    back = numbers(3, 3, seed=3) * 10
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([3])),
            "lif": nir.LIF(0.01 * ones, ones, 0 * ones, ones, 0 * ones),
            "w": nir.Linear(back),
            "output": nir.Output(np.array([3])),
        },
        edges=[("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
    )
    x, v, spikes, wanted = 3 * numbers(60, 3, low=0), np.zeros(3), np.zeros(3), []
    for row in x:
        v, spikes = lif(v, 0.01, 1, 0, 1, 0, row + back @ spikes)
        wanted.append(spikes)
    assert np.sum(wanted) > 10
    np.testing.assert_array_equal(shown(graph, x), wanted)


def test_a_convolutional_network_of_if():
    """As sinabs writes its networks: Conv2d, IF, SumPool2d, ..., Flatten, Linear; with options."""
    kernel = numbers(4, 1, 3, 3)
    second = numbers(4, 2, 2, 2, seed=1)
    ones = np.ones((4, 5, 5))
    graph = nir.NIRGraph.from_list(
        [
            nir.Conv2d((9, 9), kernel, (2, 2), (1, 1), (1, 1), 1, numbers(4, seed=2)),
            nir.IF(100 * ones, 0.5 * ones, -0.1 * ones),
            nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([1, 1])),
            nir.Conv2d((3, 3), second, 1, "same", (2, 2), 2, np.zeros(4)),
            nir.AvgPool2d(np.array([3, 3]), np.array([1, 1]), np.array([0, 0])),
            nir.Flatten({"input": np.array([4, 1, 1])}, 0, -1),
            nir.Scale(np.array([1, 2, 3, 4.0])),
            nir.Threshold(np.ones(4)),
        ],
        type_check=False,
    )
    with pytest.raises(ValidationError, match="'threshold'.*Threshold is not supported"):
        nengolab.from_nir(graph)
    del graph.nodes["threshold"]
    graph.edges = [(a, b) for a, b in graph.edges if "threshold" not in (a, b)]
    graph.edges.append(("scale", "output"))
    graph.nodes["output"] = nir.Output(np.array([4]))
    x = np.repeat(numbers(1, 81, low=0), 40, axis=0)
    # PyTorch's layers computed by Keras's, channels last, with zeros put around.
    image = keras.ops.reshape(x[:1], (1, 9, 9, 1))
    k = np.moveaxis(kernel, (0, 1), (-1, -2))
    padded = keras.ops.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    current = np.asarray(keras.ops.conv(padded, k, 2, "valid"), float)[0] + numbers(4, seed=2)
    v, wanted = np.zeros((5, 5, 4)), []
    k2 = np.moveaxis(second, (0, 1), (-1, -2))
    for _ in range(40):
        v = v + 100 * current * 1e-3
        spikes = v > 0.5
        v = np.where(spikes, -0.1, v)
        wide = np.pad(spikes * 1.0, ((1, 1), (1, 1), (0, 0)))[:6, :6]
        pooled = wide.reshape(3, 2, 3, 2, 4).sum((1, 3))
        parts = [
            keras.ops.conv(pooled[None, ..., g], k2[..., g], 1, "same", dilation_rate=2)
            for g in (slice(0, 2), slice(2, 4))
        ]
        mean = np.concatenate([np.asarray(p)[0] for p in parts], -1).mean((0, 1))
        wanted.append(mean * [1, 2, 3, 4])
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(shown(graph, x, 40), wanted, atol=1e-5)


def test_graphs_inside_and_other_nodes():
    ones = np.ones(2)
    inside = nir.NIRGraph.from_list(nir.Linear(np.array([[1.0, 0], [0, 2]])), nir.I(100 * ones))
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([2])),
            "block": inside,
            "delay": nir.Delay(np.array([0.001, 0.003])),
            "cuba": nir.CubaLI(0.01 * ones, 0.02 * ones, ones, ones, 3 * ones),
            "output": nir.Output(np.array([2])),
        },
        edges=[
            ("input", "block"),
            ("block", "delay"),
            ("delay", "output"),
            ("input", "cuba"),
            ("cuba", "output"),
        ],
        type_check=False,
    )
    found = shown(graph, np.ones((60, 2)), 60)
    steps = np.arange(60)
    integral = np.stack([0.1 * np.maximum(steps - 1, 0), 0.2 * np.maximum(steps - 3, 0)], 1)
    current, v, wanted = 0.0, 0.0, []
    for _ in steps:
        wanted.append(v)
        v, current = (
            v + (1 + current - v) * -np.expm1(-1e-3 / 0.02),
            current + (3 - current) * -np.expm1(-1e-3 / 0.01),
        )
    np.testing.assert_allclose(found, integral + np.array(wanted)[:, None], atol=1e-9)


# -- what cannot be read ---------------------------------------------------------------------------


def test_graphs_that_do_not_fit_are_refused():
    ones = np.ones(2)
    li = nir.LI(0.01 * ones, ones, 0 * ones)
    with pytest.raises(ValidationError, match="'linear' cannot be built: it takes 3 values"):
        nengolab.from_nir(nir.NIRGraph.from_list(li, nir.Linear(np.ones((2, 3))), type_check=False))
    with pytest.raises(ValidationError, match="time constant of 0"):
        nengolab.from_nir(nir.LI(0 * ones, ones, ones))
    with pytest.raises(ValidationError, match="threshold is not above"):
        nengolab.from_nir(nir.IF(ones, ones, ones))
    with pytest.raises(ValidationError, match="0.5 to 0.5 steps"):
        nengolab.from_nir(nir.Delay(0.0005 * ones))
    loop = nir.NIRGraph(
        {"a": nir.Scale(ones), "b": nir.Scale(ones)}, [("a", "b"), ("b", "a")], type_check=False
    )
    with pytest.raises(ValidationError, match="loop through"):
        nengolab.from_nir(loop)
    with pytest.raises(ValidationError, match=r"NIRGraph or the path.*\(int\)"):
        nengolab.from_nir(7)


def test_files_that_lead_elsewhere_are_not_read(tmp_path):
    path, secret = tmp_path / "graph.nir", tmp_path / "secret.h5"
    nir.write(path, nir.NIRGraph.from_list(nir.Linear(np.ones((2, 2)))))
    with h5py.File(secret, "w") as file:
        file["secret"] = np.zeros((2, 2))
    with h5py.File(path, "r+") as file:
        del file["node/nodes/linear/weight"]
        file["node/nodes/linear/weight"] = h5py.ExternalLink(str(secret), "/secret")
    with pytest.raises(ValidationError, match="link to somewhere else"):
        nengolab.from_nir(path)
    with h5py.File(path, "r+") as file:
        del file["node/nodes/linear/weight"]
        file["node/nodes/linear"].create_dataset(
            "weight", shape=(2**15, 2**15), dtype="f8", compression="gzip", chunks=(2**8, 2**8)
        )
    with pytest.raises(ValidationError, match="claims to unpack"):
        nengolab.from_nir(path)
    path.write_bytes(b"no hdf5")
    with pytest.raises(ValidationError, match="no NIR file"):
        nengolab.from_nir(path)
