"""A Lab of a file, and of a network that is drawn."""

import json
import threading
from pathlib import Path
from typing import Any

import nengo
import pytest
from nengolab_widgets import Lab
from nengolab_widgets.drawing.hands import Drawn

from nengolab import building
from nengolab.names import Names

from .browser import Browser
from .test_drawing import PATIENCE, SOURCE, Written, until


class Page(Browser):
    """A browser that edits by drawing."""

    def told(self, kind: str) -> list[Any]:
        contents = (message["content"] for message in self.of("for_panel"))
        return [content for content in contents if content["type"] == kind]

    def network(self, **content: Any) -> None:
        panel = self.lab._bench.aside
        content = {"version": panel._version, **content}
        self.say(type="to_panel", panel=panel.identity.id, content=content)

    def number(self, name: str) -> int:
        return self.lab._bench.aside.graph.index(self.lab._names.find(name))

    def edit(self, **content: Any) -> str:
        before = len(self.told("edited"))
        self.network(type="edit", ask="1", **content)
        until(lambda: len(self.told("edited")) > before, f"{content} was answered")
        return self.told("edited")[-1]["problem"]

    def depending(self, objects: list[Any]) -> Any:
        before = len(self.told("depending"))
        self.network(type="depending", ask="3", objects=objects)
        until(lambda: len(self.told("depending")) > before, "what depends is told")
        return self.told("depending")[-1]

    @property
    def plots(self) -> list[str]:
        return [f"{p['title']} {p['kind']}" for p in self.of("layout")[-1]["panels"]]


def test_a_lab_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(f'open("{tmp_path / "ran"}", "w")\n{SOURCE}')
    before = path.read_text()
    lab = Lab(str(path), speed=None, network={"activity": False})
    page = Page(lab)
    page.look()
    assert page.plots == ["model.py code"]
    assert page.told("code")[-1]["told"]["text"] == before
    assert page.of("layout")[-1]["aside"]["data"]["drawn"] == "not yet"
    assert not (tmp_path / "ran").exists()

    lab.run_source("nothing").result(PATIENCE)
    until(lambda: page.of("layout")[-1]["aside"]["data"]["drawn"] == "failed", "it is told")

    lab.run_source(before).result(PATIENCE)
    stood = [told["aside"]["data"]["drawn"] for told in page.of("layout")]
    assert list(dict.fromkeys(stood)) == ["not yet", "coming", "failed", "yes"]
    assert (tmp_path / "ran").exists()
    assert lab.session.state == "ready"
    assert page.plots[:2] == ["model.py code", "cells[0] value"]
    assert page.of("layout")[-1]["title"] == "model.py"

    # The card says what its line makes, and has every argument.
    page.network(type="card", ask="2", of="object", at=page.number("cells[1]"))
    edit = page.told("card")[-1]["edit"]
    assert (edit["variable"], edit["made"], edit["count"]) == (
        "cells[1]",
        "line 6 makes these 2",
        2,
    )
    assert {f["name"]: f["value"] for f in edit["fields"]}["n_neurons"] == "20"

    # Edits of the drawing are edits of the file; the run goes on with what is unchanged.
    lab.session.step(20).result(PATIENCE)
    entry = "Neurons: Ensemble"
    assert page.edit(do="add", entry=entry, place=[10.0, 20.0], into=None) == ""
    assert page.told("edited")[-1]["came"] == ["ensemble"]
    ends = {"pre": page.number("cells[0]"), "post": page.number("ensemble")}
    entry = "Connections: Connection"
    assert page.edit(do="add", entry=entry, place=None, **ends) == ""
    assert path.read_text() == before + (
        '    ensemble = nengo.Ensemble(50, dimensions=1, label="ensemble")\n'
        "    nengo.Connection(cells[0], ensemble)\n"
    )
    assert lab.session.n_steps == 20
    at = {"of": "object", "at": page.number("cells[0]")}
    said = page.edit(do="set", name="n_neurons", value="'many'", **at)
    assert "what would work" in said.lower()
    what_is_called_by_old_numbers_is_refused(page, path)
    # What cannot be deleted is said before that is asked about.
    told = page.depending([at])
    assert told["names"] == []
    assert told["problem"] == page.edit(do="delete", objects=[at])
    assert told["problem"].startswith("line 6 makes these 2, which go together")
    both = [{"of": "object", "at": page.number(f"cells[{n}]")} for n in range(2)]
    assert told["instead"] == both
    told = page.depending(both)
    assert (told["names"][-1], told["problem"]) == ("cells[0] -> ensemble", "")
    assert told["changed"] == [
        "Nengo's seeds go by the order in a network: ensemble is drawn anew."
    ]

    # What is deleted comes back with its plot; undoing all gives the first letters.
    lab.add_plot(lab._names.find("ensemble"), "raster")
    at = {"of": "object", "at": page.number("ensemble")}
    assert page.edit(do="delete", objects=[at]) == ""
    assert path.read_text() == before
    assert "ensemble raster" not in page.plots
    lab.undo()
    until(lambda: "ensemble raster" in page.plots, "the plot is back")
    until(lambda: "Connection(cells[0], ensemble)" in path.read_text(), "and the line")
    for _ in range(3):
        lab.undo()
    until(lambda: path.read_text() == before, "all is undone")
    # What is typed and has not run is taken back like a deed, and comes again.
    typed = before + "# typed\n"
    lab._drawing.type(typed)
    lab.undo()
    until(lambda: lab._drawing.is_fresh and lab.source == before, "it is taken back")
    lab.redo()
    until(lambda: lab._drawing.is_fresh and lab.source == typed, "it is there again")
    lab.undo()
    until(lambda: path.read_text() == before, "all is undone again")
    layout = path.with_suffix(".layout.json")
    until(layout.exists, "plots are kept")
    assert json.loads(layout.read_text())["plots"][0]["object"] == "cells[0]"
    lab.close()


