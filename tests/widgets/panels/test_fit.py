"""Training from a panel: what a page is told, what it may ask for, what went wrong, in place."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Fit, Lab
from nengolab_widgets.fitting import told
from nengolab_widgets.fitting.looking import Looking
from nengolab_widgets.panels import fit as panels

import nengolab
from nengolab import runs
from nengolab.live import Session
from nengolab.runs.run import _going
from nengolab.runs.watching import Answers, Step
from nengolab.saving import archive
from nengolab.saving.saver import _check_finite
from tests.widgets.browser import Browser, until

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (40, 5, 1)).astype(np.float32)


def network() -> nengo.Network:
    with nengo.Network(seed=0, label="squares") as net:
        nengolab.configure_settings(stateful=False)
        a = nengo.Node([0], label="a")
        b = nengo.Ensemble(20, 1, neuron_type=nengo.RectifiedLinear(), label="b")
        nengo.Connection(a, b, synapse=None)
        nengo.Probe(b, label="out")
    return net


@pytest.fixture(scope="module")
def built() -> Iterator[nengolab.Simulator]:
    with nengolab.Simulator(network(), minibatch_size=10, progress_bar=False) as sim:
        yield sim


@pytest.fixture
def sim(built: nengolab.Simulator) -> nengolab.Simulator:
    """A simulator as it was built."""
    built.reset(include_trainable=True)
    return built


@pytest.fixture(autouse=True)
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = {"x": X, "y": X**2, "junk": np.zeros((3, 7, 2))}
    monkeypatch.setattr("nengolab_widgets.fit.notebook_variables", lambda: variables)
    monkeypatch.setattr(panels, "notebook_variables", lambda: variables)
    yield
    for run in list(_going.values()):
        run.stop()
    panels._desks.clear()


class Slow(keras.callbacks.Callback):
    """So that there is time to do something to a run."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        time.sleep(0.03)


def _no_json(constant: str) -> None:
    raise AssertionError(f"a page cannot read {constant}")


class Page:
    """A page with the panel: what it was told, and what a person does on it."""

    def __init__(self, target: Any, folder: Path, *data: Any, **fit: Any) -> None:
        self.fit = Fit(target, *data, folder=folder, **fit)
        self.browser = Browser(self.fit.hub)
        self.browser.look()
        until(lambda: self.read("desk") is not None, "the first frame")

    def read(self, what: str) -> Any:
        for arrays in reversed(self.browser.arrays(self.fit._panel)):
            if what in arrays:
                return json.loads(bytes(arrays[what]).decode(), parse_constant=_no_json)
        return None

    @property
    def now(self) -> dict[str, Any]:
        return self.read("now")

    @property
    def desk(self) -> dict[str, Any]:
        return self.read("desk")

    def field(self, name: str) -> dict[str, Any]:
        until(lambda: any(f["name"] == name for f in self.desk["fields"]), f"the field {name}")
        return next(f for f in self.desk["fields"] if f["name"] == name)

    def act(self, **content: Any) -> None:
        self.browser.say(type="to_panel", panel=self.fit._panel, content=content)

    def set(self, name: str, value: str) -> None:
        self.field(name)
        self.act(type="set", field=name, value=value)

    def phase(self, *wanted: str) -> None:
        until(lambda: self.now["phase"] in wanted, f"{wanted}; {self.now}; {self.desk['trouble']}")

    def trouble(self) -> dict[str, Any]:
        until(lambda: self.desk["trouble"], "what went wrong")
        return self.desk["trouble"][0]


