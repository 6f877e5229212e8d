"""What is chosen before a run: what fits, why the rest does not, and the Python of it."""

import subprocess
import sys
import threading
from dataclasses import replace

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab import runs
from nengolab.exceptions import ValidationError
from nengolab.feeding.offers import as_fed, code_of, input_offers, target_offers
from nengolab.losses import OfMean, accuracy_of_mean
from nengolab.runs.choices import COSINE, EXPONENTIAL, PLATEAU, SOFT, Target
from nengolab.runs.measured import seconds_a_batch
from nengolab.runs.plan import AS_COMPILED, CLASSES, VALUES, Plan, usual
from nengolab.runs.ready import compile_as, ready

RNG = np.random.RandomState(0)
# Two classes of four pixels that a line tells apart.
PIXELS = RNG.uniform(0, 1, (60, 2, 2)).astype(np.float32)
KINDS = (PIXELS[:, 0].sum(axis=1) > PIXELS[:, 1].sum(axis=1)).astype(int)

NETWORK = """\
import nengo
import numpy as np
import nengolab

with nengo.Network(seed=0) as net:
    nengolab.configure_settings(stateful=False)
    net.config[nengo.Connection].synapse = None
    image = nengo.Node(np.zeros(4), label="image")
    a = nengo.Ensemble(30, 4, neuron_type=nengo.LIF(), label="a")
    nengo.Connection(image, a)
    out = nengo.Node(size_in=2, label="out")
    nengo.Connection(a.neurons, out, transform=np.zeros((2, 30)))
    answer = nengo.Probe(out, label="answer")
    rates = nengo.Probe(a.neurons, label="rates")
"""


def network() -> nengo.Network:
    found: dict = {}
    exec(NETWORK, found)
    return found["net"]


@pytest.fixture(scope="module")
def sim():
    with nengolab.Simulator(network(), minibatch_size=20, progress_bar=False) as sim:
        yield sim


def variables(**more):
    return {"train_x": PIXELS, "train_y": KINDS, "other": np.zeros((9, 3)), **more}


@pytest.mark.parametrize(
    ("value", "how", "words"),
    [
        (np.zeros((5, 2, 2)), "shown", ""),
        (np.zeros((5, 7, 4)), "as it is", ""),
        (np.zeros((5, 4), int), "shown", ""),
        (np.zeros((5, 3)), "", "an item has 3 numbers, 'image' takes 4"),
        (np.array(["a", "b"]), "", "no real numbers"),
        (np.zeros((0, 4)), "", "is empty"),
        ((i for i in range(3)), "", "used up by one look"),
    ],
)
def test_what_can_be_fed_and_why_the_rest_cannot(value, how, words):
    [offer] = input_offers({"v": value, "_hidden": value, "text": "no data", "f": len}, 4, "image")
    assert (offer.name, offer.how) == ("v", how)
    assert words in offer.why
    assert bool(offer.why) is (how == "")


def test_nothing_of_a_persons_is_called():
    class Trap(keras.utils.PyDataset):
        def __getitem__(self, index):
            raise AssertionError("called")

        def __len__(self):
            raise AssertionError("called")

    generator = iter(x for x in [1])
    found = {o.name: o.how for o in input_offers({"t": Trap(), "g": generator}, 4, "image")}
    assert found == {"t": "stream", "g": ""}
    assert next(generator) == 1


@pytest.mark.parametrize(
    ("value", "how", "words"),
    [
        (np.array([0, 1, 1]), "classes", ""),
        (np.array([[0.0], [1.0]]), "classes", ""),
        (np.array([0, 2]), "", "2 classes apart, 0 to 1; it holds numbers from 0 to 2"),
        (np.array([0.5, 1]), "", "it holds fractions"),
        (np.zeros((3, 2)), "shown", ""),
        (np.zeros((3, 5, 2)), "as it is", ""),
        (np.zeros((3, 5)), "", "an item has 5 numbers, 'answer' takes 2"),
    ],
)
def test_what_can_be_targets(value, how, words):
    [offer] = target_offers({"v": value}, 2, "answer")
    assert offer.how == how
    assert words in offer.why


