"""Report, tuning and export as panels: what pages are told, against what the calls give."""

import json
import threading
from pathlib import Path
from typing import Any

import keras
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Export, Lab, Report, Tune
from nengolab_widgets.choice import kinds_of, offered_of
from nengolab_widgets.converted import writing
from nengolab_widgets.graph import describe

import nengolab
from nengolab.converting import ConversionReport, Tried, Tuned
from tests.widgets.browser import Browser, until

SPIKING = {"relu": nengo.SpikingRectifiedLinear()}


@pytest.fixture(scope="module")
def converter() -> Any:
    """A small model with a layer that has no native form."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((6, 6, 1), name="image"),
        keras.layers.Conv2D(2, 3, activation="relu", name="conv"),
        keras.layers.MaxPooling2D(name="most"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(3, name="out"),
    ]
    model = keras.Sequential(layers, name="small")
    return nengolab.Converter(model, inference_only=True, swap_activations=SPIKING)


@pytest.fixture(scope="module")
def native(converter: Any) -> Any:
    return converter.again(max_to_avg_pool=True)


@pytest.fixture(scope="module")
def found() -> Tuned:
    """As `Converter.tune` gives it; the page's story has one that was really tried."""
    slow = Tried(50, 0.005, {"conv": 12.5}, 0.7, np.linspace(0, 0.7, 20), 0.019, np.nan, 80.5)
    fast = Tried(200, 0.0, {"conv": 50.0}, 0.9, np.linspace(0, 0.9, 20), 0.02, 0.004, 310.25)
    return Tuned(0.91, 0.001, [slow, fast])


def panel_of(widget: Any) -> Any:
    return widget.hub.panel(widget._panel)


def told(widget: Any, message: str) -> dict:
    """The newest of what a page that comes is told."""
    browser = Browser(widget.hub)
    browser.look()
    until(lambda: browser.of("for_panel"), message)
    said = [m["content"] for m in browser.of("for_panel")]
    assert said[-1]["type"] == message
    return json.loads(json.dumps(said[-1], allow_nan=False))


# ---- report ----------------------------------------------------------------------------------


def test_the_report_says_what_the_converter_says_and_leads_to_objects(converter: Any) -> None:
    widget = Report(converter, np.full((2, 6, 6, 1), 300.0), n_steps=20)
    report = panel_of(widget).obj
    assert [row.name for row in report.rows] == [row.name for row in converter.report().rows]
    said = told(widget, "report")
    assert (said["summary"], said["note"], said["problem"]) == (report.summary, "", "")
    graph = describe(converter.net)
    assert len(said["lines"]) == len(report.rows) == 5
    for line, row in zip(said["lines"], report.rows, strict=True):
        for field in ("name", "kind", "became", "why", "instead", "rate", "max_rate"):
            assert line[field] == getattr(row, field)
        assert (line["neurons"], line["parameters"]) == (row.n_neurons, row.n_parameters)
        assert graph.object(line["at"]) is row.obj
    conv, most, flat = said["lines"][1:4]
    assert conv["rate"] > 0
    assert conv["shape_in"] == "6 × 6 × 1"
    assert most["instead"].startswith("max_to_avg_pool=True")
    assert conv["object"] == "conv.0"
    # What became nothing leads to what it is.
    assert flat["at"] == most["at"]
    bundle = widget._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert html == report._repr_html_()
    assert widget.session.state == "asleep"
    widget.close()


def test_a_report_of_nothing_or_of_another_network_says_so(converter: Any, native: Any) -> None:
    with pytest.raises(ValidationError, match="needs a nengolab.Converter, got Network"):
        Report(converter.net)
    lab = Lab(native.net, plots=[(converter, "report"), (ConversionReport("none", []), "report")])
    other, empty = (lab._bench.find(panel) for panel in lab._bench.ids)
    assert "of another network" in other.told()["note"]
    assert {line["at"] for line in other.told()["lines"]} == {-1}
    assert "'none' has no layers" in empty.told()["problem"]
    with pytest.raises(ValidationError, match="does not understand 'dance'"):
        empty.handle({"type": "dance"})
    assert "report" in [kind.name for kind in kinds_of(converter)]
    assert offered_of(converter) == []
    lab.close()


# ---- tune ------------------------------------------------------------------------------------


