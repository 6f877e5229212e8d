"""The kernel's side of a Lab of a source: run when asked for, edited, undone, kept."""

import json
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.drawing.drawing import Drawing
from nengolab_widgets.drawing.hands import Drawn
from nengolab_widgets.drawing.places import ChangedElsewhere, Here, InFile
from nengolab_widgets.sourced import continued

from nengolab import building
from nengolab.building import running
from nengolab.exceptions import BuildStopped
from nengolab.names import Names

from .browser import Browser
from .browser import until as until_within

# Of a wait that is over in seconds on a quiet machine.
PATIENCE = 240


def until(condition: Any, what: str) -> None:
    until_within(condition, what, PATIENCE)


SOURCE = """\
import nengo

with nengo.Network(seed=1) as model:
    drive = nengo.Node([0.5])  # what drives it
    cells = [nengo.Ensemble(20, 1) for _ in range(2)]
    nengo.Connection(drive, cells[0])
"""


# ---- where it is kept -------------------------------------------------------------------------


def test_a_file_keeps_its_letters_and_nobody_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = '\xc3\xa9'\r\n")
    path.chmod(0o640)
    file = InFile(path)
    file.write(file.text.replace("1", "2"))
    assert path.read_bytes() == b"\xef\xbb\xbfa = 2\r\nb = '\xc3\xa9'\r\n"
    assert path.stat().st_mode & 0o777 == 0o640

    path.write_text("theirs = 1\n")
    with pytest.raises(ChangedElsewhere) as error:
        file.write("mine = 1\n")
    assert error.value.other == "theirs = 1\n"
    assert path.read_text() == "theirs = 1\n"
    file.accept()
    file.write("mine = 1\n")
    assert path.read_text() == "mine = 1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["model.py"]

    with pytest.raises(ValidationError, match=r"model\.txt"):
        InFile(tmp_path / "model.txt")


# ---- from the text to a network, without a simulator -------------------------------------------


class Written:
    """A drawing whose networks are taken at once, or refused."""

    def __init__(self, text: str) -> None:
        self.deeds: list[str] = []
        self.refuses: Exception | None = None
        self.drawing = Drawing(Here("here"), text, self.replace, self.heard, self.leave)
        self.began = threading.Event()
        # Where a build takes long: what it is to end, and whether it is at it.
        self.builds: Future[None] | None = None
        self.building = threading.Event()

    def replace(self, made: Any, before: Any, drawn: Any, is_wanted: Any) -> "Future[None]":
        done: Future[None] = Future()
        if self.builds is not None:
            self.building.set()
            return self.builds
        if self.refuses is not None:
            done.set_exception(self.refuses)
        else:
            drawn()
            done.set_result(None)
        return done

    def leave(self) -> None:
        assert self.builds is not None
        self.builds.set_exception(BuildStopped("the build was stopped"))

    def heard(self, deed: str) -> None:
        if self.drawing.state == "working":
            self.began.set()
        if deed:
            self.deeds.append(deed)


def add_probe(made: building.Made) -> building.Edit:
    return building.add(made, "nengo.Probe(drive)", "seen")


def add_probe_too(made: building.Made) -> building.Edit:
    return building.add(made, "nengo.Probe(drive)")


def narrow(made: building.Made) -> building.Edit:
    span = made.origins[made.network.ensembles[0]].span
    return building.set_argument(made.source, span, "radius", "-1.0")


