"""Sweeps from the panel of training: chosen, counted, started on a cluster, said where it fails."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import distributed
import nengo
import numpy as np
import pytest
from nengolab_widgets.fitting import sweeps as sweeping
from nengolab_widgets.panels import fit as panels

import nengolab
from nengolab import runs
from nengolab.exceptions import SimulationError
from tests.widgets.browser import until
from tests.widgets.panels.test_fit import Page, network

X = np.random.RandomState(0).uniform(-1, 1, (40, 5, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of one worker with two threads, in this process."""
    options: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "silence_logs": 40}
    options |= {"scheduler_kwargs": {"dashboard": False}, "processes": False}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, **options) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    return network()


@pytest.fixture
def page(net, tmp_path, monkeypatch) -> Iterator[Page]:
    variables = {"x": X, "y": X**2, "net": net}
    monkeypatch.setattr("nengolab_widgets.fit.notebook_variables", lambda: variables)
    page = Page(net, tmp_path)
    page.field("x")
    page.set("batch_size", "10")
    yield page
    sweep = page.fit.sweep
    if sweep is not None:
        sweep.stop()
        with suppress(SimulationError):  # no cluster
            sweep.wait()
    page.fit.close()
    panels._desks.clear()


def sweep(page: Page, do: str, **content: Any) -> None:
    page.act(type="sweep", do=do, **content)


def told(page: Page) -> dict[str, Any]:
    return page.read("sweeps")


def field(page: Page, name: str) -> dict[str, Any]:
    fields = [*told(page)["fields"], *(f for v in told(page)["varied"] for f in v["fields"])]
    return next((f for f in fields if f["name"] == name), {"error": ""})


def test_it_is_chosen_counted_started_and_its_code_does_the_same(page, net, address, tmp_path):
    until(lambda: told(page).get("can"), "what can be varied")
    names = [one["name"] for one in told(page)["can"]]
    assert names[:4] == ["learning_rate", "optimizer", "epochs", "batch_size"]
    for name in ("learning_rate", "optimizer"):
        sweep(page, "vary", name=name)
    for name, value in (("how of learning_rate", "these values"), ("where", "a Dask cluster")):
        sweep(page, "set", name=name, value=value)
    sweep(page, "set", name="values of learning_rate", value="0.1, fast")
    until(lambda: "got 'fast'" in field(page, "values of learning_rate")["error"], "what is wrong")
    assert not told(page)["ready"]
    sweep(page, "set", name="values of learning_rate", value="0.1, 1e38")
    for name in ("AdamW", "RMSprop", "SGD"):
        sweep(page, "choose", name="optimizer", value=name, on=False)
    until(lambda: "such as tcp://" in field(page, "address")["error"], "no address yet")
    sweep(page, "set", name="address", value=address)
    sweep(page, "set", name="called", value="s")
    page.set("epochs", "2")
    # 36 items of 40 in batches of 10.
    lines = ["2 runs (2 × 1)", "4 epochs, 16 batches in all"]
    until(lambda: told(page)["lines"][:2] == lines, "what it comes to")
    code = told(page)["code"]
    assert page.fit._desk.code() == code.split("\n")
    sweep(page, "start")
    until(lambda: told(page)["runs"], "its runs", 60)
    until(lambda: not told(page)["going"], "its end", 120)
    rows = told(page)["runs"]
    assert [row["values"] for row in rows] == [[0.1, "Adam"], [1e38, "Adam"]]
    assert [row["state"] for row in rows] == ["finished", "failed"]
    assert rows[1]["error"]
    assert [row["result"] is None for row in rows] == [False, True]
    until(lambda: "finished" in [r["state"] for r in page.desk["runs"]], "all runs")
    # What is shown as Python makes the same runs.
    given = {"net": net, "x": X, "y": X**2}
    with nengolab.Simulator(net, minibatch_size=10, progress_bar=False) as sim:
        exec(
            code.replace("sim = nengolab.Simulator(net, minibatch_size=10)", ""),
            given | {"sim": sim},
        )
    kept = runs.open(tmp_path)
    assert [*kept.sweeps] == ["s", "s 2"]
    for a, b in zip(kept.sweeps["s"].rows(), kept.sweeps["s 2"].rows(), strict=True):
        assert a["settings"] == b["settings"]
        assert a["metrics"] == pytest.approx(b["metrics"], rel=1e-6)
    until(lambda: told(page)["known"] == ["s 2", "s"], "both")
    sweep(page, "show", name="s 2")
    until(lambda: told(page)["shown"] == "s 2", "the other one")
    sweep(page, "show", name="s")
    a_row_says_what_became_of_its_run(page, tmp_path)


