"""Sweeps of training: the numbers of runs by hand, failures apart, stopped in part or whole."""

from __future__ import annotations

import os
import signal
import threading
import time

import distributed
import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab import runs
from nengolab.exceptions import ValidationError
from nengolab.runs import Plan, start_sweep, swept
from nengolab.runs.plan import AS_BUILT, AS_COMPILED, AS_THEY_ARE
from nengolab.runs.ready import compile_as, ready
from nengolab.runs.sweeps import mattered
from nengolab.sweep import Range, draw, grid

pytestmark = pytest.mark.in_turn

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (40, 5, 1)).astype(np.float32)
DATA = {"x": X, "y": X**2}
PLAN = Plan(x="x", y="y", input="a", probe="out", epochs=2, batch_size=10)


@pytest.fixture(scope="module")
def address():
    """A cluster of one worker with two threads, in this process."""
    options = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, silence_logs=40, **options
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def sim():
    with nengo.Network(seed=0, label="squares") as net:
        nengolab.configure_settings(stateful=False)
        a = nengo.Node([0], label="a")
        b = nengo.Ensemble(20, 1, neuron_type=nengo.RectifiedLinear(), label="b")
        nengo.Connection(a, b, synapse=None)
        nengo.Probe(b, label="out")
    with nengolab.Simulator(net, minibatch_size=10, progress_bar=False) as sim:
        for parameter in sim.parameters.values():  # weights that no other simulator has
            if parameter.role == "bias":
                parameter.value = np.array(parameter.value) + 0.1
        yield sim