def test_it_is_chosen_started_steered_and_kept(sim, tmp_path) -> None:
    page = Page(sim, tmp_path, callbacks=[Slow()])
    assert page.fit.session.state == "asleep"  # the simulator stays the caller's
    assert page.field("x")["value"] == "x"
    reasons = {c["name"]: c["why"] for c in page.field("x")["choices"]}
    assert reasons["junk"] == "an item has 14 numbers, 'a' takes 1"
    assert [t["name"] for t in page.desk["trained"] if t["trains"]]
    page.set("epochs", "50")
    page.act(type="start")
    assert page.now["phase"] != "ended"  # the cell is free while it trains
    page.phase("running")
    until(lambda: page.now["epoch"] > 2 and page.now["rate"] > 0, "the third epoch")
    assert page.now["batches"] == 4
    page.act(type="pause")
    until(lambda: page.now["wish"] or page.now["phase"] == "paused", "an answer")
    assert page.now["epoch"] < 50  # long before the end
    page.phase("paused")
    assert page.fit.run.state == "paused"
    page.act(type="rate", value="0.5e-3")
    page.act(type="resume")
    until(lambda: page.fit.run.facts["changes"], "another learning rate")
    until(lambda: page.now["learning_rate"] == 0.5e-3, "which is told")
    page.act(type="stop")
    page.phase("ended")
    assert page.now["state"] == "stopped"
    [row] = page.desk["runs"]
    assert (row["state"], row["resumable"], row["shown"]) == ("stopped", True, 0)
    series = page.read("curves")["series"]
    assert {(s["metric"], s["of"]) for s in series} == {
        ("loss", "batches"),
        ("loss", "epochs"),
        ("loss", "validation"),
    }
    arrays = page.browser.arrays(page.fit._panel)[-1]
    at = next(i for i, s in enumerate(series) if s["of"] == "epochs")
    np.testing.assert_array_equal(arrays[f"y{at}"], page.fit.run.history["loss"])
    page.fit.close()


def test_what_is_wrong_stays_in_the_form_with_what_would_work(sim, tmp_path) -> None:
    page = Page(sim, tmp_path)
    page.set("epochs", "ten")
    until(lambda: page.field("epochs")["error"], "what is wrong")
    assert page.field("epochs")["value"] == "ten"
    assert "a whole number, such as 20" in page.field("epochs")["error"]
    page.act(type="start")
    assert "such as 20" in page.trouble()["text"]
    assert page.trouble()["field"] == "epochs"
    page.set("epochs", "2")
    page.set("batch_size", "4000")
    until(lambda: "minibatch_size=4000" in page.field("batch_size")["error"], "the most")
    page.set("batch_size", "10")
    page.set("x", "junk")
    until(lambda: "takes 1" in page.field("x")["error"], "the size")
    assert not tmp_path.joinpath("runs").exists()
    with pytest.raises(ValidationError, match="does not understand 'dance'"):
        page.fit._desk.act({"type": "dance"})
    page.fit.close()


def test_two_pages_and_a_second_panel_show_the_same(sim, tmp_path) -> None:
    first = Page(sim, tmp_path, callbacks=[Slow()])
    first.set("epochs", "40")
    first.act(type="start")
    first.phase("running")
    second = Page(sim, tmp_path)
    assert second.fit._desk is first.fit._desk
    second.phase("running")  # both get the same frames, of one hub
    assert second.now["run"] == first.fit.run.name
    first.fit.close()
    second.act(type="stop_run", run=second.now["run"])  # in the table of runs
    second.phase("ended")
    second.fit.close()


def test_a_simulator_that_another_run_has_is_said_to_be_busy(sim, tmp_path) -> None:
    page = Page(sim, tmp_path)
    page.field("x")
    sim.compile("sgd", loss="mse")
    run = runs.start(sim, X, X, epochs=500, folder=tmp_path, callbacks=[Slow()], name="mine")
    page.act(type="start")
    assert "the run 'mine' owns this simulator" in page.trouble()["text"]
    assert "stop it" in page.trouble()["advice"]
    run.stop()
    page.fit.close()