def a_row_says_what_became_of_its_run(page: Page, folder: Path) -> None:
    """One that is gone on with, changed by another process, and deleted after its sweep."""
    first = lambda: told(page)["runs"][0]  # noqa: E731
    until(lambda: told(page)["shown"] == "s", "the first one")
    page.act(type="go_on", run="s 01", epochs=1)
    until(lambda: first()["epoch"] == 3, "one more epoch", 60)
    until(lambda: first()["state"] == "finished", "its end")
    elsewhere = runs.Record(folder / "s 01")
    elsewhere.write(state="running", epochs=2)
    until(lambda: (first()["state"], first()["epoch"]) == ("running", 2), "what it does elsewhere")
    row = lambda: next(r for r in page.desk["runs"] if r["name"] == "s 01")  # noqa: E731
    until(lambda: row()["epochs"] == "2 of 3", "the same among all runs")
    elsewhere.write(state="finished", epochs=3)
    until(lambda: row()["state"] == "finished", "its end elsewhere")
    page.act(type="delete", run="s 01", confirm="s 01")
    until(lambda: first()["state"] == "deleted", "it is there no more")
    assert first()["result"] is None
    # So it is of the sweep as another process finds it.
    kept = runs.open(folder).sweeps["s"]
    assert [one["state"] for one in kept.rows()] == ["deleted", "failed"]


def test_what_cannot_start_is_said_in_place(page, monkeypatch, tmp_path) -> None:
    until(lambda: told(page).get("can"), "what can be varied")
    sweep(page, "start")
    assert "choose a setting" in page.trouble()["text"]
    sweep(page, "vary", name="seed")
    sweep(page, "set", name="way", value="drawn at random")
    until(lambda: field(page, "count")["error"], "too many")
    assert "only 3 combinations" in field(page, "count")["error"]
    sweep(page, "set", name="count", value="2")
    until(lambda: told(page)["lines"], "what it comes to")
    assert told(page)["lines"][0] == "2 runs"
    assert "draw({'seed': [0, 1, 2]}, 2, seed=0)" in told(page)["code"]
    # A range of whole numbers, and one that is none.
    sweep(page, "vary", name="epochs")
    for name, value in (("how", "a range, by factors"), ("low", "8"), ("high", "2")):
        sweep(page, "set", name=f"{name} of epochs", value=value)
    until(lambda: "to a larger one" in field(page, "high of epochs")["error"], "no range")
    sweep(page, "leave", name="epochs")
    # No cluster at the address: what was chosen stays, and nothing is left on disk.
    # As an attribute of the package, sweep is the function.
    monkeypatch.setattr(sys.modules["nengolab.sweep.going"], "CONNECTING", 0.2)
    sweep(page, "set", name="where", value="a Dask cluster")
    sweep(page, "set", name="address", value="tcp://127.0.0.1:1")
    until(lambda: told(page)["ready"], "ready")
    began = time.monotonic()
    sweep(page, "start")
    assert time.monotonic() - began < 5
    until(lambda: "no Dask cluster answers" in field(page, "address")["error"], "no cluster", 60)
    assert [one["name"] for one in told(page)["varied"]] == ["seed"]
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(sweeping, "find_spec", lambda name: None)
    sweep(page, "set", name="count", value="1")
    until(lambda: "pip install 'nengolab[sweep]'" in told(page)["missing"], "what to install")
    sweep(page, "start")
    assert "pip install 'nengolab[sweep]'" in page.trouble()["text"]
