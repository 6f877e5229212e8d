"""A session in a plain script: the documented example, and interpreter exit."""

import subprocess
import sys
import textwrap

import pytest

import nengolab.live

HEAD = """
import nengo
from nengolab.live import LinesSpec, Session
with nengo.Network(seed=1) as net:
    ens = nengo.Ensemble(20, 1)
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )


def documented():
    """The example in the documentation."""
    lines = nengolab.live.__doc__.splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith("::"))
    block = [line for line in lines[start + 1 :] if not line or line.startswith("    ")]
    return textwrap.dedent("\n".join(block))


@pytest.mark.in_turn
def test_all_states_are_told_and_an_end_while_it_runs_is_clean():
    """In between, the example in the documentation runs."""
    done = run(
        HEAD
        + textwrap.dedent("""
        states = []
        def heard(frame):
            states.append(frame.header["state"])
            listener.ack(frame.seq)
        session = Session(net, speed=None)
        at_once = session.state
        listener = session.subscribe([], callback=heard)
        session.run_for(0.01).result(120)
        """)
        + f"exec({documented()!r}, {{}})\nprint()"
        + textwrap.dedent("""
        session.play()
        session.wait_time(0.1, 120)
        print(at_once, " ".join(dict.fromkeys(states)), session.state)
        """)
    )
    assert done.returncode == 0, done.stderr
    time, value = done.stdout.splitlines()[0].split(maxsplit=1)
    assert float(time) == 0.5
    assert 0.6 < float(value.strip("[] \n")) < 1.0
    told = done.stdout.splitlines()[-1]
    assert told == "loading loading building compiling running finished running"
    assert "Traceback" not in done.stderr


@pytest.mark.in_turn
def test_importing_loads_neither_tensorflow_nor_widgets_and_an_end_during_the_build_is_clean():
    done = run(
        "import sys, nengolab.live\n"
        "print([m for m in ('tensorflow', 'keras', 'ipywidgets', 'anywidget', 'bokeh', "
        "'nengolab_widgets') if m in sys.modules])"
        + HEAD
        + "session = Session(net); session.play(); print(session.state)"
    )
    assert (done.returncode, done.stdout) == (0, "[]\nloading\n"), done.stderr
    assert "Traceback" not in done.stderr