def test_a_live_session_that_has_the_simulator_is_named(tmp_path) -> None:
    with nengolab.Simulator(network(), minibatch_size=10, progress_bar=False) as sim:
        with Session(sim) as session:
            session.wait_until("ready", 60)
            page = Page(session, tmp_path)
            until(lambda: page.desk["trouble"], "what went wrong")
            assert "live session" in page.trouble()["text"]
            assert "Fit(net)" in page.trouble()["advice"]
            page.fit.close()


def test_numbers_without_end_are_none_to_a_page(sim) -> None:
    looking = Looking(None, np.zeros((0, 1), np.float32), sim.network, 0.001)
    looking.watching.steps = (Step("a", np.inf, np.nan), Step("b", None, 0.1))
    looking.watching.answers = Answers(1, np.ones((2, 3)), {"out": np.array([[np.nan]])})
    seen, _ = looking.told()
    json.dumps(seen, allow_nan=False)
    assert seen["moved"] == [
        {"name": "a", "gradient": None, "update": None},
        {"name": "b", "gradient": None, "update": 0.1},
    ]
    assert seen["layers"] == []


def test_nan_is_told_with_what_to_do_and_the_weights_stay(sim, tmp_path) -> None:
    page = Page(sim, tmp_path)
    page.set("optimizer", "SGD")
    page.set("learning_rate", "1e30")
    page.act(type="start")
    until(lambda: page.now["phase"] == "ended" and page.desk["trouble"], "the end")
    assert page.now["state"] == "failed"
    assert "smaller learning rate" in page.trouble()["advice"], page.trouble()
    # They may be far off: an epoch before is put back, or they begin anew.
    assert "Restore" in page.trouble()["advice"]
    assert all(np.isfinite(p.value).all() for p in sim.parameters.values())
    page.fit.close()


def test_weights_that_are_not_finite_are_no_start() -> None:
    with pytest.raises(ValidationError) as caught:
        _check_finite("a", np.full(3, np.nan))
    assert "begin with weights as built" in told.trouble_of(caught.value)["advice"]


def test_a_generator_that_raises_and_one_that_ends(sim, tmp_path) -> None:
    def raising() -> Iterator[Any]:
        yield X[:10], X[:10]
        yield X[:10], X[:10]
        raise OSError("the disk with the data is gone")

    sim.compile("sgd", loss="mse")
    page = Page(sim, tmp_path, raising(), epochs=2, steps_per_epoch=4)
    assert page.desk["given"]
    page.act(type="start")
    until(lambda: page.now["phase"] == "ended" and page.desk["trouble"], "the end")
    assert "the disk with the data is gone" in page.trouble()["text"]
    assert "raising" in page.trouble()["traceback"]
    page.fit.close()

    def ending() -> Iterator[Any]:
        for _ in range(6):
            yield X[:10], X[:10]

    page = Page(sim, tmp_path, ending(), epochs=3, steps_per_epoch=4)
    page.act(type="start")
    until(lambda: page.now["phase"] == "ended" and page.desk["trouble"], "the end")
    assert "ran out in epoch 2, after 2 of 4 batches" in page.trouble()["text"]
    assert "used up by one pass" in page.trouble()["advice"]
    page.fit.close()


def test_a_full_disk_holds_the_run_up_until_there_is_room(sim, tmp_path, monkeypatch) -> None:
    page = Page(sim, tmp_path, callbacks=[Slow()])
    page.set("epochs", "3")
    full = [True]
    write = archive.write

    def failing(path: Path, *rest: Any) -> Any:
        if full and path.stem == "0002":
            raise OSError(28, "No space left on device")
        return write(path, *rest)

    monkeypatch.setattr(archive, "write", failing)
    page.act(type="start")
    until(lambda: page.now["waits"], "why it waits")
    assert "No space left" in page.now["waits"]
    full.clear()
    page.act(type="resume")
    page.phase("ended")
    assert page.now["state"] == "finished"
    page.fit.close()


