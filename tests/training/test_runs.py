"""Runs of training: steered, kept on disk, gone on with to the same numbers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab import checks, runs
from nengolab.exceptions import SimulationError, SimulatorBusy, ValidationError
from nengolab.runs import record
from nengolab.runs.run import _going

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (24, 5, 1)).astype(np.float32)
Y = X**2


@pytest.fixture(scope="module")
def sim():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(stateful=False)
        a = nengo.Node([0])
        b = nengo.Ensemble(20, 1, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(a, b, synapse=None)
        nengo.Probe(b, label="out")
    with nengolab.Simulator(net, minibatch_size=4, seed=1, progress_bar=False) as sim:
        yield sim


@pytest.fixture
def compiled(sim):
    """The simulator as it was built, compiled anew."""
    sim.reset(include_trainable=True)
    sim.compile(keras.optimizers.Adam(0.01), loss="mse")
    yield sim
    for run in list(_going.values()):
        run.stop()


@pytest.fixture(scope="module")
def alone(sim):
    """Loss and weights of three epochs of ``sim.fit``."""
    sim.reset(include_trainable=True)
    sim.compile(keras.optimizers.Adam(0.01), loss="mse")
    history = sim.fit(X, Y, epochs=3, verbose=0).history
    return history["loss"], values(sim)


def values(sim):
    return {n: np.array(p.value) for n, p in sim.parameters.items() if p.trainable}


def check_same(run, sim, alone):
    losses, weights = alone
    assert run.history["loss"] == pytest.approx(losses, rel=1e-6)
    for name, value in values(sim).items():
        np.testing.assert_array_equal(value, weights[name], name)


class Slow(keras.callbacks.Callback):
    """So that there is time to do something to a run."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)


def until(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_computes_what_fit_computes_and_keeps_all_of_it(compiled, alone, tmp_path):
    folder = tmp_path / "runs"
    run = runs.start(
        compiled, X, Y, epochs=3, folder=folder, name="one", tags=["b", "a"], note="first"
    )
    assert run.wait() == "finished"
    check_same(run, compiled, alone)
    [name] = runs.open(folder)
    kept = record.Record(folder / name)
    assert (kept.state, kept.epochs, kept.tags, kept.note) == ("finished", 3, ["a", "b"], "first")
    assert kept.history["loss"] == pytest.approx(alone[0], rel=1e-6)
    steps, losses = kept.metrics["batch_loss"]
    assert steps.tolist() == list(range(1, 19))
    assert losses[5] == pytest.approx(alone[0][0], rel=1e-5)  # Keras's mean over the epoch
    assert kept.best_epoch == 1 + int(np.argmin(alone[0]))
    facts = kept.facts
    assert facts["training"]["optimizer"]["class"] == "Adam"
    assert facts["training"]["learning_rate"] == 0.01
    assert facts["data"]["x"]["shape"] == [24, 5, 1]
    assert facts["environment"]["nengo"] == nengo.__version__
    # The weights after each epoch, in any simulator of the network.
    compiled.reset(include_trainable=True)
    start = values(compiled)
    kept.restore(compiled, "last")
    for name, value in values(compiled).items():
        np.testing.assert_array_equal(value, alone[1][name])
    kept.restore(compiled, 0)
    for name, value in values(compiled).items():
        np.testing.assert_array_equal(value, start[name])
    with pytest.raises(ValidationError, match=r"no checkpoint 7; kept.*\[0, 1, 2, 3\]"):
        kept.restore(compiled, 7)


def test_tensorboard_reads_its_metrics(compiled, tmp_path):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator
    run = runs.start(compiled, X, Y, epochs=2, folder=tmp_path, validation_data=(X, Y))
    run.wait()
    for where, name in (("train", "loss"), ("validation", "val_loss")):
        read = accumulator(str(run.folder / where))
        read.Reload()
        from tensorflow import make_ndarray

        found = [float(make_ndarray(e.tensor_proto)) for e in read.Tensors("epoch_loss")]
        assert found == pytest.approx(run.history[name])


def test_paused_it_stands_and_goes_on_to_the_same_numbers(compiled, alone, tmp_path):
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Slow()])
    until(lambda: run.progress.batch > 1)
    run.pause()
    assert run.state == record.Record(run.folder).state == "paused"
    stands = run.progress
    time.sleep(0.2)
    assert run.progress == stands
    with pytest.raises(SimulatorBusy, match="the run"):
        compiled.run_steps(1)
    with pytest.raises(SimulatorBusy, match="the run"):
        runs.start(compiled, X, Y, folder=tmp_path)
    assert len(runs.open(tmp_path)) == 1, "what did not begin leaves nothing"
    run.resume()
    assert run.wait() == "finished"
    check_same(run, compiled, alone)
    with pytest.raises(SimulationError, match="it is finished"):
        run.pause()


