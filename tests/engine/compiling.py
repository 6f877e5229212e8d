"""Run as a program: how many modules XLA compiles while loops through Python run on.

``python -m tests.engine.compiling FOLDER`` prints, for each way of running a network in which every
kind of operation lies on one feedback path with a Python function, how many modules were compiled
at first and how many in runs after that. XLA itself counts: it writes each module into ``FOLDER``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest.mock import patch

if __name__ == "__main__":
    # They are counted, hardly run.
    cheap = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    os.environ["XLA_FLAGS"] = f"--xla_dump_to={sys.argv[1]} --xla_dump_hlo_as_text {cheap}"

import nengo
import numpy as np
import scipy.sparse

import nengolab
from nengolab.compiler import crossing
from tests.engine.test_own_neurons import Dice, HalfLIF


def every_kind() -> nengo.Network:
    """One of every kind of operation, each in a loop through ``world``."""
    rng = np.random.RandomState(0)
    seen = []

    def world(t, x):
        seen.append(t)
        return np.sin(20 * t) + 0.1 * np.tanh(x.sum()), 0.5

    with nengo.Network(seed=0) as net:
        net.config[nengo.Ensemble].n_eval_points = 100
        node = nengo.Node(world, size_in=1, size_out=2)
        back = lambda obj, **how: nengo.Connection(  # noqa: E731
            obj, node, transform=np.full((1, obj.size_out), 1 / obj.size_out), **how
        )
        a = nengo.Ensemble(200, 2)
        nengo.Connection(node, a)
        types = {
            "dense": nengo.LIF(),
            "sparse": nengo.AdaptiveLIF(),
            "weights": nengo.SpikingRectifiedLinear(),
            "decoded": nengo.PoissonSpiking(nengo.LIFRate()),
            "convolved": nengo.StochasticSpiking(nengo.LIFRate()),
            "izhikevich": nengo.Izhikevich(),
            "half": HalfLIF(),
            "dice": Dice(),
        }
        made = {name: nengo.Ensemble(200, 2, neuron_type=t) for name, t in types.items()}
        for ens in made.values():
            nengo.Connection(node, ens, synapse=nengo.Alpha(0.01))
            back(ens, synapse=nengo.synapses.Triangle(0.01))
        weights = rng.normal(0, 1e-4, (200, 200))
        nengo.Connection(a.neurons, made["dense"].neurons, transform=weights)
        sparse = scipy.sparse.random(200, 200, 0.1, random_state=rng) * 1e-3
        nengo.Connection(
            a.neurons, made["sparse"].neurons, transform=nengo.Sparse((200, 200), init=sparse)
        )
        solver = nengo.solvers.LstsqL2(weights=True)
        nengo.Connection(made["decoded"], made["weights"], solver=solver)
        wide = nengo.Node(size_in=100)
        nengo.Connection(a, wide, function=lambda x: np.tile(x, 50))
        back(wide)
        conv = nengo.Convolution(2, (20, 10, 1), init=rng.normal(0, 1e-4, (3, 3, 1, 2)))
        filtered = nengo.Node(size_in=conv.output_shape.size)
        nengo.Connection(a.neurons, filtered, transform=conv)
        back(filtered)
        learned = nengo.Connection(
            a, made["izhikevich"], learning_rule_type=nengo.PES(), function=lambda x: x * x
        )
        nengo.Connection(made["dense"], learned.learning_rule)
        nengo.Connection(
            made["dense"], made["sparse"], learning_rule_type=nengo.Voja(post_synapse=None)
        )
        nengo.Connection(
            a.neurons,
            made["dense"].neurons,
            transform=weights,
            learning_rule_type=[nengo.BCM(1e-9), nengo.Oja(1e-6)],
        )
        tensor = nengolab.TensorNode(lambda t, x: x * x, shape_in=(2,), pass_time=True)
        nengo.Connection(made["half"], tensor)
        back(tensor)
        net.probe = nengo.Probe(node, synapse=0.01)
    return net


def compiled(folder: Path) -> int:
    """Modules that XLA has compiled up to now."""
    return len(list(folder.glob("module_*before_optimizations.txt")))


def main(folder: Path) -> None:
    """Print the counts of each way, one to a line."""
    obstacle = crossing.obstacle
    for way, batch in (("", 1), ("it was asked for", 1), ("it was asked for", 2)):
        with patch.object(crossing, "obstacle", lambda way=way: way or obstacle()):
            with nengolab.Simulator(every_kind(), minibatch_size=batch, progress_bar=False) as sim:
                before = compiled(folder)
                sim.run_steps(5)
                if not way:  # the form for long tiles, too
                    sim.run_steps(40)
                first = compiled(folder)
                for _ in range(4):
                    sim.run_steps(10 if way else 30)
                assert way in sim.report()
        print(first - before, compiled(folder) - first, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
