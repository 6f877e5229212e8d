"""Sweeps on real processes of Dask's: on the sweep's own, and on a cluster at an address."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import dask
import distributed
import nengo
import numpy as np
import pytest
from distributed.utils import get_mp_context
from nengo.utils.progress import ProgressBar

import nengolab
from nengolab.exceptions import SimulationError, ValidationError
from nengolab.sweep import Sweep


@pytest.fixture(scope="module")
def address():
    """A cluster of two processes, forked from one that has imported what they need."""
    method = dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
    with pytest.MonkeyPatch.context() as patch, method:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")  # its threads would not be there in a fork
        get_mp_context()  # which says at its first call what is to be imported
        multiprocessing.set_forkserver_preload(["distributed", "tensorflow", "keras", "nengolab"])
        cluster = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=40,
        )
    with cluster:
        yield cluster.scheduler_address


def _build(seed, value=0.5):
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(10, 1, label="a")
        nengo.Connection(nengo.Node(value), a)
        nengo.Probe(a, label="out", synapse=0.01)
    return net


def _here(net, run, **arguments):
    with nengolab.Simulator(net, progress_bar=False, **arguments) as sim:
        sim.run(run)
        return {sim.name_of(p): np.array(sim.data[p]) for p in net.all_probes}


# -- what is done, and what failed -------------------------------------------------------------


def test_a_grid_in_its_order_with_failures_apart(address):
    def divide(a, b):
        import os

        return {"quotient": a // b, "process": os.getpid()}

    class Bar(ProgressBar):
        seen = ()

        def update(self, progress):
            self.seen = (progress.n_steps, progress.max_steps)

    bar = Bar()
    with pytest.warns(UserWarning, match="2 of 6 items failed: see .failed"):
        found = nengolab.sweep(divide, {"a": [7, 8], "b": [0, 1, 2]}, address=address, progress=bar)
    pairs = [(7, 0), (7, 1), (7, 2), (8, 0), (8, 1), (8, 2)]
    assert found.items == [{"a": a, "b": b} for a, b in pairs]
    assert [tuple(s.values()) for s, _ in found.done] == [p for p in pairs if p[1]]
    assert [v["quotient"] for _, v in found.done] == [7, 3, 8, 4]
    assert os.getpid() not in {v["process"] for _, v in found.done}
    assert [f.settings for f in found.failed] == [{"a": 7, "b": 0}, {"a": 8, "b": 0}]
    failure = found.failed[0]
    assert failure.type == "ZeroDivisionError"
    assert "by zero" in failure.message
    assert "a // b" in failure.traceback
    assert not found.cancelled
    assert bar.seen == (6, 6)
    assert repr(found) == "<Sweep of 6: 4 done, 2 failed, 0 cancelled>"
    assert pickle.loads(pickle.dumps(found)).done == found.done


def test_networks_of_a_builder(address):
    items = [{"seed": 1}, {"seed": 2, "value": -1.0}, {"seed": 1}]
    found = nengolab.sweep(_build, items, run=0.02, address=address, progress=False)
    assert [settings for settings, _ in found.done] == items
    for settings, data in found.done:
        expected = _here(_build(**settings), 0.02)
        assert set(data) == set(expected)
        for name, values in expected.items():
            assert values.shape == (20, 1)
            np.testing.assert_allclose(data[name], values, atol=1e-6)


def test_one_network_with_settings_of_the_simulator(address):
    net = _build(3)
    with net:
        noise = nengo.Node(nengo.processes.WhiteNoise())
        nengo.Probe(noise, label="noise")
    grid = {"seed": [5, 6], "minibatch_size": [2]}
    found = nengolab.sweep(net, grid, run=0.005, address=address, progress=False)
    for settings, data in found.done:
        for name, values in _here(net, 0.005, **settings).items():
            assert values.shape == (2, 5, 1)
            np.testing.assert_allclose(data[name], values, rtol=1e-5, atol=1e-6)
    first, second = (data for _, data in found.done)
    assert any(not np.array_equal(first[name], second[name]) for name in first)


def test_what_cannot_be_sent_back_is_a_failure(address):
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    def function(kind):
        if kind == "lock":
            import threading

            return threading.Lock()
        if kind == "exit":
            raise SystemExit(3)
        if kind == "odd":
            raise Odd("one", "two")
        return kind

    items = [{"kind": k} for k in ("lock", "exit", "odd", "fine")]
    with pytest.warns(UserWarning, match="3 of 4"):
        found = nengolab.sweep(function, items, address=address, progress=False)
    assert [value for _, value in found.done] == ["fine"]
    assert [f.type for f in found.failed] == ["TypeError", "SystemExit", "Odd"]
    assert "pickle" in found.failed[0].message


def test_own_processes():
    """Two of them, with one TensorFlow each, on the loopback only; one that dies fails alone."""

    def look(kind):
        import os

        import psutil

        me = psutil.Process()
        if kind == "die":
            os._exit(7)
        parent = psutil.Process(os.getppid())
        listening = [
            c.laddr.ip
            for p in (me, parent)
            for c in p.net_connections("inet")
            if c.status == "LISTEN"
        ]
        return listening, int(os.environ["TF_NUM_INTRAOP_THREADS"])

    items = [{"kind": k} for k in ("look", "die", "look")]
    with pytest.warns(UserWarning, match="1 of 3"):
        found = nengolab.sweep(look, items, workers=2, progress=False)
    assert [settings["kind"] for settings, _ in found.done] == ["look", "look"]
    assert [f.settings["kind"] for f in found.failed] == ["die"]
    assert found.failed[0].type == "KilledWorker"
    for _, (listening, threads) in found.done:
        assert set(listening) == {"127.0.0.1"}
        assert threads >= 1


# -- interrupts --------------------------------------------------------------------------------


def _begun(folder):
    return len(list(Path(folder).glob("begun-*")))


def _wait(for_what, seconds=120):
    end = time.monotonic() + seconds
    while not for_what():
        assert time.monotonic() < end, "what the test waits for does not happen"
        time.sleep(0.05)


def _slow(i, folder):
    """Says that it has begun, and waits for leave to end."""
    import time
    from pathlib import Path

    Path(folder, f"begun-{i}").touch()
    while not Path(folder, "leave").exists():
        time.sleep(0.02)
    return i


SCRIPT = """
import sys, nengolab
from tests.training.test_sweep import _slow