def what_is_called_by_old_numbers_is_refused(page: Page, path: Path) -> None:
    """A page that does not know yet that another network is drawn does nothing with it."""
    before, plots = path.read_text(), page.plots
    at = {"of": "object", "at": 1}
    old = page.told("graph")[-1]["version"] - 1
    late = "drawn anew in this moment"
    assert late in page.edit(do="delete", objects=[at], version=old)
    assert page.told("edited")[-1]["late"]
    page.network(type="depending", ask="7", objects=[at], version=old)
    assert late in page.told("depending")[-1]["problem"]
    page.network(type="plot", part="", kind="", version=old, **at)
    assert late in page.of("notice")[-1]["text"]
    cards = len(page.told("card"))
    page.network(type="card", ask="8", version=old, **at)
    assert len(page.told("card")) == cards
    # What is not there is an answer, too.
    assert "999" in page.edit(do="add", entry="Probes: Probe", place=None, pre=999)
    assert (path.read_text(), page.plots) == (before, plots)


def test_a_lab_leaves_a_build_and_runs_what_fails_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "model.py"
    path.write_text("with")
    lab = Lab(path, speed=None, network={"activity": False})
    page, runs = Page(lab), list[str]()
    page.look()
    real = building.run_source
    monkeypatch.setattr(
        building, "run_source", lambda text, stop: (runs.append(text), real(text, stop=stop))[1]
    )
    page.say(type="play")
    until(lambda: lab._drawing.state == "failed", "it failed")
    for _ in range(2):  # what it leads to has been asked for, and is done
        lab._drawing._ask(lambda: None).result(PATIENCE)
    assert runs == ["with"]

    lab.run_source(SOURCE).result(PATIENCE)
    reached, going = threading.Event(), threading.Event()
    points = nengo.builder.ensemble.gen_eval_points

    def waits(*args: Any, **how: Any) -> Any:
        reached.set()
        assert going.wait(PATIENCE)
        return points(*args, **how)

    monkeypatch.setattr(nengo.builder.ensemble, "gen_eval_points", waits)
    place = {"place": None, "into": None}
    page.network(type="edit", ask="1", do="add", entry="Neurons: Ensemble", **place)
    assert reached.wait(PATIENCE)
    lab.stop_source()
    until(lambda: page.told("edited"), "the edit was answered")
    assert page.told("edited")[-1]["problem"].endswith(" was not done: it was stopped")
    assert (lab.source, lab.session.state, path.read_text()) == (SOURCE, "ready", SOURCE)
    going.set()
    lab.close()