def test_an_interrupted_run_goes_on_to_the_same_numbers(sim, tmp_path) -> None:
    page = Page(sim, tmp_path)
    page.set("name", "whole")
    page.set("epochs", "4")
    page.act(type="start")
    page.phase("ended")
    whole = runs.open(tmp_path)["whole"]
    # As a kernel leaves it that died in the third epoch.
    cut = tmp_path / "cut"
    shutil.copytree(whole.folder, cut)
    facts = json.loads((cut / "run.json").read_text())
    facts |= {"state": "running", "epochs": 2, "batches": facts["batches"][:2]}
    facts["process"]["pid"], facts["process"]["began"] = 1, 0.0
    (cut / "run.json").write_text(json.dumps(facts))
    for later in ("0003.npz", "0004.npz"):
        (cut / "epochs" / later).unlink()
    page.fit.close()
    panels._desks.clear()
    again = Page(sim, tmp_path)
    until(lambda: len(again.desk["runs"]) == 2, "both runs")
    row = next(r for r in again.desk["runs"] if r["name"] == "cut")
    assert (row["state"], row["resumable"]) == ("interrupted", True)
    again.field("x")
    again.act(type="go_on", run="cut")
    again.phase("ended")
    assert runs.open(tmp_path)["cut"].history["loss"] == pytest.approx(whole.history["loss"])
    again.fit.close()


def test_runs_are_compared_noted_restored_and_deleted(sim, tmp_path) -> None:
    page = Page(sim, tmp_path)
    page.set("optimizer", "Adam")
    page.set("epochs", "2")
    for name, rate in (("slow", "0.001"), ("fast", "0.02")):
        page.set("name", name)
        page.set("learning_rate", rate)
        page.act(type="start")
        until(lambda n=name: page.now["run"] == n and page.now["phase"] == "ended", name)
    until(lambda: [r["name"] for r in page.desk["runs"]] == ["fast", "slow"], "both")
    assert {s["run"] for s in page.read("curves")["series"]} == {"fast", "slow"}
    page.act(type="show", run="slow", on=False)
    until(lambda: {s["run"] for s in page.read("curves")["series"]} == {"fast"}, "one")
    page.act(type="note", run="slow", text="too slow")
    page.act(type="tags", run="slow", text="try, first")
    until(lambda: page.desk["runs"][1]["tags"] == ["first", "try"], "tags")
    assert page.desk["runs"][1]["note"] == "too slow"
    page.act(type="compare", a="slow", b="fast")
    until(lambda: page.desk["differences"], "what differs")
    assert ["training.learning_rate", "0.001", "0.02"] in [
        [what, f"{float(a):.3g}", f"{float(b):.3g}"]
        for what, a, b in page.desk["differences"]
        if what == "training.learning_rate"
    ]
    page.act(type="restore", run="slow", epoch=1)
    until(lambda: "weights of “slow” after epoch 1" in page.desk["notice"], "restored")
    expected = {n: np.array(p.value) for n, p in sim.parameters.items()}
    runs.open(tmp_path)["slow"].restore(sim, 1)
    for name, value in expected.items():
        np.testing.assert_array_equal(sim.parameters[name].value, value)
    page.act(type="delete", run="slow", confirm="nonsense")
    assert "give that name to confirm it" in page.trouble()["text"]
    page.act(type="delete", run="slow", confirm="slow")
    until(lambda: [r["name"] for r in page.desk["runs"]] == ["fast"], "one is left")
    page.act(type="script", run="fast")
    said = [m["content"] for m in page.browser.of("for_panel")]
    [script] = [c for c in said if c["type"] == "script"]
    assert "sim.compile(" in script["text"] or script["problem"]
    page.fit.close()