def test_as_fed_is_what_its_code_says():
    for array, how, steps in (
        (PIXELS, "shown", 3),
        (KINDS, "classes", 2),
        (np.zeros((4, 6)), "series", 1),
        (np.zeros((4, 6, 2)), "as it is", 1),
    ):
        expected = eval(code_of("v", how, steps), {"v": array, "np": np, "len": len})
        np.testing.assert_array_equal(as_fed(array, how, steps), expected)


def test_the_usual_plan_is_what_fits(sim):
    plan = usual(sim.network, variables(), 20)
    assert (plan.x, plan.y, plan.loss, plan.batch_size) == ("train_x", "train_y", CLASSES, 20)
    assert plan.check_steps > 1  # its neurons spike
    assert Plan.read(plan.facts()) == plan
    nothing = usual(sim.network, {}, 20)
    assert (nothing.x, nothing.y) == ("", "")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"x": ""}, "x", "choose data; these would fit: train_x"),
        ({"x": "gone"}, "x", "no variable 'gone' now; these would fit: train_x"),
        ({"x": "other"}, "x", "an item has 3 numbers"),
        ({"y": "few"}, "y", "'train_x' has 60 items, 'few' has 3"),
        ({"batch_size": 50}, "batch_size", "minibatch_size=50"),
        ({"split": 1.5}, "split", "a share from 0"),
        ({"split": 0.999}, "split", "leaves none to train with"),
        ({"learning_rate": -1.0}, "learning_rate", "above 0"),
        ({"epochs": 0}, "epochs", "from 1 up"),
        ({"loss": "mean squared error"}, "loss", "'cross-entropy' would fit"),
        ({"loss": "nonsense"}, "loss", "is not a loss: cross-entropy"),
        ({"loss": AS_COMPILED}, "optimizer", "both as compiled"),
        ({"probe": "nobody"}, "probe", "a probe of the network: answer"),
        ({"schedule": "up"}, "schedule", "constant, exponential decay"),
        ({"schedule": EXPONENTIAL, "decay": 1.5}, "decay", "between 0 and 1"),
        ({"patience": -1}, "patience", "from 0 up"),
        ({"loss": AS_COMPILED, "optimizer": AS_COMPILED, "truncate": 3}, "truncate", "sim.compile"),
        ({"truncate": 3, "checkpoint_every": 3}, "truncate", "give one of them"),
        ({"stateful": True}, "stateful", "says stateful=False"),
        ({"gradients": "arcsine"}, "gradients", "superspike"),
        ({"gradients": SOFT, "smoothing": 0.0}, "smoothing", "above 0"),
        ({"rates_of": "answer"}, "rates_of", "a probe of neurons: rates"),
        ({"rates_of": "rates", "rate_high": 0.5}, "rate_high", "from 1 up, got 0.5"),
        ({"seed": -1}, "seed", "from 0 up"),
        ({"check_x": "gone"}, "check_x", "no variable 'gone' now"),
        ({"check_x": "train_x", "check_y": "few"}, "check_y", "'few' has 3"),
        ({"also": {"rates": Target("other", VALUES)}}, "y of rates", "takes 30"),
        ({"feeds": {"sound": "few"}}, "x of sound", "an input of the network: image"),
    ],
)
def test_what_does_not_fit_is_said_of_its_field(sim, changes, field, words):
    given = variables(few=np.array([0, 1, 1]))
    plan = replace(usual(sim.network, given, 20), **changes)
    with pytest.raises(ValidationError) as error:
        ready(plan, sim.network, given, 20)
    assert error.value.attr == field
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedule": EXPONENTIAL}, "ExponentialDecay(0.005, decay_steps=3, decay_rate=0.9)"),
        ({"schedule": COSINE, "epochs": 4}, "Adam(keras.optimizers.schedules.CosineDecay(0.005, "),
        ({"schedule": COSINE, "epochs": 4}, "decay_steps=12)"),
        (
            {"schedule": PLATEAU, "decay": 0.5},
            "ReduceLROnPlateau(monitor='val_loss', mode='min', factor=0.5, patience=3)",
        ),
        ({"patience": 2}, "EarlyStopping(monitor='val_loss', mode='min', patience=2)"),
        ({"patience": 2, "split": 0.0}, "EarlyStopping(monitor='loss', mode='min', patience=2)"),
        ({"patience": 2, "monitor": "accuracy"}, "monitor='val_accuracy', mode='max'"),
        ({"seed": 7}, "sim.reset(seed=7, include_trainable=False, include_probes=False)"),
        ({"seed": 7, "weights": "as built"}, "sim.reset(seed=7, include_trainable=True)"),
        ({"gradients": "atan"}, "configure_settings(surrogate='atan', lif_smoothing=None)"),
        ({"gradients": SOFT}, "configure_settings(surrogate=None, lif_smoothing=0.02)"),
        ({"truncate": 5}, "    truncate=5,"),
        ({"checkpoint_every": 5}, "    checkpoint_every=5,"),
        ({"rates_of": "rates"}, "'rates': nengolab.losses.RateRange(low=1.0, high=100.0)"),
        ({"check_x": "more_x", "check_y": "more_y"}, "{'image': np.repeat(more_x.reshape("),
    ],
)
def test_each_choice_is_in_the_code(sim, changes, code):
    given = variables(more_x=PIXELS[:40], more_y=KINDS[:40])
    found = ready(replace(usual(sim.network, given, 20), **changes), sim.network, given, 20)
    assert code in "\n".join(found.code)
    compile("\n".join(found.code), "code", "exec")
    if "check_x" in changes:
        assert (found.items, found.checked) == (60, 40)


