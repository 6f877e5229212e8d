"""Learned weights, at each look the same as in nengo.Simulator; and what is shown of them."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.choice import Menu, kinds_of

from nengolab.live import Session
from nengolab.live.learned import Learned, learned_of, reduced, shape_of
from nengolab.names import Names
from tests.widgets.browser import Browser, until, until_quiet
from tests.widgets.panels.learned import learning_network

SECONDS = 0.8
DT = 0.001


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    net = learning_network()
    with net:
        net.probes_of = {
            "pes": nengo.Probe(net.pes, "weights"),
            "bcm": nengo.Probe(net.bcm, "weights"),
            "oja": nengo.Probe(net.oja, "weights"),
            "voja": nengo.Probe(net.voja.learning_rule, "scaled_encoders"),
        }
    return net


@pytest.fixture(scope="module")
def reference(net: nengo.Network) -> dict[str, np.ndarray]:
    """What the step after each step computes with: there nengo puts in what was learned."""
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(round(SECONDS / DT) + 1, progress_bar=False)
        return {name: np.array(sim.data[probe]) for name, probe in net.probes_of.items()}


@pytest.fixture(scope="module")
def session(net: nengo.Network) -> Iterator[Session]:
    with Session(net, speed=1.0) as session:
        session.wait_until("ready", 120)
        yield session


def looks(session: Session, obj: Any, **settings: Any) -> tuple[dict, list[dict[str, np.ndarray]]]:
    """Run from the start, and give the layout and all that came."""
    session.reset().result(60)
    lab = Lab(session, plots=[(obj, "weights", settings)])
    browser = Browser(lab)
    browser.look()
    [panel] = lab.plots
    until(lambda: browser.arrays(panel), "the matrix before the run")
    session.run_for(SECONDS).result(60)
    until(lambda: browser.of("frame")[-1]["state"] == "finished", "the last frame")
    until_quiet(browser, 0.5)
    found = browser.arrays(panel)
    lab.close()
    return browser.of("layout")[0]["panels"][0], found


@pytest.mark.parametrize("rule", ["pes", "bcm", "oja", "voja"])
def test_every_look_is_what_nengo_has_at_that_step(session, net, reference, rule: str) -> None:
    layout, found = looks(session, getattr(net, rule))
    steps = [round(a["t"][0] / DT) for a in found]
    assert steps == sorted(set(steps))
    assert len(steps) >= 3
    assert (steps[0], steps[-1]) == (0, round(SECONDS / DT))
    expected = reference[rule]
    for step, arrays in zip(steps, found, strict=True):
        np.testing.assert_allclose(arrays["cells"], expected[step], rtol=1e-5, atol=1e-12)
        change = np.linalg.norm(expected[step] - expected[0])
        assert arrays["change"] == pytest.approx(change, rel=1e-6, abs=1e-15)
        assert arrays["since"] == 0
    assert found[-1]["change"] > 0
    data = layout["data"]
    assert (data["rows"], data["columns"]) == expected.shape[1:]
    assert data["cell"] == ""


def test_what_rows_and_columns_are(session, net) -> None:
    def said(conn: Any) -> tuple[str, str, str]:
        lab = Lab(session, plots=[(conn, "weights")])
        [layout] = lab._bench.layouts()
        lab.close()
        return layout["what"], layout["data"]["row_axis"], layout["data"]["column_axis"]

    assert said(net.pes) == ("decoders", "1 dimension", "30 neurons")
    assert said(net.bcm) == ("weights", "20 neurons", "30 neurons")
    assert said(net.oja) == ("weights", "20 neurons", "30 neurons")
    assert said(net.voja) == ("scaled encoders", "20 neurons", "1 dimension")
    # A rule stands for its connection.
    assert said(net.pes.learning_rule) == said(net.pes)


def test_chosen_rows_and_columns_of_the_change(session, net, reference) -> None:
    settings = {"of": "change since the start", "rows": "3, 7", "columns": "0:10:2"}
    layout, found = looks(session, net.bcm, **settings)
    expected = (reference["bcm"][-1] - reference["bcm"][0])[[3, 7]][:, 0:10:2]
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found[-1]["cells"], expected, rtol=1e-4, atol=1e-13)
    assert layout["what"] == "change of weights"
    with pytest.raises(ValidationError, match="rows must be from 0 to 19, got 20"):
        looks(session, net.bcm, rows="20")


def test_large_matrices_are_reduced_to_what_stands_out() -> None:
    matrix = np.random.RandomState(0).randn(10, 7)
    cells = reduced(matrix, 4, 3)
    assert cells.shape == (3, 3)
    for i in range(3):
        for j in range(3):
            block = matrix[4 * i : 4 * i + 4, 3 * j : 3 * j + 3].ravel()
            assert cells[i, j] == block[np.abs(block).argmax()]
    assert reduced(matrix, 1, 1) is matrix
    with nengo.Network(add_to_container=False):
        a, b = nengo.Ensemble(600, 1), nengo.Ensemble(300, 1)
        conn = nengo.Connection(
            a, b, solver=nengo.solvers.LstsqL2(weights=True), learning_rule_type=nengo.Oja()
        )
    rows, columns = shape_of(conn, learned_of(conn))
    assert (rows, columns) == (300, 600)
    spec = Learned(conn, "weights", tuple(range(rows)), tuple(range(columns)))
    assert spec.per_cell == (3, 3)


def test_the_menu_offers_connections_that_learn(net) -> None:
    names = Names(net)
    offers = {o["label"]: [k["name"] for k in o["kinds"]] for o in Menu(net, names).layout()}
    for conn in (net.pes, net.bcm, net.oja, net.voja):
        assert offers[names.get(conn)][0] == "weights"
    assert names.get(net.plain) not in offers
    assert "weights" not in {kind.name for kind in kinds_of(net.plain)}


@pytest.mark.parametrize("rule", ["bcm", "voja"])
def test_python_to_copy_draws_the_same(session, net, reference, rule: str) -> None:
    plt.switch_backend("Agg")
    lab = Lab(session, plots=[(getattr(net, rule), "weights", {"rows": "2:9"})])
    [layout] = lab._bench.layouts()
    lab.close()
    before, after = layout["python"].split("# After a run:")
    before = before.replace("conn = ...", "")
    space = {"nengo": nengo, "net": net, "conn": getattr(net, rule)}
    probes = list(net.probes)
    try:
        exec(before, space)
        with nengo.Simulator(net, progress_bar=False) as sim:
            sim.run(0.3, progress_bar=False)
            exec(after, {**space, "sim": sim})
    finally:
        net.probes[:] = probes
    above, below = plt.gcf().axes[:2]
    shown = above.images[0].get_array()
    # Probes say what a step began with.
    np.testing.assert_allclose(shown, reference[rule][299, 2:9], rtol=1e-9)
    change = np.linalg.norm(reference[rule][299] - reference[rule][49])
    assert below.lines[0].get_ydata()[-1] == pytest.approx(change)
    plt.close("all")