LAYERS = """\
import nengo, nengolab

with nengo.Network() as model:
    pixels = nengo.Node([0.5] * 3)
    neurons = nengolab.Layer(nengo.LIF())(pixels)
"""


def test_a_layer_of_neurons_goes_by_what_its_variable_holds() -> None:
    drawing = Written(LAYERS).drawing
    drawing.run().result(PATIENCE)

    def edit(**content: Any) -> tuple[str, list[str]]:
        """Edit as a page does, in a drawing whose names are those of the network that is."""
        call, said = Names(drawing.made.network), []
        hands = Drawn(drawing, call, lambda name, place: None)
        found = {
            k: call.find(v) if k in ("pre", "post", "object") else v for k, v in content.items()
        }
        hands.edit(found, lambda problem, came: said.append((problem, came)))
        until(lambda: said, f"{content} was answered")
        return said[0]

    def last() -> str:
        return drawing.text.splitlines()[-1].strip()

    ensemble = drawing.made.network.ensembles[0]
    assert (ensemble.label, drawing.made.names[ensemble]) == ("neurons", "neurons.ensemble")
    problem, came = edit(do="add", entry="Layers: TensorNode of a Keras layer", place=None)
    assert (problem, len(came)) == ("", 1)
    assert edit(do="add", entry="Probes: Probe", pre="neurons", place=None) == ("", [])
    assert last() == "probe = nengo.Probe(neurons, synapse=0.01)"
    assert edit(do="add", entry="Probes: Probe of spikes", pre="neurons", place=None) == ("", [])
    assert last() == "spikes = nengo.Probe(neurons)"
    ends = {"pre": "neurons", "post": "neurons"}
    assert edit(do="add", entry="Connections: Connection", place=None, **ends) == ("", [])
    assert last() == "nengo.Connection(neurons, neurons)"
    assert edit(do="set", object="neurons", name="layer.tau_rc", value="0.1") == ("", [])
    assert "Layer(nengo.LIF(tau_rc=0.1))(pixels)" in drawing.text
    assert edit(do="rename", object="neurons", name="spiking")[0] == ""
    assert "spiking = nengolab.Layer(" in drawing.text
    assert last() == "nengo.Connection(spiking, spiking)"
    # Of what layers put out a loss is taken: it is probed as it is.
    assert edit(do="add", entry="Probes: Probe", pre=came[0], place=None) == ("", [])
    assert last() == "probe_1 = nengo.Probe(tensors)"


def test_a_plot_that_no_longer_fits_its_object_goes_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    text = "import nengo\nwith nengo.Network(seed=1) as net:\n    a = nengo.Ensemble(40, 1)\n"
    path.write_text(text)
    lab = Lab(str(path), speed=None, network={"activity": False})
    page = Page(lab)
    page.look()
    lab.run_source().result(PATIENCE)
    lab.add_plot(lab.session.network.ensembles[0], "pipeline", neuron=35)
    lab.run_source(text.replace("40", "30")).result(PATIENCE)
    until(lambda: page.of("notice"), "what went is told")
    told = page.of("notice")[-1]
    assert told["text"] == "Not all plots can be shown any more."
    assert told["details"] == [
        "a (one neuron's story): neuron: 'a' has the neurons 0 to 29; got 35"
    ]
    assert "a pipeline" not in page.plots
    assert "a raster" in page.plots
    lab.close()