def test_several_inputs_and_probes_add_up():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(stateful=False)
        a, b = (nengo.Node([0], label=label) for label in "ab")
        ens = nengo.Ensemble(20, 2, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(a, ens[0], synapse=None)
        nengo.Connection(b, ens[1], synapse=None)
        for i, label in enumerate("pq"):
            out = nengo.Node(size_in=1)
            nengo.Connection(ens[i], out, synapse=None)
            nengo.Probe(out, label=label)
    rng = np.random.RandomState(2)
    given = {name: rng.uniform(-1, 1, (20, 1)).astype(np.float32) for name in ("u", "v", "y", "z")}
    plan = Plan(x="u", y="y", input="a", probe="p", split=0.0, feeds={"b": "v"}, batch_size=10)
    plan = replace(plan, also={"q": Target("z", VALUES, 0.5)}, weight=2.0)
    assert Plan.read(plan.facts()) == plan
    with nengolab.Simulator(net, minibatch_size=10, progress_bar=False) as sim:
        found = ready(plan, net, given, 10)
        compile_as(sim, plan, found.compile)
        seen = sim.predict(found.x, batch_size=10, verbose=0)
        errors = [
            np.mean((value[:, 0] - given[name]) ** 2)
            for value, name in zip(seen.values(), "yz", strict=True)
        ]
        loss = sim.evaluate(found.x, found.y, batch_size=10, verbose=0)
        total = loss["loss"] if isinstance(loss, dict) else np.ravel(loss)[0]
        assert total == pytest.approx(2 * errors[0] + 0.5 * errors[1], rel=1e-4)
        scope = {"sim": sim, "np": np, "keras": keras, "nengolab": nengolab, **given}
        exec("\n".join(found.code[: found.code.index("run = nengolab.runs.start(")]), scope)
        assert sim.evaluate(found.x, found.y, batch_size=10, verbose=0) == loss


def test_measuring_leaves_everything_as_it_was(sim):
    plan = replace(usual(sim.network, variables(), 20), learning_rate=0.05)
    found = ready(plan, sim.network, variables(), 20)
    compile_as(sim, plan, found.compile)
    before = {n: np.array(p.value) for n, p in sim.parameters.items()}
    assert 0 < seconds_a_batch(sim, found) < 5
    for name, value in before.items():
        np.testing.assert_array_equal(sim.parameters[name].value, value)


def test_what_is_held_fixed_is_not_trained(sim, tmp_path):
    plan = usual(sim.network, variables(), 20)
    trained = [n for n, p in sim.parameters.items() if p.trainable]
    plan = replace(plan, fixed=(trained[0],), epochs=1)
    found = ready(plan, sim.network, variables(), 20)
    compile_as(sim, plan, found.compile)
    before = {n: np.array(sim.parameters[n].value) for n in trained}
    runs.start(sim, found.x, found.y, epochs=1, folder=tmp_path, **found.fit).wait()
    same = [n for n in trained if np.array_equal(sim.parameters[n].value, before[n])]
    assert same == [trained[0]]
    compile_as(sim, replace(plan, fixed=()), found.compile)  # for the tests after this one


def test_a_loss_of_the_mean_over_the_steps():
    rng = np.random.RandomState(1)
    output, kinds = rng.normal(size=(4, 5, 3)).astype("float32"), np.array([0, 2, 1, 2])
    targets = np.repeat(kinds[:, None, None], 5, axis=1)
    inner = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    mean = output.mean(axis=1)
    chances = np.exp(mean) / np.exp(mean).sum(axis=1, keepdims=True)
    expected = -np.log(chances[np.arange(4), kinds]).mean()
    assert float(OfMean(inner)(targets, output)) == pytest.approx(expected, rel=1e-5)
    again = OfMean.from_config(OfMean(inner).get_config())
    assert float(again(targets, output)) == pytest.approx(expected, rel=1e-5)
    right = np.asarray(accuracy_of_mean(targets, output))
    np.testing.assert_array_equal(right, mean.argmax(axis=1) == kinds)
    hot = np.eye(3, dtype="float32")[targets[..., 0]]
    np.testing.assert_array_equal(np.asarray(accuracy_of_mean(hot, output)), right)


SCRIPT = (
    NETWORK
    + """
rng = np.random.RandomState(0)
train_x = rng.uniform(0, 1, (60, 2, 2)).astype(np.float32)
train_y = (train_x[:, 0].sum(axis=1) > train_x[:, 1].sum(axis=1)).astype(int)
sim = nengolab.Simulator(net, minibatch_size=20, progress_bar=False)
"""
)


@pytest.mark.in_turn
def test_the_script_of_a_run_repeats_it_to_the_same_numbers(sim, tmp_path, monkeypatch):
    cells = f"# %%\n%matplotlib inline\n\n# %%\n{SCRIPT}"
    monkeypatch.setattr(runs.launch.facts, "code_so_far", lambda: cells)
    chosen = {"schedule": PLATEAU, "patience": 5, "seed": 5, "gradients": SOFT}
    chosen |= {"rates_of": "rates", "monitor": "accuracy"}
    plan = replace(usual(sim.network, variables(), 20), epochs=3, name="first", **chosen)
    found = ready(plan, sim.network, variables(), 20)
    compile_as(sim, plan, found.compile)
    # Trained before: the script must begin where the run did.
    sim.fit(found.x, found.y, epochs=1, batch_size=20, verbose=0)
    compile_as(sim, plan, found.compile)
    run = runs.start(
        sim,
        found.x,
        found.y,
        epochs=3,
        folder=tmp_path / "runs",
        name="first",
        learning_rates={4: 0.001},
        plan={"choices": plan.facts(), "lines": list(found.code)},
        **found.fit,
    )
    assert run.wait() == "finished"
    assert "val_answer_accuracy" in run.history  # which is watched
    script = run.to_script()
    assert "# %matplotlib inline" in script
    assert "learning_rates={4: 0.001}" in script
    (tmp_path / "again.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    both = runs.open(tmp_path / "runs")
    assert list(both) == ["first", "first 2"]
    assert both["first 2"].history == both["first"].history
    last = {name: np.array(p.value) for name, p in run.task.sim.parameters.items()}
    both["first 2"].restore(sim, "last")
    for name, value in last.items():
        np.testing.assert_array_equal(sim.parameters[name].value, value)
    assert not [d for d in both.differences("first", "first 2") if d[0].startswith("data")]


def test_a_run_of_which_nobody_knows_the_code_says_so(sim, tmp_path, monkeypatch):
    monkeypatch.setattr(runs.launch.facts, "code_so_far", lambda: None)
    plan = replace(usual(sim.network, variables(), 20), epochs=1)
    found = ready(plan, sim.network, variables(), 20)
    compile_as(sim, plan, found.compile)
    run = runs.start(sim, found.x, found.y, folder=tmp_path, **found.fit)
    run.wait()
    with pytest.raises(ValidationError, match="neither a notebook nor a script"):
        run.to_script()


def test_another_thread_may_train_batches_of_another_size(sim):
    """Keras keeps a generator for each thread, which no traced function may make."""
    plan = usual(sim.network, variables(), 20)
    found = ready(plan, sim.network, variables(), 20)
    compile_as(sim, plan, found.compile)
    x, y = found.x["image"], found.y["answer"]
    sim.fit({"image": x[:20]}, {"answer": y[:20]}, verbose=0)
    failed = []

    def other():
        try:
            sim.fit({"image": x[:27]}, {"answer": y[:27]}, verbose=0)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert failed == []
