"""The kernel's side of a Lab of a source: run when asked for, edited, undone, kept."""

import json
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.drawing.drawing import Drawing
from nengolab_widgets.drawing.hands import Drawn
from nengolab_widgets.drawing.places import ChangedElsewhere, Here, InFile
from nengolab_widgets.sourced import continued

from nengolab import building
from nengolab.building import running
from nengolab.exceptions import BuildStopped
from nengolab.names import Names

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
        # What was being done, each time that something was told.
        self.phases: list[str] = []
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
            if self.phases[-1:] != [self.drawing.phase]:
                self.phases.append(self.drawing.phase)
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


@pytest.mark.parametrize("choice", ["theirs", "mine", "run mine"])
def test_what_is_written_while_an_edit_is_made_is_one_of_two_to_choose_from(
    tmp_path: Path, choice: str
) -> None:
    written = Written(SOURCE)
    drawing, path = written.drawing, tmp_path / "model.py"
    drawing.place = InFile(path)
    drawing.run().result(PATIENCE)
    mine = f"{SOURCE}# typed\n"

    def add_while_typed(made: building.Made) -> building.Edit:
        drawing.type(mine)
        return add_probe(made)

    drawing.edit(add_while_typed, "a probe").result(PATIENCE)
    drawn = drawing.made.source
    assert drawn not in (SOURCE, mine)
    assert (drawing.text, drawing.other, path.read_text()) == (mine, drawn, drawn)
    assert not drawing.is_fresh
    hands = Drawn(drawing, Names(None), lambda name, place: None)
    told = hands.told()
    assert (told["other"], told["drawn_other"]) == (drawn, True)
    if choice == "theirs":
        hands.take({"type": "take_other"})
        assert (drawing.text, drawing.is_fresh, path.read_text()) == (drawn, True, drawn)
    elif choice == "mine":
        hands.take({"type": "keep_mine"})
        assert (drawing.text, drawing.is_fresh, path.read_text()) == (mine, False, mine)
    else:
        drawing.run().result(PATIENCE)
        assert (drawing.text, drawing.is_fresh, path.read_text()) == (mine, True, mine)
    assert (hands.told()["other"], hands.told()["drawn_other"]) == (None, False)


def test_what_is_written_on_top_of_an_edit_is_no_other_version() -> None:
    written = Written(SOURCE)
    drawing = written.drawing
    drawing.run().result(PATIENCE)

    def go_on(made: building.Made) -> list[str]:
        drawing.type(f"{drawing.text}# typed\n")  # it is drawn, and not yet done
        return []

    drawing.edit(add_probe, "a probe", go_on).result(PATIENCE)
    assert drawing.text == f"{drawing.made.source}# typed\n"
    assert drawing.other is None


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
    assert written.phases == ["running", "building", "running", "building", "stopping"]

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


def test_a_cell_without_the_end_of_its_last_line_is_the_same_code() -> None:
    drawing = Written(SOURCE).drawing
    drawing.run().result(PATIENCE)
    for kind, fresh in (("cell", True), ("file", False)):
        drawing.place.kind = kind
        drawing.type(SOURCE + "# typed")
        assert not drawing.is_fresh
        drawing.type(SOURCE.removesuffix("\n"))
        assert drawing.is_fresh == fresh
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
    text = "This is code that makes an equal network. Run it to go on with it."
    assert continued([]) == (text, [])
    assert continued(missing) == (
        text.replace("network.", "network, but for 2 things."),
        [
            "The output of 'sense' is an object, a Maze, which has no source: write it yourself in "
            "place of missing_sense.",
            "net.config[node].held is an object, a Maze, which has no source.",
        ],
    )
