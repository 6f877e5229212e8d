"""The raster: which neurons, in which order, against what nengo.Simulator has built."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.ordering import ordered

from nengolab.inspect import population
from tests.widgets.browser import Browser, until


@pytest.fixture(scope="module")
def built(net):
    with nengo.Simulator(net, progress_bar=False) as sim:
        return {ens: sim.data[ens] for ens in (net.plane, net.adaptive)}


def rows_of(session, obj, **settings):
    """Ask as a page does, and give the rows or why there are none."""
    lab = Lab(session, plots=[(obj, "raster", settings)], network=False)
    try:
        browser = Browser(lab)
        buffers = []
        take = lab.send
        lab.send = lambda content, given=None: (
            buffers.extend(given or ()) if content["type"] == "for_panel" else None,
            take(content, given),
        )
        browser.look()
        [panel] = browser.of("layout")[-1]["panels"]
        assert panel["data"]["sorted"] is True
        browser.say(type="to_panel", panel=panel["id"], content={"type": "rows"})
        until(lambda: browser.of("for_panel"), "the rows")
        problem = browser.of("for_panel")[-1]["content"]["problem"]
        return problem or np.frombuffer(buffers[-1], np.int32), panel["what"]
    finally:
        lab.close()


def test_spikes_of_all_are_those_of_the_reference(show, net, reference):
    shown = show(net.plane, "raster")
    assert shown.data["sorted"] is False
    assert shown["n"].sum() == np.count_nonzero(reference["spikes"])


def test_some_by_number(session, net):
    rows, what = rows_of(session, net.plane, neurons="3, 8:12")
    assert rows.tolist() == [3, 8, 9, 10, 11]
    assert what == "spikes of neurons 3, 8:12"


def test_by_intercept_and_direction(session, net, built):
    rows, what = rows_of(session, net.plane, order="intercept")
    np.testing.assert_array_equal(rows, np.argsort(built[net.plane].intercepts, kind="stable"))
    assert what == "spikes, by intercept"
    rows, _ = rows_of(session, net.plane, order="direction")
    x, y = built[net.plane].encoders.T
    assert (np.diff(np.arctan2(y, x)[rows]) >= 0).all()
    rows, _ = rows_of(session, net.adaptive, order="direction")
    assert (np.diff(built[net.adaptive].encoders[rows, 0]) >= 0).all()


def test_those_that_prefer_a_direction(session, net, built):
    rows, what = rows_of(session, net.plane, toward="0, -2")
    np.testing.assert_array_equal(rows, np.flatnonzero(built[net.plane].encoders[:, 1] <= -0.5))
    assert 0 < len(rows) < 30
    assert what == "spikes that prefer 0, -2"
    few, _ = rows_of(session, net.plane, toward="0, -2", neurons=str(rows[0]), order="intercept")
    assert few.tolist() == [rows[0]]
    other = next(i for i in range(30) if i not in rows)
    said, _ = rows_of(session, net.plane, toward="0, -2", neurons=str(other))
    assert "no neuron prefers 0, -2" in said


def test_by_similarity_neighbours_are_alike(session, net, built):
    rows, _ = rows_of(session, net.plane, order="similarity")
    assert sorted(rows) == list(range(30))
    encoders = built[net.plane].encoders

    def apart(order):
        return np.linalg.norm(np.diff(encoders[order], axis=0), axis=1).mean()

    assert apart(rows) < 0.4 * apart(np.arange(30))


def test_what_is_no_direction_is_refused(session, net):
    for wrong in ("1", "x", "0, 0", "1, 2, 3"):
        with pytest.raises(ValidationError, match="2 represented dimensions is such as 1, 0"):
            Lab(session, plots=[(net.plane, "raster", {"toward": wrong})])
    with pytest.raises(ValidationError, match="from 0 to 29"):
        Lab(session, plots=[(net.plane, "raster", {"neurons": "30"})])


def test_encoders_that_are_not_of_length_1_count_by_direction():
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(
            4, 2, encoders=[[3, 0], [0, 1], [-1, 0], [0.1, 0.1]], normalize_encoders=False
        )
    found = population(net, ens)
    rows = ordered(found, np.arange(4), np.array([1.0, 0.0]), "index")
    assert rows.tolist() == [0, 3]