def test_stopped_inside_an_epoch_it_goes_on_to_the_same_numbers(compiled, alone, tmp_path):
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Slow()])
    until(lambda: run.progress.epoch == 2 and run.progress.batch > 1)
    run.stop()
    assert (run.state, run.epochs) == ("stopped", 1)
    assert compiled.best.last is not None
    again = runs.go_on(run)
    assert again.wait() == "finished"
    check_same(again, compiled, alone)
    steps, _ = again.metrics["batch_loss"]
    assert steps.tolist() == list(range(1, 19))
    assert record.Record(run.folder).metrics["batch_loss"][0].tolist() == steps.tolist()


def test_more_epochs_and_back_to_an_earlier_one(compiled, alone, tmp_path):
    run = runs.start(compiled, X, Y, epochs=1, folder=tmp_path)
    run.wait()
    run = runs.go_on(run, epochs=2)
    assert run.wait() == "finished"
    check_same(run, compiled, alone)
    run = runs.go_on(run, start=1)
    assert run.epochs == 1
    assert run.wait() == "finished"
    check_same(run, compiled, alone)
    with pytest.raises(ValidationError, match="all 3 epochs"):
        runs.go_on(run)


def test_the_learning_rate_is_changed_on_the_way_and_again_when_it_goes_on(compiled, tmp_path):
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Slow()])
    until(lambda: run.progress.epoch == 2 and run.progress.batch > 1)
    run.set_learning_rate(0.05)
    run.wait()
    [change] = run.facts["changes"]
    assert 7 <= change["batch"] < 18
    assert run.history["learning_rate"][-1] == pytest.approx(0.05)
    weights = values(compiled)
    # From after the first epoch, as if it had been killed then: the change comes at its batch.
    facts = json.loads((run.folder / "run.json").read_text())
    facts |= {"epochs": 1, "batches": facts["batches"][:1], "state": "stopped"}
    (run.folder / "run.json").write_text(json.dumps(facts))
    again = runs.go_on(record.Record(run.folder), compiled, X, Y, callbacks=())
    again.wait()
    for name, value in values(compiled).items():
        np.testing.assert_array_equal(value, weights[name])
    with pytest.raises(SimulationError, match="it is finished"):
        run.set_learning_rate(1)


def test_bad_rates_are_refused(compiled, tmp_path):
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Slow()])
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValidationError, match="above 0"):
            run.set_learning_rate(wrong)
    run.stop()
    compiled.compile(
        keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)), loss="mse"
    )
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Slow()])
    with pytest.raises(ValidationError, match="schedule"):
        run.set_learning_rate(0.1)
    run.stop()


def test_other_data_and_missing_callbacks_are_noticed(compiled, tmp_path):
    run = runs.start(compiled, X, Y, epochs=1, folder=tmp_path, callbacks=[Slow()])
    run.wait()
    with pytest.raises(ValidationError, match=r"x.*has the shape.*other numbers"):
        runs.go_on(run, compiled, X + 1, Y, epochs=1, callbacks=[Slow()])
    with pytest.raises(ValidationError, match=r"y.*\(24, 5, 1\).*\(12, 5, 1\)"):
        runs.go_on(run, compiled, X, Y[:12], epochs=1, callbacks=[Slow()])
    with pytest.raises(ValidationError, match="Slow.*give them again"):
        runs.go_on(run, compiled, X, Y, epochs=1)
    assert record.Record(run.folder).state == "finished"
    again = runs.go_on(run, compiled, X + 1, Y, epochs=1, callbacks=(), other_data=True)
    assert again.wait() == "finished"


def test_what_fails_is_said_and_nothing_is_lost(compiled, tmp_path):
    with pytest.raises(ValidationError):
        runs.start(compiled, X[:, :, :0], Y, folder=tmp_path)
    assert list(runs.open(tmp_path)) == []

    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.numpy() == 9:
                raise RuntimeError("the cable came loose")

    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path, callbacks=[Fails()])
    with pytest.raises(RuntimeError, match="cable"):
        run.wait()
    kept = record.Record(run.folder)
    assert (kept.state, kept.epochs) == ("failed", 1)
    assert kept.error == "RuntimeError: the cable came loose"
    assert "on_train_batch_end" in kept.facts["traceback"]
    compiled.run_steps(1)  # it belongs to nobody
    again = runs.go_on(kept, compiled, X, Y, callbacks=())
    assert again.wait() == "finished"
    assert again.error is None