def test_a_network_is_trained_in_a_simulator_of_its_own_beside_the_live_one(tmp_path) -> None:
    net = network()
    lab = Lab(net, plots=[net.ensembles[0]])
    lab.session.wait_until("ready", 60)
    page = Page(lab, tmp_path, X, X**2)
    page.set("epochs", "3")
    page.act(type="start")
    page.phase("ended")
    assert page.now["state"] == "finished", page.desk["trouble"]
    assert page.fit.sim.minibatch_size == 32
    lab.session.run_for(0.01).result(60)  # the live one is as free as before
    page.act(type="restore", run=page.now["run"], epoch="last")
    until(lambda: "live network computes with" in page.fit._desk.notice, "restored")
    until(lambda: lab.session.changes, "the live network has them")
    page.fit.close()
    lab.close()


def test_networks_of_two_runs_are_compared_where_they_are_at_hand(tmp_path) -> None:
    pages = []
    for name, radius in (("one", 1.0), ("two", 2.0)):
        net = network()
        net.ensembles[0].radius = radius
        page = Page(net, tmp_path, X, X**2, epochs=1)
        page.fit.set(name=name)
        page.fit.start().wait()
        pages.append(page)
    pages[1].act(type="compare", a="one", b="two")
    until(lambda: pages[1].desk["differences"], "what differs")
    told = {what: (one, other) for what, one, other in pages[1].desk["differences"]}
    assert [float(radius) for radius in told["b: radius"]] == [1.0, 2.0]
    for page in pages:
        page.fit.close()


def test_the_live_network_is_shown_a_sample_with_the_weights_of_this_moment(tmp_path) -> None:
    with nengo.Network(seed=0, label="kinds") as net:
        nengolab.configure_settings(stateful=False)
        net.config[nengo.Connection].synapse = None
        given = nengo.Node([0, 0], label="given")
        hidden = nengo.Ensemble(20, 2, neuron_type=nengo.LIF(), label="hidden")
        nengo.Connection(given, hidden)
        out = nengo.Node(size_in=2)
        nengo.Connection(hidden, out)
        nengo.Probe(out, label="out")
        nengo.Probe(hidden.neurons, label="spikes")
    points = RNG.uniform(-1, 1, (40, 2)).astype(np.float32)
    lab = Lab(net, plots=[hidden])
    lab.session.wait_until("ready", 60)
    page = Page(lab, tmp_path, points, (points[:, 0] > 0).astype(int), callbacks=[Slow()])
    for name, value in (("epochs", "500"), ("split", "0.5"), ("batch_size", "10")):
        page.set(name, value)
    page.act(type="start")
    until(lambda: (page.read("seen") or {}).get("samples"), "answers", 120)
    seen = page.read("seen")
    [layer] = seen["layers"]
    assert (layer["name"], layer["neurons"], sum(layer["counts"])) == ("spikes", 20, 20)
    assert seen["points"][-1][0] == seen["epoch"]
    page.act(type="live", item=0)
    until(lambda: "is shown this sample" in page.desk["notice"], "the live network")
    assert page.now["phase"] == "running"
    page.act(type="stop")
    page.phase("ended")
    page.act(type="live", item=0)
    trained = [p for p in page.fit.sim.parameters.values() if p.trainable]

    def live() -> bool:
        now = {(c.obj, c.role): c.after for c in lab.session.changes}
        return all(
            np.array_equal(now.get((getattr(p.owner, "ensemble", p.owner), p.role)), p.value)
            for p in trained
        )

    until(live, "the weights of the end")
    assert lab.session.inputs[given].tolist() in points[20:].tolist()
    page.fit.close()
    lab.close()


def test_curves_keep_their_peaks_and_ends() -> None:
    x = np.arange(10_000.0)
    y = np.sin(x)
    y[5000], y[7000] = 9, np.nan
    kept_x, kept_y = told.thinned(x, y, 100)
    assert len(kept_x) <= 101
    assert 9 in kept_y
    assert kept_x[-1] == x[-1]
    assert (np.diff(kept_x) > 0).all()
    for short in (x[:5], x[:0]):
        np.testing.assert_array_equal(told.thinned(short, short)[0], short)
