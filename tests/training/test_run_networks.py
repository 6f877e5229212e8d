"""What differs between the networks of runs that other kernels made."""

import subprocess
import sys

import pytest

import nengolab
from nengolab import runs
from nengolab.exceptions import ValidationError

pytestmark = pytest.mark.in_turn

SCRIPT = """\
import sys
import nengo, numpy as np
import nengolab
from nengolab import runs

def build(radius, tau, power, start):
    with nengo.Network(seed=0) as net:
        a = nengo.Node([0], label="a")
        b = nengo.Ensemble(9, 1, radius=radius, encoders=np.full((9, 1), start), label="b")
        nengo.Connection(a, b, function=lambda x: x**power, synapse=tau, label="c")
        nengo.Probe(b, label="out")
    return net

def keep(name, *told):
    with nengolab.Simulator(build(*told), progress_bar=False) as sim:
        sim.compile("sgd", loss="mse")
        x = np.ones((2, 3, 1))
        runs.start(sim, x, x, folder=sys.argv[1], name=name).wait()

keep("one", 1.0, 0.005, 2, 1.0)
keep("two", 2.0, None, 3, -1.0)
"""
TOLD = {"one": (1.0, 0.005, 2, 1.0), "two": (2.0, None, 3, -1.0)}


@pytest.mark.in_turn
def test_networks_of_other_kernels_are_told_apart_by_what_was_kept(tmp_path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    here: dict = {}
    exec(SCRIPT.partition("def keep")[0], here)
    nets = {name: here["build"](*told) for name, told in TOLD.items()}
    kept = runs.open(tmp_path)
    for name, net in nets.items():
        told = kept[name].network
        assert not nengolab.inspect.diff_described(told, nengolab.inspect.describe(net))
    differing = kept.differences("one", "two")
    found = {what: pair for what, *pair in differing if what.startswith("network: ")}
    assert found["network: b: radius"] == ["1.0", "2.0"]
    by_structure = nengolab.inspect.diff(*nets.values()).rows
    assert {f"network: {row.a}: {row.what}" for row in by_structure} == found.keys()
    assert len(found) == 4
    began = {what for what, *_ in differing if what.startswith("weights at the start: ")}
    assert "weights at the start: b.encoders" in began
    path = tmp_path / "one" / "network.json"
    path.write_text("[]")
    with pytest.raises(ValidationError, match="describes no network"):
        _ = kept["one"].network
    path.unlink()  # as of a run before there was one
    assert not [what for what, *_ in kept.differences("one", "two") if what.startswith("network")]
