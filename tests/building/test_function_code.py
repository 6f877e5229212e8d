"""The function of a connection or a Node as code: read, tried, written in place."""

from __future__ import annotations

import difflib

import nengo
import numpy as np
import pytest

from nengolab.building import (
    Refused,
    SourceError,
    function_code,
    run_source,
    running,
    set_function,
    try_function,
)

SOURCE = """\
import nengo
import numpy

with nengo.Network(seed=1) as net:
    @numpy.vectorize
    def wrapped(x):
        return x

    def square(x):
        # of each
        return x**2  # so

    a = nengo.Ensemble(50, 2, radius=1.5)
    o = nengo.Ensemble(50, 1)
    by_name = nengo.Connection(a, a, function=square)
    again = nengo.Connection(a[0], o, function=square)
    # What multiplies.
    product = nengo.Connection(a, o, function=lambda x: x[0] * x[1])
    plain = nengo.Connection(o, o)
    other = nengo.Connection(o, o, function=wrapped)
    neurons = nengo.Connection(a.neurons, a.neurons, transform=0)
    wave = nengo.Node(lambda t: numpy.sin(t))
    held = nengo.Node([0.5])
    noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5))
    sink = nengo.Node(lambda t, x: None, size_in=2)
"""


@pytest.fixture(scope="module")
def made():
    return run_source(SOURCE)


def changes(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_code_is_read_as_it_stands_and_over_what_it_is_given(made):
    def read(name, argument="function"):
        return function_code(made, made.namespace[name], argument)

    square = read("by_name")
    assert square.text == "def square(x):\n    # of each\n    return x**2  # so"
    assert (square.kind, square.line, square.uses) == ("def", 9, 2)
    assert (square.along, square.low, square.high) == (("x[0]", "x[1]"), -1.5, 1.5)
    assert read("again").along == ("x",)
    assert read("product").text == "lambda x: x[0] * x[1]"
    # What has no `def` of its own is an expression.
    assert (read("other").text, read("other").kind) == ("wrapped", "expression")
    assert (read("plain").kind, read("plain").high) == ("none", 1.0)
    assert read("wave", "output").along == ("t",)
    assert read("sink", "output").along == ("x[0]", "x[1]")
    assert read("neurons") is None
    held = read("held", "output")
    assert (held.text, held.kind, held.along) == ("lambda t: [0.5]", "none", ("t",))
    assert read("noise", "output") is None


def test_what_is_tried_is_what_nengo_would_call(made):
    product, wave = made.namespace["product"], made.namespace["wave"]
    tried = try_function(made, product, "function", "lambda x: np.exp(x[1])", element=1)
    assert tried.along == "x[1]"
    np.testing.assert_array_equal(tried.x, np.linspace(-1.5, 1.5, 101))
    np.testing.assert_allclose(tried.y[:, 0], np.exp(tried.x))
    tried = try_function(made, wave, "output", "lambda t: [t, numpy.cos(t)]", points=5)
    np.testing.assert_allclose(tried.y, np.stack([tried.x, np.cos(tried.x)], axis=1))
    sink = made.namespace["sink"]
    assert try_function(made, sink, "output", "lambda t, x: None").y.shape == (101, 0)


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("lambda x: x[0", 1, "'\\[' was never closed"),
        ("def f(x):\n    y = 1\n    return y +", 3, "invalid syntax"),
        ("a = 3", 1, "write one function"),
        ("", 1, "write one function"),
        ("def f(x):\n    y = x\n    return z", 3, "NameError: name 'z'.* at x\\[0\\] = -1.5"),
        ("lambda x:\n    1 / int(x[1])", 2, "ZeroDivisionError: division by zero, at x"),
        ("def f(x):\n    while True:\n        pass", None, "longer than 0.2 s"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(made, code, line, words):
    with pytest.raises(SourceError, match=words) as error:
        try_function(made, made.namespace["product"], "function", code, seconds=0.2)
    assert line is None or error.value.line == line


def test_what_cannot_be_ended_is_left_to_itself(monkeypatch):
    monkeypatch.setattr(running, "_IN_VAIN", 2)
    made = run_source(SOURCE + "import threading\nlock = threading.Lock()\nlock.acquire()\n")
    obj = made.namespace["product"]
    with pytest.raises(SourceError, match=r"longer than 0.1 s.*a call that Python cannot end"):
        try_function(made, obj, "function", "lambda x: lock.acquire()", seconds=0.1)
    made.namespace["lock"].release()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("lambda x: x", "size \\(2\\) not equal to .* size \\(1\\)"),
        ("lambda x: [1, 2] if x[0] > 0 else 3", "1 or 2 numbers"),
        ("lambda x: 'a'", "'a' \\(str\\)"),
        ("3", "3 cannot be called"),
    ],
)
def test_what_nengo_would_not_take_is_refused(made, code, words):
    with pytest.raises(Refused, match=words):
        try_function(made, made.namespace["product"], "function", code)


def test_it_is_written_in_the_fewest_lines(made):
    def write(name, code, argument="function"):
        edit = set_function(made, made.namespace[name], argument, code)
        assert edit.undo().after == SOURCE
        return edit.after

    # The lines of a `def`, where it stands; what the source calls NumPy.
    after = write("by_name", "def square(x):\n    # mine\n    return np.abs(x)\n")
    assert changes(SOURCE, after) == [
        "-         # of each",
        "-         return x**2  # so",
        "+         # mine",
        "+         return numpy.abs(x)",
    ]
    after = write("product", "lambda x: x[0] - x[1]")
    assert changes(SOURCE, after) == [
        "-     product = nengo.Connection(a, o, function=lambda x: x[0] * x[1])",
        "+     product = nengo.Connection(a, o, function=lambda x: x[0] - x[1])",
    ]
    # A `def` comes above the statement and its comment.
    after = write("product", "def times(x):\n    return x[0] * x[1]")
    lines = after.splitlines()
    at = lines.index("    def times(x):")
    assert lines[at + 2] == "    # What multiplies."
    assert lines[at + 3].endswith("function=times)")

    # What has several lines is one argument all the same; all of them run, and do what they say.
    after = write("plain", "lambda x:\n    np.sin(x)  # why")
    conn = run_source(after).namespace["plain"]
    np.testing.assert_allclose(conn.function(np.array([0.3])), np.sin([0.3]))
    after = write("wave", "np.cos", "output")
    assert run_source(after).namespace["wave"].output is np.cos

    with pytest.raises(Refused, match="is called square"):
        write("by_name", "def cube(x):\n    return x**3")
    with pytest.raises(Refused, match="square is in use in the code: call the function square_1"):
        write("product", "def square(x):\n    return x[0]")


def test_another_function_is_what_the_network_computes(made):
    code = "def square(x):\n    return x**3"
    after = run_source(set_function(made, made.namespace["again"], "function", code).after)
    expected = run_source(SOURCE.replace("return x**2", "return x**3"))
    decoders = []
    for net in (after.network, expected.network):
        with nengo.Simulator(net, progress_bar=False) as sim:
            decoders.append([sim.data[c].weights for c in net.all_connections[:2]])
    for one, other in zip(*decoders, strict=True):
        np.testing.assert_array_equal(one, other)
