"""Anything that a person may do with a Lab, in any order, in the page and from the kernel.

A seeded sequence: sliders, play, pause, steps, looking back, branches, plots that come and go while
all this happens, undo, changes from the kernel, reloads. After it, and now and then within, three
things hold: the session's thread lives; a simulator to which the recorded inputs and changes are
done, one after the other, has the same state to the last bit; the page shows what the kernel has.

``NENGOLAB_ACTIONS=500`` makes it as long as that, ``NENGOLAB_SEED`` another one.
"""

import os
import random
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, open_panel, until

ACTIONS = int(os.environ.get("NENGOLAB_ACTIONS", "60"))
SEED = int(os.environ.get("NENGOLAB_SEED", "4"))
# How often all of it is compared.
CHECKED = 20
LONGEST = 60

NETWORK = """\
import nengo
import nengolab
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="In any order", seed=4) as net:
    drive = nengo.Node([0.2], label="drive")
    place = nengo.Node([0.0, 0.1], label="place")
    noise = nengo.Node(nengo.processes.WhiteNoise(nengo.dists.Gaussian(0, 0.1)), label="noise")
    ens = nengo.Ensemble(30, 1, label="ens")
    plane = nengo.Ensemble(30, 2, label="plane")
    out = nengo.Ensemble(20, 1, label="out")
    into = nengo.Connection(drive, ens, synapse=0.02, label="into")
    nengo.Connection(noise, ens)
    nengo.Connection(place, plane)
    conn = nengo.Connection(ens, out, learning_rule_type=nengo.PES(), label="conn")
    nengo.Connection(out, conn.learning_rule)
    seen = {o.label: nengo.Probe(o) for o in (drive, place)}
"""

CHECK = """\
plain = nengolab.Simulator(net, seed=3, progress_bar=False)
sim = nengolab.Simulator(net, seed=3, progress_bar=False)

def recorded(timeline):
    'What was done on the way to where the run stands, in order.'
    events = []
    for branch, until, seq in timeline.here.lineage:
        events += [e for e in branch.events if e.step <= until and e.seq <= seq]
    return sorted(events, key=lambda event: (event.step, event.seq))

def now():
    owner = session._owner
    return sim.state, recorded(owner.timeline), sim.n_steps

def difference():
    'How the state differs from a replay of what is recorded; "" where it does not.'
    state, events, n_steps = session._owner.post(now).result(100)
    for node in (drive, place):
        plain.set_input(node, None)
    plain.reset()
    for event in events:
        plain.run_steps(event.step - plain.n_steps)
        if event.kind == 'input':
            plain.set_input(*event.what)
        elif event.kind == 'change':
            plain.apply(event.what)
            plain.prepare()
    plain.run_steps(n_steps - plain.n_steps)
    names = [n for n, a in plain.state.arrays.items() if not np.array_equal(a, state.arrays[n])]
    return ', '.join(names)

def has():
    'What the kernel has, as a page shows it.'
    inputs = {}
    for node in (drive, place):
        value = session.inputs.get(node, node.output)
        inputs[node.label] = np.round(value, 6).tolist()
    panels = [lab._bench.find(i) for i in lab.plots]
    return {
        'state': session.state, 'n_steps': session.n_steps, 'branch': session.history.branch,
        'branches': [b.name for b in session.history.branches], 'inputs': inputs,
        'plots': [f'{p.title} {p.name}' for p in panels],
        'alive': session._owner._thread.is_alive(),
    }

def undone(act):
    'What there was to undo is gone where the page has just gone back.'
    try:
        act().result(100)
    except nengo.exceptions.SimulationError as error:
        assert str(error).startswith(('there is no change', 'no change was undone')), error

from nengolab.live import Session
session = Session(sim, speed=1.0)
lab = Lab(session, plots=[ens, (place, 'drive'), (ens, 'raster')], window=1.0)
lab"""

OFFERS = ["ens: firing rate", "plane: value", "out: value", "plane: spike raster", "drive: value"]
FROM_KERNEL = [
    "session.lesion('ens', 0.3).result(100)",
    "session.lesion('ens', 0.0).result(100)",
    "session.set_parameter('into', 'synapse', 0.05).result(100)",
    "session.set_parameter('into', 'synapse', None).result(100)",
    "session.cut('conn').result(100)",
    "session.mend('conn').result(100)",
    "session.set_input(drive, [-0.4]).result(100)",
    "session.set_input(drive, None).result(100)",
    "undone(session.undo)",
    "undone(session.redo)",
    "lab.add_plot(out, 'value', synapse=0.1)",
    "session.history.step_back(3).result(100) if session.n_steps > 3 else None",
]