def test_a_full_disk_lets_it_wait(compiled, alone, tmp_path, monkeypatch):
    from nengolab.saving import archive

    full = [True]
    write = archive.write

    def failing(path, *rest):
        if full and path.stem == "0002":
            raise OSError(28, "No space left on device")
        return write(path, *rest)

    monkeypatch.setattr(archive, "write", failing)
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path)
    until(lambda: run.problem)
    assert "No space left" in run.problem
    assert "after epoch 2" in run.problem
    until(lambda: run.state == "paused")
    run.resume()
    until(lambda: run.problem)  # still full
    full.clear()
    run.resume()
    assert run.wait() == "finished"
    check_same(run, compiled, alone)
    assert run.kept == [0, 1, 2, 3]


@pytest.mark.parametrize("ends", ["finished", "stopped"])
def test_a_slow_disk_holds_nothing_up(ends, compiled, alone, tmp_path, monkeypatch):
    """An epoch counts when its checkpoint is written; the next is trained meanwhile."""
    from nengolab.saving import archive

    slow, write = threading.Event(), archive.write

    def waiting(path, *rest):
        assert path.stem != "0001" or slow.wait(60)
        return write(path, *rest)

    monkeypatch.setattr(archive, "write", waiting)
    run = runs.start(compiled, X, Y, epochs=3, folder=tmp_path)
    until(lambda: run.progress.epoch == 2 and run.progress.batch > 0)
    assert (run.epochs, run.kept) == (0, [0])
    if ends == "stopped":
        run.stop(wait=False)
    slow.set()
    assert run.wait() == ends
    kept = record.Record(run.folder)
    assert kept.kept == [0, 1, 2, 3][: 1 + kept.epochs]
    assert len(kept.facts["batches"]) == kept.epochs
    if ends == "finished":
        check_same(run, compiled, alone)


def test_what_others_write_meanwhile_stays(compiled, tmp_path):
    run = runs.start(compiled, X, Y, epochs=2, folder=tmp_path, callbacks=[Slow()])
    elsewhere = record.Record(run.folder)
    until(lambda: record.Record(run.folder).epochs == 1)
    elsewhere.note = "looks good"
    assert record.Record(run.folder).epochs == 1, "what it did not change is as it was there"
    run.tags = ["kept"]
    run.wait()
    last = record.Record(run.folder)
    assert (last.note, last.tags, last.epochs) == ("looks good", ["kept"], 2)


def test_a_file_that_was_cut_off_counts_as_far_as_it_goes(compiled, tmp_path, capfd):
    run = runs.start(compiled, X, Y, epochs=2, folder=tmp_path)
    run.wait()
    [path] = (run.folder / "train").iterdir()
    path.write_bytes(path.read_bytes()[:-10])
    kept = record.Record(run.folder)
    assert kept.history["loss"] == run.history["loss"]
    assert len(kept.history["learning_rate"]) == 1
    path.write_bytes(b"")
    assert record.Record(run.folder).metrics == {}
    assert "deprecated" not in capfd.readouterr().err


def test_a_run_begins_with_its_first_epoch(compiled, tmp_path):
    with pytest.raises(ValidationError, match="go_on"):
        runs.start(compiled, X, Y, folder=tmp_path, initial_epoch=2)


def test_checkpoints_that_nobody_needs_are_deleted(compiled, tmp_path):
    run = runs.start(compiled, X, Y, epochs=5, folder=tmp_path, keep_every=3)
    run.wait()
    assert set(run.kept) == {0, 3, 5, run.best_epoch}


def test_table_differences_and_delete(compiled, tmp_path):
    first = runs.start(compiled, X, Y, epochs=1, folder=tmp_path, name="a", batch_size=4)
    first.wait()
    compiled.compile(keras.optimizers.SGD(0.1), loss="mse")
    own = {"folder": tmp_path, "name": "a", "batch_size": 2, "learning_rates": {3: 0.05}}
    second = runs.start(compiled, X, Y + 1, epochs=2, **own)
    second.wait()
    found = runs.open(tmp_path)
    assert list(found) == ["a", "a 2"]
    table = found.table()
    assert table.loc["a 2", "optimizer"] == "SGD"
    assert table.loc["a", "batch_size"] == 4
    assert table.loc["a 2", "loss"] == pytest.approx(min(second.history["loss"]), rel=1e-6)
    differing = {what: (a, b) for what, a, b in found.differences("a", "a 2")}
    assert differing["fit.batch_size"] == (4, 2)
    assert differing["planned"] == (1, 2)
    assert differing["learning_rate.from batch 3"] == (None, 0.05)
    assert "other numbers" in differing["data"][0]
    with pytest.raises(ValidationError, match="give that name"):
        found["a"].delete(confirm="b")
    found["a"].delete(confirm="a")
    assert list(found) == ["a 2"]
    with pytest.raises(KeyError, match="a 2"):
        found["a"]