class Slow(keras.callbacks.Callback):
    """So that there is time to do something to a run, and little is computed meanwhile."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.05)


def until(event: threading.Event, condition) -> None:
    """Wait for what is told until something holds."""
    for _ in range(600):
        if condition():
            return
        event.wait(0.1)
        event.clear()
    raise AssertionError("it did not come")


def test_its_runs_are_those_of_a_person(sim, address, tmp_path) -> None:
    items = [
        {"learning_rate": 0.01, "batch_size": 4, "weights": AS_THEY_ARE},
        {"learning_rate": 0.1, "batch_size": 10, "weights": AS_BUILT},
    ]
    sweep = start_sweep(sim, PLAN, DATA, items, folder=tmp_path, name="s", address=address)
    rows = sweep.wait()
    assert [row["state"] for row in rows] == ["finished"] * 2
    assert [row["run"] for row in rows] == sorted(runs.open(tmp_path)) == ["s 01", "s 02"]
    begin = tmp_path / "begin.npz"
    sim.save_params(begin)
    for item, row in zip(items, rows, strict=True):
        plan = Plan.read(PLAN.facts() | item)
        size = item["batch_size"]
        with nengolab.Simulator(sim.network, minibatch_size=size, progress_bar=False) as own:
            own.load_params(begin)
            made = ready(plan, sim.network, DATA, size)
            compile_as(own, plan, made.compile)
            hand = runs.start(
                own, made.x, made.y, epochs=2, folder=tmp_path / "by hand", **made.fit
            )
            hand.wait()
            kept = runs.open(tmp_path)[row["run"]]
            for name, values in hand.history.items():
                np.testing.assert_allclose(kept.history[name], values, rtol=1e-6, err_msg=name)
            weights = {n: np.array(p.value) for n, p in own.parameters.items()}
            kept.restore(own, "last")
            for name, parameter in own.parameters.items():
                np.testing.assert_allclose(parameter.value, weights[name], rtol=1e-6, atol=1e-7)
        assert row["metrics"]["val_loss"] == hand.history["val_loss"][hand.best_epoch - 1]
        assert kept.facts["sweep"] == {"name": "s", "settings": item}
        assert f"minibatch_size={size}, seed={sim.seed}" in kept.facts["plan"]["lines"][0]
    # In another process it is the same.
    record = runs.open(tmp_path).sweeps["s"]
    assert record.rows() == rows
    assert not record.is_going
    assert list(record.table()["val_loss"]) == [row["metrics"]["val_loss"] for row in rows]


def test_failures_are_apart_and_what_is_stopped_is_kept(sim, address, tmp_path) -> None:
    told = threading.Event()
    rates = [{"learning_rate": 1e38, "epochs": 2}, {"learning_rate": 0.01, "epochs": 10**6}]
    items = [*rates, {"learning_rate": 0.02, "epochs": 10**6}, {"epochs": 10**6}, {"epochs": 1}]
    items = [{"learning_rate": 0.03} | item for item in items]
    options = {"address": address, "changed": told.set, "callbacks": [Slow()]}
    sweep = start_sweep(sim, PLAN, DATA, items, folder=tmp_path, **options)
    until(told, lambda: [r["state"] for r in sweep.rows()][:3] == ["failed", "running", "running"])
    until(told, lambda: all(r["epoch"] > 2 and r["metrics"] for r in sweep.rows()[1:3]))
    assert sweep.rows()[3]["state"] == "waiting"
    assert sweep.is_going
    with pytest.raises(ValidationError, match="there is no run 'other'; there are 5"):
        sweep.stop("other")
    sweep.stop(3)  # has not begun
    sweep.stop(sweep.runs[1])
    until(told, lambda: sweep.rows()[4]["state"] == "finished")
    assert sweep.rows()[2]["state"] == "running"
    sweep.stop()
    states = ["failed", "stopped", "stopped", "not run", "finished"]
    assert [row["state"] for row in sweep.wait()] == states
    failed = sweep.rows()[0]
    assert "NaN" in failed["error"] or "finite" in failed["error"]
    assert "Traceback" in failed["traceback"]
    kept = runs.open(tmp_path)
    assert sweep.runs[3] not in kept
    assert kept[sweep.runs[2]].epochs > 2
    assert [r["state"] for r in kept.sweeps[sweep.name].rows()] == states
    assert "1 failed, 2 stopped, 1 not run, 1 finished" in repr(kept.sweeps[sweep.name])


def test_runs_of_a_machine_without_the_folder_come_back(sim, address, tmp_path, monkeypatch):
    monkeypatch.setattr(swept, "END", ".is not there")
    items = {"epochs": [2]}
    sweep = start_sweep(sim, PLAN, DATA, items, folder=tmp_path, name="away", address=address)
    assert [row["state"] for row in sweep.wait()] == ["finished"]
    run = runs.open(tmp_path)["away 01"]
    assert len(run.history["loss"]) == run.epochs == 2
    run.restore(sim, 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["away 01", "away.sweep.json"]


@pytest.mark.in_turn
def test_a_process_that_is_killed_fails_alone(sim, tmp_path) -> None:
    told = threading.Event()
    items = [{"epochs": 10**6}, {"epochs": 1}]
    sweep = start_sweep(
        sim, PLAN, DATA, items, folder=tmp_path, name="k", workers=1, changed=told.set
    )
    until(told, lambda: sweep.rows()[0]["epoch"] > 2)
    looked = runs.open(tmp_path).sweeps["k"]  # while it goes on
    assert looked.rows()[0]["state"] == "running"
    os.kill(runs.open(tmp_path)["k 01"].facts["process"]["pid"], signal.SIGKILL)
    first, second = sweep.wait()
    assert (first["state"], second["state"]) == ("failed", "finished")
    assert "its process died" in first["error"]
    kept = runs.open(tmp_path)["k 01"]
    assert kept.state == "interrupted"
    assert kept.checkpoint("last").is_file()
    # What can be gone on with is no failure of the sweep.
    row = runs.open(tmp_path).sweeps["k"].rows()[0]
    assert (row["state"], row["epoch"]) == ("interrupted", kept.epochs)
    assert np.isfinite(row["metrics"]["loss"])


@pytest.mark.parametrize(
    ("plan", "settings", "match"),
    [
        ({}, {"epoch": [1]}, "'epoch' is nothing that can be set in a sweep: .*epochs"),
        ({}, {"epochs": [1, 0]}, "epochs: takes a whole number from 1 up, got 0"),
        ({}, {"learning_rate": []}, "'learning_rate' has no values"),
        ({}, {"optimizer": ["Adam", "Eve"]}, "'Eve' is not an optimizer: Adam"),
        ({"loss": AS_COMPILED, "optimizer": AS_COMPILED}, {"epochs": [1]}, "choose loss"),
        ({"x": "z"}, {"epochs": [1]}, "there is no variable 'z' now"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_starts(sim, tmp_path, plan, settings, match):
    folder = tmp_path / "runs"
    with pytest.raises(ValidationError, match=match):
        start_sweep(sim, Plan.read(PLAN.facts() | plan), DATA, settings, folder=folder)
    assert not folder.exists()


# -- values, and which of them mattered ------------------------------------------------------------


def test_values() -> None:
    np.testing.assert_allclose(Range(1e-4, 1.0, 5, logarithmic=True), np.geomspace(1e-4, 1, 5))
    np.testing.assert_allclose(Range(0.0, 1.0, 7), np.linspace(0, 1, 7), rtol=1e-3)
    assert list(Range(1, 3, 9)) == [1, 2, 3]
    values = {"rate": Range(1e-4, 1e-1, logarithmic=True), "size": Range(1, 3), "name": ["a", "b"]}
    drawn = draw(values, 200, seed=1)
    assert drawn == draw(values, 200, seed=1) != draw(values, 200, seed=2)
    logs = np.log10([one["rate"] for one in drawn])
    assert abs(logs.mean() + 2.5) < 0.2  # uniform in the logarithm
    assert {one["size"] for one in drawn} == {1, 2, 3}
    assert len(draw({"a": [1, 2], "b": [1, 2, 3]}, 6, seed=0)) == 6
    for wrong, match in [
        (lambda: draw({"a": [1, 2]}, 3, 0), "only 2 combinations"),
        (lambda: Range(1, 1), "to a larger one"),
        (lambda: Range(0.0, 1.0, logarithmic=True), "only from a number above 0"),
        (lambda: draw({"a": Range(1.0, 1.0001)}, 9, 0), "take wider ranges"),
    ]:
        with pytest.raises(ValidationError, match=match):
            wrong()


def test_which_setting_mattered() -> None:
    items = grid({"a": [0, 1], "b": ["x", "y"], "c": [7]})
    results = [1.0, 1.5, 3.0, 3.5]
    told = [
        {"settings": i, "state": "finished", "metrics": {"loss": r}}
        for i, r in zip(items, results, strict=True)
    ]
    # Sums of squares between the means of each, over that of all: 4 and 0.25 of 4.25.
    assert mattered(told) == pytest.approx({"a": 4 / 4.25, "b": 0.25 / 4.25})
    assert mattered(told[:3]) == {}
    drawn = [
        {"settings": {"r": r}, "state": "finished", "metrics": {"loss": r**3}}
        for r in (1.0, 2.0, 4.0, 8.0, 9.0)
    ]
    assert mattered(drawn) == pytest.approx({"r": 1.0})