class Person:
    """Does one thing after the other, and remembers in words what it was."""

    def __init__(self, lab: JupyterLab, panel: Panel, seed: int) -> None:
        self.lab, self.panel, self.dice = lab, panel, random.Random(seed)
        self.done: list[str] = []
        self.gone = 0

    @property
    def acts(self) -> list[tuple[int, Callable[[], str]]]:
        return [
            (6, self.slide),
            (3, self.pad),
            (5, self.play_or_pause),
            (3, self.step),
            (4, self.look_back),
            (4, self.go_on),
            (3, self.switch),
            (2, self.beside),
            (4, self.add),
            (4, self.remove),
            (3, self.undo),
            (7, self.from_kernel),
            (1, self.reload),
        ]

    def act(self) -> None:
        weights, acts = zip(*self.acts, strict=True)
        [act] = self.dice.choices(acts, weights)
        try:
            done = act()
        except TimeoutError:
            # What was there when it was looked for can be gone before it is reached: the page
            # answers an earlier act meanwhile.
            self.gone += 1
            done = f"{act.__name__}, which was gone"
        self.done.append(f"{len(self.done)}: {done}")

    def slide(self) -> str:
        value = self.dice.randrange(-99, 100) / 100
        self.panel.drag("drive", value)
        return f"drive to {value}"

    def pad(self) -> str:
        pad = self.panel.root.locator(".nl-drive .nl-pad")
        if not pad.count():
            return "no pad"
        key = self.dice.choice(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home"])
        pad.first.press(key)
        return f"pad {key}"

    def play_or_pause(self) -> str:
        button = self.panel.root.locator(".nl-buttons .nl-button").first
        name = button.get_attribute("aria-label")
        button.click()
        return str(name)

    def step(self) -> str:
        self.panel.press("single step")
        return "step"

    def look_back(self) -> str:
        share = self.dice.randrange(0, 1001)
        self.panel.root.get_by_role("slider", name="history").fill(str(share))
        return f"look at {share}"

    def go_on(self) -> str:
        go = self.panel.root.locator(".nl-go-on")
        if not go.is_visible():
            return "nothing looked at"
        go.click()
        return "go on from here"

    def switch(self) -> str:
        return self._choose("branch of the run")

    def beside(self) -> str:
        return self._choose("branch beside it")

    def _choose(self, name: str) -> str:
        menu = self.panel.root.get_by_label(name)
        if not menu.is_visible():
            return f"no {name}"
        index = self.dice.randrange(menu.locator("option").count())
        menu.select_option(index=index)
        return f"{name}: {index}"

    def add(self) -> str:
        if len(self.panel.titles()) > 5:
            return "plots enough"
        offer = self.dice.choice(OFFERS)
        self.panel.add_plot(offer)
        return f"add {offer}"

    def remove(self) -> str:
        buttons = self.panel.root.get_by_role("button", name=re.compile("^remove the plot"))
        if buttons.count() < 2:
            return "few plots"
        which = self.dice.randrange(buttons.count())
        buttons.nth(which).click()
        return f"remove {which}"

    def undo(self) -> str:
        which = self.dice.choice(["undo", "redo"])
        button = self.panel.root.get_by_role("button", name=which, exact=True)
        if button.is_disabled():
            return f"nothing to {which}"
        button.click()
        return which

    def from_kernel(self) -> str:
        code = self.dice.choice(FROM_KERNEL)
        self.lab.value(f"[{code}] and None")
        return code

    def reload(self) -> str:
        self.lab.save()
        self.lab.reload()
        self.panel = Panel(self.lab)
        until(lambda: self.panel.titles(), "a layout after the reload")
        return "reload"


def shown(panel: Panel) -> dict:
    """What the page shows, in the words of `has`."""
    status = panel.status
    inputs = {}
    for name, count in (("drive", 1), ("place", 2)):
        labels = [name] if count == 1 else [f"{name}, dimension {i}" for i in range(count)]
        fields = [panel.root.get_by_label(f"{label}, value", exact=True) for label in labels]
        inputs[name] = [float(field.input_value()) for field in fields]
    branches = panel.root.get_by_label("branch of the run")
    names = branches.locator("option").all_inner_texts()
    return {
        "state": status["state"],
        "n_steps": status["n_steps"],
        "branch": branches.input_value(),
        "branches": names,
        "inputs": inputs,
        "plots": panel.titles(),
        "alive": True,
    }


def at_rest(lab: JupyterLab) -> dict:
    """What the kernel has after a pause; a click on play may come in after that."""
    lab.value("[session.pause().result(100)] and None")
    return lab.value("has()")


def check(lab: JupyterLab, person: Person) -> None:
    """Whether all of it holds now."""
    panel, story = person.panel, "\n".join(person.done[-40:])
    try:
        until(lambda: shown(panel) == at_rest(lab), "the page shows what the kernel has")
    except AssertionError:
        assert shown(panel) == at_rest(lab), story
    kernel = at_rest(lab)
    assert kernel["alive"], story
    assert kernel["state"] in ("paused", "ready", "finished"), story
    assert lab.value("difference()") == "", story
    assert panel.root.locator(".nl-plot-failed:visible").count() == 0, story


@pytest.mark.in_turn
def test_whatever_is_done_in_whatever_order(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, CHECK])
    lab.page.set_default_timeout(10_000)
    person = Person(lab, panel, SEED)
    for number in range(ACTIONS):
        person.act()
        if (number + 1) % CHECKED == 0 or number + 1 == ACTIONS:
            check(lab, person)
    assert person.gone <= ACTIONS // 10, "\n".join(person.done)
    panel = person.panel
    panel.screenshot("in-the-end")
    branches = lab.value("len(session.history.branches)")
    print(f"{ACTIONS} actions, {branches} branches, at {panel.status['time']:.3f} s")
    assert lab.errors == []