def test_what_was_tried_is_shown_and_one_is_picked(native: Any, found: Tuned) -> None:
    widget = Tune(native, found)
    said = told(widget, "tuned")
    assert (said["keras"], found.tried[said["best"]]) == (found.keras_accuracy, found.best)
    assert said["why"].startswith("A star is the setting with the fewest spikes that keeps 98%")
    for line, tried in zip(said["tried"], found.tried, strict=True):
        for field in ("rate", "synapse", "accuracy", "latency", "spikes"):
            assert line[field] == getattr(tried, field)
        np.testing.assert_array_equal(line["by_step"], tried.by_step)
        np.testing.assert_allclose(line["ms"], np.arange(1, 21))
    assert [line["first"] for line in said["tried"]] == [None, 0.004]
    panel = panel_of(widget)
    assert (widget.chosen, panel.layout()) == (None, {"chosen": -1, "code": []})
    with pytest.raises(ValidationError, match=r"no setting is picked: .*tune.set\(chosen=0\)"):
        widget.converted()
    # As the page does, by a click.
    browser = Browser(widget.hub)
    browser.say(type="set_panel", panel=widget._panel, values={"chosen": 1})
    assert widget.chosen is found.tried[1]
    scales = found.tried[1].scales
    assert widget.converted().options.scale_firing_rates == scales
    # Both lines of code are Python, and give that setting.
    for line in panel.layout()["code"]:
        space = {"converter": native, "found": found}
        exec(line, space)
        assert space["best"].options.scale_firing_rates == scales
    with pytest.raises(ValidationError, match="settings 0 to 1 were tried, got 2"):
        widget.set(chosen=2)
    with pytest.raises(ValidationError, match="the number of a setting"):
        widget.set(chosen="best")
    assert widget.chosen is found.tried[1]
    widget.close()


def test_where_nothing_was_tried_that_is_said(native: Any, found: Tuned) -> None:
    widget = Tune(native, Tuned(0.9, 0.001, []))
    assert told(widget, "tuned")["problem"].startswith("No setting was tried. converter.tune(")
    with pytest.raises(ValidationError, match="no setting was tried, so there is no number 0"):
        widget.set(chosen=0)
    widget.close()
    with pytest.raises(ValidationError, match="needs what converter.tune"):
        Tune(native, native)


# ---- export ----------------------------------------------------------------------------------


def network() -> nengo.Network:
    with nengo.Network(label="to write", seed=1) as net:
        nengolab.configure_settings(dtype="float64")
        net.stimulus = nengo.Node([0.5], label="stimulus")
        lif = nengo.LIF(tau_ref=0, min_voltage=-np.inf)
        net.ens = nengo.Ensemble(15, 1, neuron_type=lif, label="ens", seed=2)
        nengo.Connection(net.stimulus, net.ens, label="in")
        nengo.Probe(net.ens.neurons, label="spikes")
        nengo.Probe(net.ens, synapse=0.01, label="value")
    return net


@pytest.fixture(scope="module")
def lab() -> Any:
    lab = Lab(network(), plots=["export"])
    lab.session.wait_until("ready", 120)
    yield lab
    lab.close()


def write_with(panel: Any, **values: Any) -> dict:
    panel.place.set(panel.identity.id, values)
    panel.handle({"type": "write"})
    return panel.wait(120)


def test_a_live_network_is_written_as_it_is_now(lab: Lab, tmp_path: Path) -> None:
    panel = lab._bench.find(lab._bench.ids[0])
    session, net = lab.session, lab.session.network
    bias = np.linspace(1, 3, 15)
    session.set_parameter(net.ens, "bias", bias).result(60)
    session.step(30).result(60)
    folder = tmp_path / "written"
    panel.place.set(panel.identity.id, {"folder": str(folder), "steps": 40})
    assert not folder.exists()
    said = write_with(panel, fold=True)
    bundle = nengolab.read_bundle(folder)
    np.testing.assert_array_equal(bundle.circuit.layer("ens.neurons").bias, bias)
    outcome = said["outcome"]
    assert said["state"] == "done"
    assert outcome["same"]
    assert all(one.same for one in bundle.verify())
    spikes = bundle.outputs["spikes"]
    assert spikes.shape == (1, 40, 15)
    assert outcome["checks"][0] == {
        "output": "spikes",
        "compared": f"{np.count_nonzero(spikes)} spikes",
        "found": "equal",
        "same": True,
    }
    assert outcome["folder"] == str(folder)
    assert {name.split()[0] for name in outcome["files"]} == {p.name for p in folder.iterdir()}
    # The run was not touched.
    assert session.n_steps == 30
    # What is there is never replaced.
    before = {path: path.read_bytes() for path in folder.iterdir()}
    said = write_with(panel, format="json")
    assert said["state"] == "refused"
    assert "is not empty; a bundle has one of its own" in said["words"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_form_says_what_is_wrong_and_nothing_is_written(lab: Lab, tmp_path: Path) -> None:
    panel = lab._bench.find(lab._bench.ids[0])
    folder = str(tmp_path / "new")
    usual = {"folder": folder, "format": "npz", "bits": "", "steps": "20", "fold": False}
    refused = [
        ({"bits": "eight"}, "bits: must be empty, a whole number such as 8"),
        ({"steps": "0"}, "steps: must be a whole number from 1 to 100,000"),
        ({"folder": " "}, "folder: must be the name of a new folder"),
        ({"folder": str(tmp_path / "a" / "b")}, "there is no folder"),
        ({"bits": 40}, "bits"),
        ({"bits": {"nobody": 4}}, "nobody"),
        ({"format": "nir", "bits": "8"}, "bits: is of bundles, and NIR has weights as they are"),
    ]
    for values, words in refused:
        said = write_with(panel, **{**usual, **values})
        assert said["state"] == "refused", values
        assert words in said["words"], values
    fields = {f["name"]: f for f in panel.layout()["fields"]}
    assert fields["bits"]["off"] == "NIR has weights as they are"
    panel.place.set(panel.identity.id, {**usual, "bits": "a: x"})
    fields = {f["name"]: f for f in panel.layout()["fields"]}
    assert fields["bits"]["error"].startswith("bits: must be empty")
    panel.place.set(panel.identity.id, usual)
    with pytest.raises(ValidationError, match="format must be one of 'npz'"):
        panel.place.set(panel.identity.id, {"format": "pickle"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"format": "hdf5", "bits": "6"}, "nengolab.export(sim, {!r}, 'hdf5', bits=6)"),
        ({"format": "nir"}, "graph = nengolab.to_nir(sim)"),
    ],
)
def test_whole_numbers_and_nir_are_checked_too(
    lab: Lab, tmp_path: Path, form: dict, code: str
) -> None:
    panel = lab._bench.find(lab._bench.ids[0])
    folder = tmp_path / "new"
    usual = {"folder": str(folder), "bits": "", "steps": "60", "fold": False}
    said = write_with(panel, **{**usual, **form})
    outcome = said["outcome"]
    assert said["words"] == ""
    assert outcome["same"], outcome
    assert code.format(str(folder)) in panel.layout()["code"]
    if form["format"] == "nir":
        assert outcome["words"].startswith("Written, read back, run and checked")
        assert outcome["checks"][0]["found"] == "equal"
        assert len(nengolab.from_nir(folder / "network.nir").all_ensembles) > 0
    else:
        assert nengolab.read_bundle(folder).circuit.fixed_point