def test_whole_numbers_may_be_large():
    assert checks.whole(10**30, "seed", 0) == 10**30
    for wrong in (-(10**30), float("inf"), 1e30 + 0.5j):
        with pytest.raises(ValidationError, match="whole number from 0 up"):
            checks.whole(wrong, "seed", 0)


@pytest.mark.parametrize("name", ["a/b", "", "..", ".hidden", "what?", 3])
def test_names_that_no_folder_can_have(compiled, tmp_path, name):
    with pytest.raises(ValidationError, match="folder can be called"):
        runs.start(compiled, X, Y, folder=tmp_path, name=name)
    with pytest.raises(ValidationError, match="at most 200 bytes.* got one of 302: 'éé"):
        runs.start(compiled, X, Y, folder=tmp_path, name="é" * 151)


def test_files_that_are_no_runs(compiled, tmp_path):
    with pytest.raises(ValidationError, match="no folder"):
        runs.open(tmp_path / "none")
    (tmp_path / "bad").mkdir()
    with pytest.raises(ValidationError, match=r"holds no run.json"):
        record.Record(tmp_path / "bad")
    for text, said in (("{", "no JSON"), ("[]", "format"), ('{"format": 1}', "lacks")):
        (tmp_path / "bad" / "run.json").write_text(text)
        with pytest.raises(ValidationError, match=said):
            record.Record(tmp_path / "bad")


# What is imported once is forked: one process ends in the middle of a run, one between two epochs
# of a run, when nothing can be written any more, and one is killed.
ENDING = """
import atexit, os, signal, sys
import keras, nengo, numpy as np
import nengolab
from tests.training.test_runs import X, Y

name = next((name for name in ("left", "between") if not os.fork()), None)
if name is None:
    assert [os.wait()[1], os.wait()[1]] == [0, 0]
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(stateful=False)
        a = nengo.Node([0])
        b = nengo.Ensemble(20, 1, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(a, b, synapse=None)
        nengo.Probe(b, label="out")

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.numpy() < 10:
                return
            if nengolab.runs.open(sys.argv[1])["killed"].epochs:  # written beside the training
                os.kill(os.getpid(), signal.SIGKILL)

    sim = nengolab.Simulator(net, minibatch_size=4, seed=1, progress_bar=False)
    sim.compile(keras.optimizers.Adam(0.01), loss="mse")
    nengolab.runs.start(
        sim, X, Y, epochs=3, folder=sys.argv[1], name="killed", callbacks=[Kill()]
    ).wait()
else:
    os.dup2(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    with nengo.Network(seed=0) as net:
        a = nengo.Node([0])
        b = nengo.Ensemble(20, 1)
        nengo.Connection(a, b)
        nengo.Probe(b)
    sim = nengolab.Simulator(net, minibatch_size=4, seed=1, progress_bar=False)
    sim.compile("adam", loss="mse")
    x = np.zeros((400, 5, 1))
    run = nengolab.runs.start(sim, x, x, epochs=1000, folder=sys.argv[1], name=name)
    if name == "between":
        while run.epochs < 1:
            pass
        atexit.register(run.wait)  # so it is not told to stop before it would write
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder of the runs, the script, and what the process said that ended by itself."""
    folder = tmp_path_factory.mktemp("ended")
    script, said = folder / "ending.py", folder / "said.txt"
    script.write_text(ENDING)
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "runs"), str(said)],
        # OpenBLAS's threads would not be there in a fork.
        env=os.environ
        | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return runs.open(folder / "runs"), script, said.read_text()


def test_killed_it_is_interrupted_and_goes_on_to_the_same_numbers(ended, compiled, alone):
    found, script, _ = ended
    kept = found["killed"]
    assert (kept.state, kept.epochs) == ("interrupted", 1)
    assert kept.code == script.read_text()
    shutil.copytree(kept.folder, kept.folder.parent / "copy")
    again = runs.go_on(kept, compiled, X, Y, callbacks=())
    assert again.wait() == "finished"
    check_same(again, compiled, alone)
    assert runs.open(kept.folder.parent)["copy"].state == "interrupted"


def test_the_interpreter_ends_in_the_middle_of_a_run(ended):
    found, _, said = ended
    assert said == ""
    assert found["left"].state == "stopped"
    between = found["between"]
    assert (between.state, between.error) == ("stopped", None)
    assert between.epochs >= 1
