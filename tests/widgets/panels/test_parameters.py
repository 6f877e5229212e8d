"""All arrays of a simulator: what a page gets of them are their entries, least and largest kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab, Weights
from nengolab_widgets.inspecting.held import Held, Region, counts_of, singular_values
from nengolab_widgets.inspecting.thinned import fields, kernels, mosaic, ordered, thinned

import nengolab
from nengolab.live import Session
from tests.widgets.browser import Browser, until


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    matrix = np.random.RandomState(0).normal(size=(60, 80))
    with nengo.Network(seed=1, label="arrays") as net:
        net.pixels = nengo.Node(np.zeros(2 * 36), label="pixels")
        net.filters = nengo.Ensemble(3 * 16, 1, label="filters")
        net.conv = nengo.Connection(
            net.pixels, net.filters.neurons, transform=nengo.Convolution(3, (6, 6, 2)), label="conv"
        )
        net.pre, net.post = (
            nengo.Ensemble(n, 1, label=name) for n, name in ((80, "pre"), (60, "post"))
        )
        net.full = nengo.Connection(
            net.pre.neurons, net.post.neurons, transform=matrix, label="full"
        )
    return net


@pytest.fixture(scope="module")
def sim(net: nengo.Network) -> Iterator[nengolab.Simulator]:
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


@pytest.fixture
def panel(sim: nengolab.Simulator) -> Iterator[Weights]:
    panel = Weights(sim)
    yield panel
    panel.close()


def spec_of(panel: Weights) -> Held:
    return panel.hub._bench._specs[panel._panel]


def look(panel: Weights, sim: Any) -> dict[str, np.ndarray]:
    spec_of(panel).version(sim)
    return dict(spec_of(panel).look(sim))


def words(found: dict[str, np.ndarray], name: str = "problem") -> str:
    return bytes(found.get(name, np.zeros(0, np.uint8))).decode()


def test_each_array_is_there_as_it_is(panel: Weights, sim: nengolab.Simulator) -> None:
    for name, row in sim.parameters.items():
        panel.set(array=name)
        found = look(panel, sim)
        assert words(found, "name") == name
        value = np.float32(row.value)
        if value.ndim < 2:
            np.testing.assert_array_equal(found["low"], np.atleast_1d(value))
        elif value.ndim == 2:
            np.testing.assert_array_equal(found["low"], value)
            np.testing.assert_array_equal(found["high"], value)
        entries, finite, zeros, mean, deviation, least, most = found["figures"]
        assert (entries, finite) == (value.size, value.size)
        assert zeros == (value == 0).sum()
        np.testing.assert_allclose([mean, deviation], [row.value.mean(), row.value.std()])
        assert (least, most) == (row.value.min(), row.value.max())
        assert found["counts"].sum() == value.size
    table = spec_of(panel).table
    assert [row["name"] for row in table] == list(sim.parameters)
    full = next(row for row in table if row["name"] == "full.weights")
    assert full["why_shape"] == sim.parameters["full.weights"].why_shape
    assert (full["rows"].label, full["columns"].label) == ("post", "pre")


def test_a_part_is_thinned_with_its_extremes(panel: Weights, sim: nengolab.Simulator) -> None:
    panel.set(array="full.weights")
    look(panel, sim)
    matrix = np.float32(sim.parameters["full.weights"].value)
    spec_of(panel).region = Region((10, 50), (3, 80), 7, 11)
    found = dict(spec_of(panel).part())
    assert found["region"].tolist() == [10, 50, 3, 80]
    assert found["low"].shape == found["high"].shape == (7, 11) == tuple(found["grid"])
    assert found["low"].min() == matrix[10:50, 3:80].min()
    assert found["high"].max() == matrix[10:50, 3:80].max()
    rows, columns = (
        np.linspace(0, n, c, endpoint=False).astype(int) for n, c in ((40, 7), (77, 11))
    )
    cell = matrix[10:50, 3:80][rows[2] : rows[3], columns[5] : columns[6]]
    assert (found["low"][2, 5], found["high"][2, 5]) == (cell.min(), cell.max())
    # Beyond the matrix there is nothing; a single entry is itself.
    spec_of(panel).region = Region((59, 900), (79, 900), 100, 100)
    found = dict(spec_of(panel).part())
    assert found["low"].tolist() == [[matrix[59, 79]]]


def test_one_bad_entry_of_many_is_seen() -> None:
    matrix = np.zeros((500, 700))
    matrix[123, 456] = np.nan
    low, high = thinned(matrix, 10, 10)
    assert np.isnan(low).sum() == np.isnan(high).sum() == 1
    figures = dict(counts_of(matrix))["figures"]
    assert figures[0] - figures[1] == 1
    with pytest.raises(ValidationError, match="NaN or infinity"):
        singular_values(matrix)


def test_rows_that_are_alike_lie_together() -> None:
    rng = np.random.RandomState(2)
    groups = rng.randint(3, size=60)
    directions = np.linalg.qr(rng.normal(size=(40, 3)))[0].T
    matrix = directions[groups] * rng.uniform(1, 2, (60, 1)) + 0.02 * rng.normal(size=(60, 40))
    order = ordered(matrix, "by likeness")
    assert sorted(order) == list(range(60))
    assert (np.diff(groups[order]) != 0).sum() == 2
    many = np.repeat(matrix, 50, axis=0)
    assert sorted(ordered(many, "by likeness")) == list(range(3000))
    sizes = np.linalg.norm(matrix[ordered(matrix, "by size")], axis=1)
    assert (np.diff(sizes) <= 0).all()
    assert ordered(matrix, "as they are") is None


def test_kernels_and_fields_are_images(panel: Weights, sim: nengolab.Simulator) -> None:
    panel.set(array="conv.weights")
    kernel = np.float32(sim.parameters["conv.weights"].value)  # 3 x 3, two channels, three filters
    found = look(panel, sim)["low"]
    assert found.shape == (7, 11)
    for channel in range(2):
        for at in range(3):
            part = found[4 * channel : 4 * channel + 3, 4 * at : 4 * at + 3]
            np.testing.assert_array_equal(part, kernel[:, :, channel, at])
    assert np.isnan(found[3]).all()
    assert np.isnan(found[:, 3]).all()
    panel.set(array="full.weights", fields="8, 10")
    found = look(panel, sim)["low"]
    row = np.float32(sim.parameters["full.weights"].value)[9].reshape(8, 10)
    np.testing.assert_array_equal(found[9 : 9 + 8, 11 : 11 + 10], row)  # eight across
    panel.set(fields="8, 11")
    assert "80 entries, which are no image of 8 × 11" in words(look(panel, sim))
    one = kernels(np.arange(6.0).reshape(3, 1, 2))  # of one dimension
    assert one[0].shape == (2, 1, 3)
    assert mosaic(*fields(np.eye(4), (2, 2))).shape == (5, 5)


def test_what_changed_is_the_difference(panel: Weights, sim: nengolab.Simulator) -> None:
    panel.set(array="full.weights", when="difference", order="by size")
    spec = spec_of(panel)
    before = spec.version(sim)
    assert not look(panel, sim)["low"].any()
    assert spec.version(sim) == before
    edit = sim.set_parameter("full", "weights", 2.0, at=(7, 3))
    assert spec.version(sim) != before
    found = look(panel, sim)
    changed = 2.0 - sim.parameters["full.weights"].initial[7, 3]
    assert found["order"][0] == 7
    assert found["low"][0, 3] == np.float32(changed)
    assert np.count_nonzero(found["low"]) == 1
    sim.apply(edit.back)
    with pytest.raises(ValidationError, match="only looked at here: sim.set_parameter"):
        panel.hub._bench.find(panel._panel).handle(
            {"type": "edit", "array": "full.weights", "scale": 2.0}
        )


def test_singular_values_are_those_of_numpy(sim: nengolab.Simulator) -> None:
    matrix = sim.parameters["full.weights"].value
    np.testing.assert_allclose(singular_values(matrix), np.linalg.svd(matrix, compute_uv=False))
    with pytest.raises(ValidationError, match="take long"):
        singular_values(np.zeros((2000, 2000)))
    with pytest.raises(ValidationError, match="of matrices"):
        singular_values(np.zeros(3))


def test_it_is_edited_while_it_runs(net: nengo.Network) -> None:
    with Session(net, speed=None) as session:
        session.wait_until("ready", 120)
        lab = Lab(session, plots=[(net.full, "parameters")], network=False)
        browser = Browser(lab)
        browser.look()
        [panel] = lab.plots
        until(lambda: browser.arrays(panel), "the first array")

        def say(**content: Any) -> None:
            browser.say(type="to_panel", panel=panel, content=content)

        def value() -> np.ndarray:
            return lab._bench.find(panel)._spec.shown.row.value

        say(type="table")
        [table] = [m["content"]["table"] for m in browser.of("for_panel")]
        assert {row["owner"] for row in table} == {"full"}
        assert table[0]["rows"] == "post"
        json.dumps(table)
        built = np.array(value())
        say(type="edit", array="full.weights", at=[[2, 4], [0, 5]], value=0.5)
        until(lambda: (value()[2:4, :5] == 0.5).all(), "a block")
        assert (value()[4:] == built[4:]).all()
        say(type="edit", array="full.weights", at=[[2, 3], [0, 1]])
        until(lambda: value()[2, 0] == built[2, 0], "an entry as built")
        assert value()[2, 1] == 0.5
        # Rows in the order of a person need not lie side by side.
        some = {"array": "full.weights", "at": [{"of": [9, 2, 40]}, [1, 3]]}
        say(type="edit", **some, scale=3.0)
        until(lambda: np.allclose(value()[[9, 40], 1:3], 3 * built[[9, 40], 1:3]), "rows scaled")
        assert (value()[3, 1:5] == 0.5).all()
        say(type="undo")
        until(lambda: (value()[9] == built[9]).all(), "undone as other edits are")
        assert (value()[2, 1:3] == 0.5).all()
        say(type="edit", array="full.weights")
        until(lambda: (value() == built).all(), "all as built")
        say(type="edit", array="full.weights", scale=2.0)
        until(lambda: np.allclose(value(), 2 * built), "scaled")
        for wrong, why in (
            ({"array": "pre.bias", "scale": 2.0}, "is not the array shown"),
            ({"array": "full.weights", "value": float("nan")}, "takes a finite number"),
            ({"array": "full.weights", "at": [[0, 1], [0, 99]], "value": 1}, "must be within"),
            ({"array": "full.weights", "at": [{"of": [60]}, [0, 1]]}, "must be within"),
            ({"array": "full.weights", "at": [{"of": []}, [0, 1]]}, "must be within"),
            ({"array": "full.weights", "at": [[0, 1]]}, "must be within"),
        ):
            say(type="edit", **wrong)
            assert why in browser.of("notice")[-1]["text"]
        say(type="region", rows=[0, 3], columns=[1, 2], height=50, width=50)
        part = browser.of("for_panel")[-1]["content"]
        assert [a["shape"] for a in part["arrays"] if a["name"] == "low"] == [[3, 1]]
        lab.close()


def test_what_only_a_panel_probes_is_not_in_the_list(net: nengo.Network) -> None:
    lab = Lab(net, plots=[(net.pre, "value"), (None, "parameters")], network=False)
    browser = Browser(lab)
    browser.look()
    until(lambda: browser.arrays(lab.plots[1]), "the first array", 120)
    browser.say(type="to_panel", panel=lab.plots[1], content={"type": "table"})
    [table] = [m["content"]["table"] for m in browser.of("for_panel")]
    assert "full.weights" in {row["name"] for row in table}
    assert not [row for row in table if "Probe" in row["owner"]]
    lab.close()


def test_what_has_no_arrays_says_so(net: nengo.Network, sim: nengolab.Simulator) -> None:
    with nengo.Simulator(net, progress_bar=False) as other:
        panel = Weights(other)
        assert "is there of a nengolab.Simulator; this is a nengo.Simulator" in words(
            look(panel, other)
        )
        panel.close()
    panel = Weights(sim, net.filters)
    assert words(look(panel, sim), "name") == "filters.encoders"
    with pytest.raises(ValidationError, match=r"fields takes a height and a width, 28, 28"):
        panel.set(fields="28")
    panel.close()


def test_rows_that_are_too_many_to_cluster_are_said_to_be() -> None:
    with nengo.Network(seed=1) as net:
        nengo.Ensemble(2001, 2, label="many")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        panel = Weights(sim, array="many.encoders", order="by likeness")
        assert "2,001 rows lie by their angle" in words(look(panel, sim), "remark")
        panel.set(order="by size")
        assert words(look(panel, sim), "remark") == ""
        panel.close()