def test_alone_it_refuses_by_name_and_tells_of_rounding(
    converter: Any, native: Any, tmp_path: Path
) -> None:
    held = Export(converter, folder=str(tmp_path / "held"))
    with pytest.raises(ValidationError, match="'most.0' cannot be exported"):
        held.write()
    assert "'most.0'" in told(held, "exported")["words"]
    held.close()
    assert list(tmp_path.iterdir()) == []
    export = Export(native, folder=str(tmp_path / "native"), steps=30)
    assert export.session.state == "asleep"
    outcome = export.write()
    assert outcome["same"]
    assert "equal" in outcome["checks"][0]["found"]
    # Pages are told of it, of what single precision has found too.
    assert told(export, "exported")["outcome"] == outcome
    assert export.session.state == "asleep"
    export.close()


@pytest.mark.parametrize("form", ["npz", "nir"])
def test_a_check_in_which_nothing_spiked_says_so(tmp_path: Path, form: str) -> None:
    with nengo.Network(seed=1) as quiet:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node([0.0], label="stimulus")
        shapes = {"encoders": [[1.0]] * 5, "max_rates": [100.0] * 5, "intercepts": [0.5] * 5}
        lif = nengo.LIF(tau_ref=0, min_voltage=-np.inf)
        ens = nengo.Ensemble(5, 1, neuron_type=lif, label="ens", **shapes)
        nengo.Connection(stimulus, ens, synapse=None)
        nengo.Probe(ens.neurons, label="spikes")
        if form == "npz":
            nengo.Probe(ens, synapse=0.01, label="value")
    export = Export(quiet, folder=str(tmp_path / "quiet"), format=form, steps=30)
    outcome = export.write()
    export.close()
    assert outcome["silent"]
    assert "Nothing spiked in the check" in outcome["words"]
    assert "give 'stimulus' a larger output" in outcome["notes"][0]
    assert outcome["checks"][0]["found"] == "nothing spiked in either"
    if form == "npz":
        assert outcome["checks"][1]["found"] == "equal"


def test_a_check_that_fails_says_where_and_two_never_write_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nengolab.Simulator(network(), progress_bar=False) as sim:
        bundle = nengolab.export(sim, tmp_path / "one", n_steps=30)
        script = bundle.path / "check.npz"
        spikes = bundle.outputs["spikes"]
        spikes[0, 5] = 7.0
        checked = {f"in {k}": v for k, v in bundle.inputs.items()}
        checked |= {f"out {k}": v for k, v in bundle.outputs.items()}
        from nengolab.saving import archive

        archive.write(script, checked, {"kind": "check"})
        outcome = writing.checked(bundle.path)
        assert not outcome["same"]
        assert outcome["words"].startswith("Written, but the script")
        assert "differ, by at most" in outcome["checks"][0]["found"]
        export = Export(sim)
        go = threading.Event()
        monkeypatch.setattr("nengolab_widgets.panels.export.write", lambda *_: go.wait(60))
        panel = panel_of(export)
        assert panel.begin()
        assert not panel.begin()
        assert panel.said["state"] == "working"
        go.set()
        panel.wait(60)
        export.close()
