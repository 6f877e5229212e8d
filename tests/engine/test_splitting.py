"""XLA cuts operations into a part for each core only in loops that are long enough for it."""

from __future__ import annotations

import os
import subprocess
import sys

import nengo
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler import shares
from nengolab.compiler.splitting import splitting

several_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="XLA has nothing to split for")


def is_split() -> bool:
    """Whether XLA splits a long operation at this moment."""

    @tf.function(jit_compile=True)
    def long(x):
        return tf.exp(x) * tf.sin(x)

    program = long.experimental_get_compiler_ir(tf.ones(600_000))(stage="optimized_hlo")
    return "outer_dimension_partitions" in program


@several_cores
def test_xla_splits_where_it_may_and_always_after_that(monkeypatch):
    assert is_split()  # XLA has read its options
    with splitting(False):
        pass
    monkeypatch.setenv("XLA_FLAGS", "--not-for-xla")  # too late: XLA never sees it
    with splitting(False):
        assert not is_split()
        assert os.environ["XLA_FLAGS"] == "--not-for-xla"
        with splitting(True):  # something is being compiled: nothing changes under its eyes
            assert not is_split()
        assert not is_split()
    assert is_split()
    with splitting(True), splitting(False):
        assert is_split()
    assert is_split()


def ensemble(neurons: int) -> nengo.Network:
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(neurons, 1, n_eval_points=10)
        nengo.Connection(ens, ens)
    return net


@several_cores
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_large_groups_are_worth_it_where_there_are_cores(monkeypatch, cores):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    worth = {}
    for neurons in (2_000, 40_000):
        with nengolab.Simulator(ensemble(neurons), progress_bar=False) as sim:
            groups = list(sim._engine.runner.program.groups.values())
            worth[neurons] = shares.worth_splitting(groups, 1)
    assert worth == {2_000: False, 40_000: cores == 8}


WITH_FLAGS = """
import sys
import tensorflow as tf
import nengolab
from tests.engine.test_splitting import ensemble, is_split

with nengolab.Simulator(ensemble(10_000), progress_bar=False) as sim:
    sim.run_steps(5)
assert is_split()
"""


@pytest.mark.in_turn
@several_cores
def test_a_run_is_not_split_and_the_persons_options_stay(tmp_path):
    own = f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text"
    result = subprocess.run(
        [sys.executable, "-c", WITH_FLAGS],
        env={**os.environ, "XLA_FLAGS": own},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    programs = [path.read_text() for path in tmp_path.glob("*cpu_after_optimizations.txt")]
    loops = [text for text in programs if " while(" in text]
    assert loops
    assert not any("outer_dimension_partitions" in text for text in loops)
    assert any("outer_dimension_partitions" in text for text in programs if text not in loops)