if __name__ == "__main__":
    items = [{"i": i, "folder": sys.argv[1]} for i in range(6)]
    found = nengolab.sweep(_slow, items, workers=2, progress=False)
    print([value for _, value in found.done], [s["i"] for s in found.cancelled], found.failed)
"""


@pytest.mark.in_turn
@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_finishes_what_has_begun(tmp_path):
    root = Path(__file__).parents[2]
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _wait(lambda: _begun(tmp_path) == 2 or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)  # all processes get it, as from a terminal
        line = ""
        while "interrupted: 2 items" not in line:
            line = process.stderr.readline()
            assert line, "it ended without saying that it was interrupted"
        (tmp_path / "leave").touch()
        out, err = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, err[-2000:]
    assert out.strip() == "[0, 1] [2, 3, 4, 5] []"
    assert "4 of 6 items cancelled" in err


@pytest.mark.in_turn
def test_a_second_interrupt_gives_up_what_has_begun(address, tmp_path):
    interrupted = threading.Event()

    def interrupt():
        for n in (1, 2):
            _wait(lambda n=n: _begun(tmp_path) == 2 if n == 1 else interrupted.is_set())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    shown = warnings.showwarning
    thread = threading.Thread(target=interrupt)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *rest: (
            interrupted.set() if "interrupted" in str(message) else None
        )
        try:
            thread.start()
            items = [{"i": i, "folder": str(tmp_path)} for i in range(4)]
            found = nengolab.sweep(_slow, items, address=address, progress=False)
        finally:
            warnings.showwarning = shown
            (tmp_path / "leave").touch()
            thread.join()
    assert [len(found.done), len(found.failed), len(found.cancelled)] == [0, 0, 4]
    assert _begun(tmp_path) == 2


# -- tables ------------------------------------------------------------------------------------


def test_a_table():
    pandas = pytest.importorskip("pandas")
    items = [{"a": 1}, {"a": 2}, {"a": 3}]
    error = ("ValueError", "no", "...")
    plain = Sweep(items, {0: (True, 10), 2: (False, error)}).to_pandas()
    assert list(plain.columns) == ["a", "status", "value", "error"]
    assert list(plain["status"]) == ["done", "cancelled", "failed"]
    assert plain["value"][0] == 10
    assert plain["error"][2] == "ValueError: no"
    named = Sweep(items, {0: (True, {"loss": 0.5, "a": 7})}).to_pandas()
    assert list(named.columns) == ["a", "status", "loss", "value.a", "error"]
    assert named["loss"][0] == 0.5
    assert pandas.isna(named["loss"][1])


# -- wrong ones --------------------------------------------------------------------------------


def _identity(x):
    return x


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((_identity, []), "no settings"),
        ((_identity, {"x": []}), "no settings"),
        ((_identity, {"x": "abc"}), "values of 'x' must be a sequence.*one value is"),
        ((_identity, {"x": 3}), "one value is \\[3\\]"),
        ((_identity, "x"), "list of dicts, or a dict of lists"),
        ((_identity, [{"x": 1}, 2]), "item 1 must be a dict"),
        ((_identity, [{"x": 1}, {"y": 1}]), "item 1 does not fit.*it takes \\(x\\)"),
        ((3, [{}]), "must be a function or a nengo.Network, got 3"),
        ((_build(0), [{}]), "run time"),
    ],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(ValidationError, match=match):
        nengolab.sweep(*arguments)


def test_more_wrong_arguments():
    lock = threading.Lock()
    with pytest.raises(ValidationError, match="cannot be sent"):
        nengolab.sweep(lambda x: lock, {"x": [1]})
    with pytest.raises(ValidationError, match="unroll.*item is"):
        nengolab.sweep(_build(0), {"unrol": [1]}, run=1)
    with pytest.raises(ValidationError, match="workers"):
        nengolab.sweep(_identity, {"x": [1]}, workers=0)
    with pytest.raises(ValidationError, match="run"):
        nengolab.sweep(_identity, {"x": [1]}, run=0)
    with pytest.raises(ValidationError, match="has its own"):
        nengolab.sweep(_identity, {"x": [1]}, workers=2, address="tcp://127.0.0.1:1")


def test_no_cluster_at_the_address(monkeypatch):
    from importlib import import_module

    monkeypatch.setattr(import_module("nengolab.sweep.going"), "CONNECTING", 0.2)
    with pytest.raises(SimulationError, match="no Dask cluster answers at 'tcp://127.0.0.1:1'"):
        nengolab.sweep(_identity, {"x": [1]}, address="tcp://127.0.0.1:1")


def test_a_builder_must_build_networks(address):
    with pytest.warns(UserWarning, match="1 of 1"):
        found = nengolab.sweep(_identity, {"x": [1]}, run=1, address=address, progress=False)
    assert found.failed[0].type == "ValidationError"
    assert "must return a nengo.Network" in found.failed[0].message


@pytest.mark.in_turn
def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match="nengolab\\[sweep\\]"):
        nengolab.sweep(_identity, {"x": [1]})
