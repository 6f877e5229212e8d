"""What functions of a live network print: to whoever watches, with the object's name."""

import sys
import threading

import nengo
import numpy as np
import pytest

from nengolab import Simulator
from nengolab.live import PrintedLine, Session
from nengolab.live.prints import KEPT, LONGEST, Prints


def talking():
    """Make a network whose Node says each step, in two pieces, and warns once."""

    def says(t, x):
        print("step", round(t * 1000))
        if round(t * 1000) == 2:
            print("careful", file=sys.stderr)
        return x

    with nengo.Network(seed=1) as net:
        env = nengo.Node(says, size_in=1, label="env")
        nengo.Connection(nengo.Node(0.5, label="drive"), env, synapse=None)
        net.env = nengo.Probe(env)
    return net


def test_lines_come_with_the_name_and_only_while_somebody_watches(capfd):
    lines = []
    with Session(talking(), speed=None) as session:
        stop = session.watch_prints(lines.append)
        session.wait_until("ready", 60)
        capfd.readouterr()  # Nengo tries functions when it builds
        session.step(3).result(60)
        said = [PrintedLine("env", f"step {i}") for i in (1, 2, 3)]
        said.insert(2, PrintedLine("env", "careful"))
        assert lines == said == session.printed
        print("by a cell")
        stop()
        session.step(1).result(60)
        assert lines == said
    out, _ = capfd.readouterr()
    assert out.split("\n")[:2] == ["by a cell", "step 4"]


def test_a_simulator_that_was_given_prints_again_as_always(capfd):
    with Simulator(talking(), progress_bar=False) as sim:
        with Session(sim, speed=None) as session:
            session.watch_prints(lambda line: None)
            capfd.readouterr()
            session.step(2).result(60)
        assert capfd.readouterr().out == ""
        sim.run_steps(1)
    assert capfd.readouterr().out == "step 3\n"


def test_a_rebuilt_network_is_heard():
    lines = []
    with Session(talking(), speed=None) as session:
        session.watch_prints(lines.append)
        session.step(1).result(60)
        session.rebuild()
        session.step(1).result(60)
    assert [line.text for line in lines] == ["step 1", "step 2", "careful"]


def test_pieces_become_lines_and_a_flood_is_bounded():
    prints = Prints()
    assert not prints.take("a", "nobody hears\n")
    prints.watch(lambda line: None)
    for piece in ("one ", "line\nan", "other\n", "the rest"):
        assert prints.take("a", piece)
    prints.take("b", "between\n")
    assert list(prints.lines) == [
        PrintedLine("a", "one line"),
        PrintedLine("a", "another"),
        PrintedLine("b", "between"),
    ]
    prints.take("a", "x" * 3 * LONGEST)
    assert len(prints.lines[-1].text) == LONGEST
    for i in range(2 * KEPT):
        prints.take("c", f"{i}\n")
    assert len(prints.lines) == KEPT
    assert prints.lines[-1].text == str(2 * KEPT - 1)


@pytest.mark.parametrize("heard", [False, True])
def test_other_threads_print_as_always(capfd, heard):
    """A Node that prints in its own thread, and one of nobody's, beside it."""
    net, lines = talking(), []
    with Session(net, speed=None) as session:
        if heard:
            session.watch_prints(lines.append)
        session.step(1).result(60)
        other = threading.Thread(target=print, args=("from elsewhere",))
        other.start()
        other.join()
    out = capfd.readouterr().out
    assert "from elsewhere\n" in out
    assert ("step 1" in out) == (not heard)
    assert np.array_equal([line.text for line in lines], ["step 1"] if heard else [])
