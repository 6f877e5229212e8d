"""Training under strategies against one device, for the same global batches."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.in_turn("distribute")

ROOT = Path(__file__).parents[2]
SECONDS = 500  # for a process, however busy the machine is


def ports(n):
    """Ports that are free now."""
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What two logical devices, and two workers, found: in processes that end in any case."""
    folder = tmp_path_factory.mktemp("distributed")
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "no_proxy": "127.0.0.1,localhost"}
    env["OPENBLAS_NUM_THREADS"] = "1"  # its threads would not be there in a fork
    env.pop("TF_CONFIG", None)
    module = [sys.executable, "-m", "tests.training.distributed", str(folder), *ports(2)]
    process = subprocess.Popen(module, cwd=ROOT, env=env, start_new_session=True)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it was forked to
        process.wait()
    said = {name: (folder / f"{name}.txt").read_text() for name in ("mirrored", "0", "1")}
    assert process.returncode == 0, "\n".join(f"--- {n}: {t[-3000:]}" for n, t in said.items())
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in said}
    return found | {"said": said}


def assert_alike(found, expected, where=""):
    """Same keys, same numbers."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_alike(found[key], value, f"{where}/{key}")
        return
    expected = np.array(expected, dtype=float)
    scale = np.nanmax(np.abs(expected), initial=1e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * scale, err_msg=where)


@pytest.mark.parametrize("scenario", ["rates", "spikes", "keeping"])
def test_two_devices_learn_as_one(processes, scenario):
    one, two = processes["mirrored"][scenario]
    assert_alike(two, one)


@pytest.mark.parametrize("scenario", ["rates", "spikes"])
def test_there_is_something_to_learn(processes, scenario):
    """The comparison would mean nothing if nothing changed."""
    (one, _) = processes["mirrored"][scenario]
    losses = one["history"]["loss"]
    assert losses[-1] < 0.97 * losses[0]
    assert len(one["weights"]) >= 3


@pytest.mark.parametrize("scenario", ["rates", "spikes"])
@pytest.mark.parametrize("worker", ["0", "1"])
def test_two_workers_learn_as_one_device(processes, scenario, worker):
    assert_alike(processes[worker][scenario], processes["mirrored"][scenario][0])


def test_random_functions_follow_the_seed_and_no_two_items_get_the_same(processes):
    first, again = processes["mirrored"]["drawing"]
    assert first == again
    assert len(np.unique(np.ravel(first["out"]))) == np.size(first["out"])
    assert first["losses"][0] != first["losses"][1]


def test_parameters_are_kept_as_on_one_device(processes):
    _, found = processes["mirrored"]["keeping"]
    same = [found[k] for k in ("loaded", "restored", "copied")]
    np.testing.assert_allclose(same, found["trained"], rtol=1e-5)
    assert found["zero"] != pytest.approx(found["trained"], rel=1e-2)
    assert found["reset"] != pytest.approx(found["trained"], rel=1e-3)
    assert found["steps"] == 3  # 21 items are three batches


@pytest.mark.parametrize(
    ("case", "words"),
    {
        "batch": ["minibatch_size", "5", "2 replicas", "6"],
        "none": ["minibatch_size", "1", "2 replicas"],
        "kind": ["strategy", "MirroredStrategy", "'mirrored'", "str"],
        "scope": ["strategy", "outside of strategy.scope()"],
        "accumulate": ["optimizer", "gradient_accumulation_steps=2", "minibatch_size"],
        "metric": ["metrics", "mean_absolute_error", "outside"],
        "stateful": ["stateful", "fit", "strategy"],
        "nan": ["SimulationError", "'out'", "step 1", "weights are those before"],
    }.items(),
)
def test_errors_say_what_would_work(processes, case, words):
    message = processes["mirrored"]["errors"][case]
    assert all(word in message for word in words), message


def test_weights_before_a_bad_batch_are_kept(processes):
    errors = processes["mirrored"]["errors"]
    assert errors["kept"]
    assert errors["batches"] == [1, 1]  # the second one is bad


@pytest.mark.parametrize("worker", ["0", "1"])
def test_workers_that_differ_are_told(processes, worker):
    found = processes[worker]["workers"]
    assert "same seed" in found["seed"]
    assert "give the network a seed" in found["network"]
    assert "same data" in found["data"]


def test_workers_stop_together_and_the_first_shows_progress(processes):
    first, second = (processes[w]["workers"] for w in ("0", "1"))
    assert first["epochs"] == second["epochs"] == 2
    assert first["files"] == ["best.weights.h5"]
    assert second["files"] == []
    assert "Epoch 2/6" in processes["said"]["0"]
    assert "Epoch" not in processes["said"]["1"]