def test_edits_are_done_in_order_and_what_would_not_run_is_not_done() -> None:
    written = Written(SOURCE)
    drawing = written.drawing
    with pytest.raises(ValidationError, match="run the code first"):
        drawing.edit(add_probe, "a probe").result(PATIENCE)
    drawing.run()
    drawing.edit(add_probe, "a probe").result(PATIENCE)
    assert written.deeds == ["the code", "a probe"]
    assert drawing.text == SOURCE + "    seen = nengo.Probe(drive)\n"
    assert drawing.is_fresh
    # Objects without a label go by their variables.
    assert [ens.label for ens in drawing.made.network.ensembles] == ["cells[0]", "cells[1]"]

    kept = drawing.text
    with pytest.raises(ValidationError, match=r"it was not done, .*line 5: .*radius"):
        drawing.edit(narrow, "it").result(PATIENCE)
    written.refuses = ValidationError("too many", "n_neurons")
    with pytest.raises(ValidationError, match="cannot be built: n_neurons: too many"):
        drawing.edit(add_probe_too, "it").result(PATIENCE)
    assert (drawing.text, drawing.state) == (kept, "good")

    # What a person writes is theirs, whatever it does.
    written.refuses = None
    drawing.run("with nengo.Network()")
    with pytest.raises(ValidationError, match=r"does not run \(line 1\): mend it"):
        drawing.edit(add_probe, "a probe").result(PATIENCE)
    assert (drawing.state, drawing.trouble.line) == ("failed", 1)
    assert drawing.text == "with nengo.Network()"
    assert drawing.made.source == kept
    drawing.run(kept).result(PATIENCE)
    drawing.type(kept + "# more\n")
    with pytest.raises(ValidationError, match="changed since it ran"):
        drawing.edit(add_probe, "a probe").result(PATIENCE)

    # What else a build may raise is told as well.
    drawing.type(kept)
    written.refuses = RuntimeError("boom")
    with pytest.raises(ValidationError, match="cannot be built: boom"):
        drawing.edit(add_probe_too, "it").result(PATIENCE)
    assert (drawing.text, drawing.state) == (kept, "good")


def test_what_is_written_while_code_runs_stays_and_is_saved(tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\n"
    written = Written(waits + SOURCE)
    path = tmp_path / "model.py"
    drawing = written.drawing
    drawing.place = InFile(path)
    drawing.run()
    written.began.wait(PATIENCE)
    second, third = (f"{waits}{SOURCE}# {n}\n" for n in (2, 3))
    last = drawing.run(second)  # waits for its turn
    drawing.type(third)
    drawing.save()  # at once
    assert path.read_text() == third
    go.touch()
    last.result(PATIENCE)
    assert (drawing.text, drawing.made.source) == (third, second)
    assert path.read_text() == third
    assert drawing.is_typed

    path.unlink()
    path.mkdir()
    hindered = r"model\.py could not be written, the code is only here: Is a directory"
    with pytest.raises(ValidationError, match=hindered):
        drawing.run("with").result(PATIENCE)
    with pytest.raises(ValidationError, match=hindered):
        drawing.save()
    # Where a page asks for it, it is told there, and nowhere else.
    hands = Drawn(drawing, Names(None), lambda name, place: None)
    hands.take({"type": "save", "text": "with"})
    assert len(hands.told()["besides"]) == 1
    # Why it does not run is told as well.
    assert drawing.trouble.kind == "syntax"
    assert "model.py could not be written" in drawing.unwritten
    path.rmdir()
    path.write_text(third)
    drawing.save()
    assert path.read_text() == "with"
    assert (drawing.trouble.kind, drawing.unwritten) == ("syntax", "")
    drawing.close()


def test_several_things_are_copied_grouped_and_moved_as_one() -> None:
    drawing = Written(SOURCE).drawing
    drawing.run().result(PATIENCE)

    put: dict[str, Any] = {}

    def edit(do: str, *names: str, into: str | None = None, of: Any = drawing, **more: Any) -> str:
        """Edit as a page does; what a page names stands for objects of the network that is."""
        call, said = Names(of.made.network), []
        hands = Drawn(of, call, put.__setitem__)
        content = {"do": do, "objects": [call.find(name) for name in names], **more}
        hands.edit(
            {**content, "into": into and call.find(into)},
            lambda problem, came: said.append(problem),
        )
        until(lambda: said, f"{do} was answered")
        return said[0]

    drive = "    drive = nengo.Node([0.5])  # what drives it\n"
    assert drive in SOURCE
    assert edit("duplicate", "drive") == ""
    assert drawing.text == SOURCE + drive.replace("drive =", "drive_1 =")
    assert edit("group", "drive_1") == ""
    inner = '    with nengo.Network(label="subnetwork") as subnetwork:\n'
    assert drawing.text == SOURCE + inner + "    " + drive.replace("drive =", "drive_1 =")
    # What a line makes with others stays, and the line is named.
    kept = drawing.text
    assert "line 5 makes these 2, which go together" in edit("group", "cells[0]", "drive")
    assert drawing.text == kept
    assert edit("move", "subnetwork/drive_1") == ""
    assert drawing.text == SOURCE + inner + "        pass\n" + drive.replace("drive =", "drive_1 =")
    assert edit("move", "drive_1", into="subnetwork") == ""
    assert drawing.text == kept

    # What is copied in one drawing is put into another, under a name that is free there.
    assert edit("copy", "drive", "subnetwork") == ""
    assert drawing.text == kept
    other = Written(
        "import nengo\nwith nengo.Network() as net:\n    drive = nengo.Node()\n"
    ).drawing
    other.run().result(PATIENCE)
    before = other.text
    assert edit("paste", "drive", of=other) == ""
    assert other.text.startswith(before)
    labels = {node.label for node in other.made.network.all_nodes}
    assert labels == {"drive", "drive_1", "drive_2"}
    assert "select what is in" in edit("copy")

    # Around a point they stand as they stood, off what is there already.
    assert put == {}
    boxes = [[100, 50, 50, 56], [300, 50, 84, 56]]
    assert edit("copy", "drive", "subnetwork", boxes=boxes) == ""
    assert edit("paste", of=other, place=[0, 0], taken=[[-100, 0, 50, 56], None]) == ""
    (left, top), (right, bottom) = sorted(put.values())
    assert (right - left, bottom - top) == (200, 0)
    assert top > 56
    assert left - top == -108.5
    assert "must be 2 numbers" in edit("paste", of=other, place=[0])


def test_a_function_runs_when_that_is_asked_for() -> None:
    drawing = Written(SOURCE).drawing
    drawing.run().result(PATIENCE)
    drawing.place.first_line = 2
    names, told = Names(drawing.made.network), []
    hands = Drawn(drawing, names, lambda name, place: None)
    conn = drawing.made.network.connections[0]
    fields = {f["name"]: f["function"] for f in hands.edits_of(conn)["fields"]}
    assert fields["function"]["kind"] == "none"
    assert fields["function"]["line"] == 7
    assert fields["synapse"] is None

    def run(text: str, element: int = 0) -> Any:
        content = {"object": conn, "name": "function", "text": text, "element": element}
        told.clear()
        hands.try_function(content, told.append)
        until(lambda: told, f"{text} was answered")
        return told[0]

    with np.errstate(all="ignore"):
        expected = np.log(np.linspace(-1, 1, 101))
    tried = run("np.log")
    assert (tried["problem"], tried["along"], tried["size"]) == ("", "x", 1)
    np.testing.assert_allclose(np.array(tried["y"][0][51:], float), expected[51:])
    # What cannot be drawn is nothing, and no word that JSON has not.
    assert tried["y"][0][:51] == [None] * 51
    json.dumps(tried, allow_nan=False)
    assert run("def f(x):\n    return y")["line"] == 8
    assert run("lambda x: x", element=1)["problem"] == "element must be below 1, got 1"
    assert drawing.text == SOURCE


def test_a_loop_without_end_is_stopped() -> None:
    written = Written("while True:\n    pass\n")
    done = written.drawing.run()
    written.began.wait(PATIENCE)
    written.drawing.stop()
    done.result(PATIENCE)
    assert written.drawing.trouble.kind == "stopped"
    assert written.drawing.state == "failed"
    written.drawing.close()


def test_a_build_is_stopped_and_what_ran_goes_on() -> None:
    written = Written(SOURCE)
    drawing = written.drawing
    drawing.run().result(PATIENCE)
    made = drawing.made
    written.builds = Future()
    done = drawing.edit(add_probe, "a probe")
    assert written.building.wait(PATIENCE)
    assert drawing.state == "working"
    drawing.stop()
    with pytest.raises(ValidationError, match="a probe was not done: it was stopped"):
        done.result(PATIENCE)
    assert (drawing.made, drawing.text, drawing.state) == (made, SOURCE, "good")
    assert written.deeds == ["the code"]

    written.builds = Future()
    written.building.clear()
    done = drawing.run(SOURCE + "# more\n")
    assert written.building.wait(PATIENCE)
    drawing.stop()
    done.result(PATIENCE)
    assert (drawing.made, drawing.state, drawing.trouble.kind) == (made, "failed", "stopped")
    written.builds = None
    drawing.run().result(PATIENCE)
    assert (drawing.state, drawing.trouble) == ("good", None)
    drawing.close()


def test_code_that_does_not_stop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_IN_VAIN", 3)
    locks = [threading.Lock(), threading.Lock()]
    monkeypatch.setattr(threading, "locks_of_the_test", locks, raising=False)
    wait = "import threading\nbegun, go = threading.locks_of_the_test\nbegun.release()\n"
    written = Written(f"{wait}go.acquire()\nx = 1\n")
    drawing = written.drawing
    drawing.place.first_line = 2
    for lock in locks:
        lock.acquire()
    done = drawing.run()
    assert locks[0].acquire(timeout=PATIENCE)
    drawing.stop()
    until(lambda: drawing.unheeded, "it is told")
    assert drawing.unheeded.startswith("Line 5 does not stop: ")
    assert "Kernel > Restart" in drawing.unheeded
    assert drawing.state == "working"
    locks[1].release()
    done.result(PATIENCE)
    assert (drawing.unheeded, drawing.trouble.kind) == ("", "stopped")
    drawing.close()


def test_a_variable_takes_no_name_of_pythons_own() -> None:
    drawing = Written(SOURCE).drawing
    drawing.run().result(PATIENCE)
    hands, said = Drawn(drawing, Names(drawing.made.network), lambda name, place: None), []
    content = {"do": "rename", "object": drawing.made.network.nodes[0], "name": "print"}
    hands.edit(content, lambda problem, came: said.append(problem))
    until(lambda: said, "it was answered")
    assert said[0].startswith("'print' is a name of Python's own")
    assert drawing.text == SOURCE


def test_what_the_page_had_last_is_known() -> None:
    drawing = Written(SOURCE).drawing
    hands = Drawn(drawing, Names(None), lambda name, place: None)
    hands.take({"type": "run", "text": SOURCE})
    drawing.look(lambda made: None).result(PATIENCE)
    assert not hands.told()["drawn"]
    drawing.edit(add_probe, "a probe").result(PATIENCE)
    assert hands.told()["drawn"]
    hands.take({"type": "typed", "text": drawing.text})
    assert not hands.told()["drawn"]
    # What is typed into a cell is not saved by that: a page that is loaded again may have less.
    drawing.place = Here("this cell", "cell")
    hands.take({"type": "typed", "text": drawing.text + "# more"})
    assert hands.told()["drawn"]
    assert not hands.told()["fresh"]


def test_what_could_not_be_written_is_told_in_sentences() -> None:
    reasons = {
        "missing_sense": "the output of 'sense' is an object, a Maze, which has no source",
        "": "net.config[node].held is an object, a Maze, which has no source",
    }
    missing = [building.Missing(name, reason, None) for name, reason in reasons.items()]
    assert continued([]).endswith("makes an equal network. Run it to go on with it.")
    assert continued(missing) == (
        "This is code that makes an equal network, but for 2 things. Run it to go on with it. "
        "The output of 'sense' is an object, a Maze, which has no source: write it yourself in "
        "place of missing_sense. "
        "net.config[node].held is an object, a Maze, which has no source."
    )
    assert continued(missing * 4).endswith("And so on: the code has 4 more.")


# ---- a Lab ------------------------------------------------------------------------------------


class Page(Browser):
    """A browser that edits by drawing."""

    def told(self, kind: str) -> list[Any]:
        contents = (message["content"] for message in self.of("for_panel"))
        return [content for content in contents if content["type"] == kind]

    def network(self, **content: Any) -> None:
        panel = self.lab._bench.aside.identity.id
        self.say(type="to_panel", panel=panel, content=content)

    def number(self, name: str) -> int:
        return self.lab._bench.aside.graph.index(self.lab._names.find(name))

    def edit(self, **content: Any) -> str:
        before = len(self.told("edited"))
        self.network(type="edit", ask="1", **content)
        until(lambda: len(self.told("edited")) > before, f"{content} was answered")
        return self.told("edited")[-1]["problem"]

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
    # What cannot be deleted is said before that is asked about.
    page.network(type="depending", ask="3", objects=[at])
    told = page.told("depending")[-1]
    assert told["names"] == []
    assert told["problem"] == page.edit(do="delete", objects=[at])
    assert told["problem"].startswith("line 6 makes these 2, which go together")
    both = [{"of": "object", "at": page.number(f"cells[{n}]")} for n in range(2)]
    page.network(type="depending", ask="4", objects=both)
    told = page.told("depending")[-1]
    assert (told["names"][-1], told["problem"]) == ("cells[0] -> ensemble", "")

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
