"""The network in view: laid out, opened, chosen from, moved, coloured; in light and dark."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from nengolab.benchmarks.live.opening import LARGE, OPENING
from tests.browser.jupyter import COLD, DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, open_panel, until

SMALL = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="A network to look at", seed=1) as net:
    drive = nengo.Node([0.5], label="drive")
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    with nengo.Network(label="vision") as vision:
        entry = nengo.Ensemble(80, 2, label="entry")
        hidden = nengo.Ensemble(200, 2, label="hidden")
        nengo.Connection(entry, hidden, function=lambda x: x**2)
        nengo.Connection(hidden, hidden, synapse=0.1)
    memory = nengo.networks.EnsembleArray(30, 32, label="memory")
    gate = nengo.Ensemble(50, 1, label="gate")
    post = nengo.Ensemble(60, 1, label="post")
    error = nengo.Node(size_in=1, label="error")
    shown = nengo.Node(lambda t, x: None, size_in=1, label="shown")
    nengo.Connection(wave, entry)
    nengo.Connection(hidden, memory.input[:2], transform=2)
    nengo.Connection(drive, gate)
    nengo.Connection(gate, hidden.neurons, transform=-2 * np.ones((200, 1)))
    learned = nengo.Connection(
        hidden, post, function=lambda x: 0, learning_rule_type=nengo.PES(1e-4), label="learned")
    nengo.Connection(post, error)
    nengo.Connection(drive, error, transform=-1)
    nengo.Connection(error, learned.learning_rule)
    nengo.Connection(post, shown, synapse=0.05)
    nengo.Probe(post, synapse=0.01)
"""


class Network:
    """The network view of a Lab, or one that stands alone."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.root = panel.root.locator(".nl-network").first
        self.canvas = self.root.locator("canvas.nl-network-canvas")

    def columns(self) -> dict[str, list[float]]:
        """Where what is, on the canvas."""
        return self.panel.root.evaluate(
            """el => {
              const { panels, aside } = el.nengolab.layout();
              const view = aside ?? panels.find(p => p.kind === "network");
              return el.nengolab.sources()[view.id];
            }"""
        )

    def names(self) -> list[str]:
        """Everything in the tree that a screen reader hears, in order."""
        return self.root.get_by_role("treeitem").evaluate_all(
            "items => items.map(item => item.getAttribute('aria-label'))"
        )

    def at(self, name: str) -> tuple[float, float]:
        """Where the shape of this name is on the canvas."""
        item = self.root.locator(f'[role=treeitem][aria-label^="{name}, "]')
        number = int(item.get_attribute("data-at"))
        columns = self.columns()
        index = columns["object"].index(number)
        return columns["x"][index], columns["y"][index]

    def click(self, name: str, **options: Any) -> None:
        """Click the shape of this name."""
        x, y = self.at(name)
        self.canvas.click(position={"x": x, "y": y}, **options)

    @property
    def card(self) -> Any:
        return self.root.locator(".nl-network-card")


def test_a_network_beside_its_plots(lab: JupyterLab) -> None:
    panel = open_panel(lab, [SMALL, "lab = Lab(net)\nlab"], name="net")
    network = Network(panel)
    until(lambda: network.columns().get("object"), "the network laid out")
    it_has_cards_and_colours(network, lab)
    panel.press("pause")
    panel.wait_state("paused")
    lab.set_theme(LIGHT)
    keys_alone_find_open_plot_and_drive(network, lab)
    open_close_move_undo(network, lab)
    assert lab.errors == []


def it_has_cards_and_colours(network: Network, lab: JupyterLab) -> None:
    panel = network.panel
    names = network.names()
    assert names[:2] == ["drive, input, constant, 1-d", "wave, input, of time, 2-d"]
    assert "memory, array, 32 × 30 LIF, 1-d" in names
    assert "hidden, ensemble, 200 LIF, 2-d" in names
    panel.screenshot("light")

    # A card says what it is and what can be plotted; the likely plot is one click away.
    network.click("hidden")
    network.card.get_by_text("vision/hidden").first.wait_for()
    expect(network.card).to_contain_text("200 LIF")
    expect(network.card).to_contain_text("recurrent")
    panel.screenshot("card-light")
    network.card.get_by_role("button", name="plot value", exact=True).click()
    until(lambda: "vision/hidden value" in panel.titles(), "the plot")
    plot = panel.root.locator("figure[aria-label^='vision/hidden: value']")
    x, y = network.at("hidden")
    network.canvas.hover(position={"x": x, "y": y})
    until(lambda: "nl-selected" in plot.get_attribute("class"), "the plot is marked")

    panel.press("play")
    panel.wait_time(1.0)
    until(lambda: sum(network.columns()["coloured"]) == 8, "colour")
    expect(network.root.locator(".nl-network-legend")).to_contain_text("Hz")
    until(lambda: "Hz" in network.card.locator(".nl-network-active").inner_text(), "its rate")
    panel.screenshot("running-light", docs="network-light")
    lab.set_theme(DARK)
    panel.wait_time(panel.status["time"] + 0.5)
    panel.screenshot("running-dark", docs="network-dark")


def keys_alone_find_open_plot_and_drive(network: Network, lab: JupyterLab) -> None:
    panel, keyboard = network.panel, lab.page.keyboard
    steps = panel.status["n_steps"]
    network.root.get_by_label("find in the network").focus()
    keyboard.type("mem")
    keyboard.press("Enter")
    focused = "document.activeElement.getAttribute('aria-label')"
    until(lambda: lab.page.evaluate(focused).startswith("memory, array"), "what was found")
    keyboard.press("ArrowRight")
    until(lambda: len(network.names()) > 30, "the array is open")
    keyboard.press("ArrowRight")
    until(lambda: lab.page.evaluate(focused).startswith("input, passthrough"), "its first part")
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    until(lambda: len(network.names()) < 30, "the array is closed")
    keyboard.press("Home")
    until(lambda: lab.page.evaluate(focused).startswith("drive, input"), "the first")
    # Along a connection.
    keyboard.press("Shift+ArrowRight")
    until(lambda: lab.page.evaluate(focused).startswith(("gate", "error")), "where it leads")
    keyboard.press("Shift+ArrowLeft")
    keyboard.press("Home")
    keyboard.press("p")
    until(lambda: "drive value" in panel.titles(), "its plot")
    keyboard.press("Enter")
    slider = network.card.get_by_role("slider", name="drive, on its card")
    slider.focus()
    keyboard.press("Home")
    until(lambda: lab.value("lab.session.inputs.get(drive, [0])[0]") == -1, "the Node is driven")
    keyboard.press("Escape")
    until(lambda: not network.card.is_visible(), "the card is closed")
    network.root.get_by_role("button", name="what the signs mean").press("Enter")
    panel.screenshot("signs")
    network.root.get_by_role("button", name="what the signs mean").press("Enter")
    assert panel.status["n_steps"] == steps


def open_close_move_undo(network: Network, lab: JupyterLab) -> None:
    panel = network.panel
    many = len(network.names())
    network.click("vision", click_count=2)
    until(lambda: len(network.names()) == many - 2, "vision closed")
    panel.press("undo")
    until(lambda: len(network.names()) == many, "vision open again")

    x, y = network.at("gate")
    box = network.canvas.bounding_box()
    lab.page.mouse.move(box["x"] + x, box["y"] + y)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + x + 20, box["y"] + y + 60, steps=5)
    lab.page.mouse.up()
    placed = "'gate' in lab.save_layout()['network'].get('placed', {})"
    until(lambda: lab.value(placed), "it is kept")
    moved = network.at("gate")
    assert abs(moved[0] - x - 20) < 8
    assert abs(moved[1] - y - 60) < 8
    panel.press("undo")
    until(lambda: not lab.value("lab.save_layout()['network'].get('placed')"), "it is taken back")

    panel.press("network")
    until(lambda: not network.canvas.is_visible(), "folded away")
    panel.screenshot("folded")
    until(
        lambda: lab.value("lab.save_layout()['network']['folded']") is True,
        "it is kept",
    )
    panel.press("network")
    until(lambda: network.canvas.is_visible(), "back again")


ALONE = """\
%load_ext nengolab
net
"""


def test_a_network_on_the_last_line_needs_no_simulator(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([SMALL, ALONE], "alone.ipynb", kernel=COLD))
    lab.run_all()
    network = Network(Panel(lab))
    until(lambda: network.columns().get("object"), "the network laid out")
    assert network.panel.status["state"] == "asleep"
    network.click("gate")
    until(lambda: "50 LIF" in network.card.inner_text(), "its card")
    expect(network.card.get_by_role("button", name="plot value")).to_have_count(0)
    network.panel.screenshot("light")
    assert lab.value("'tensorflow' in __import__('sys').modules") is False
    assert lab.errors == []


def frames_while(lab: JupyterLab, network: Network, act: str) -> float:
    """Frames a second while the view is panned, or zoomed, for two seconds by events."""
    return network.canvas.evaluate(
        """async (canvas, act) => {
          const box = canvas.getBoundingClientRect();
          const at = (type, x, y, more = {}) => canvas.dispatchEvent(new (
            type === "wheel" ? WheelEvent : PointerEvent)(type, { clientX: box.left + x,
            clientY: box.top + y, bubbles: true, cancelable: true, pointerId: 1, ...more }));
          canvas.setPointerCapture = () => {};
          const times = [];
          if (act === "pan") at("pointerdown", 3, 3);
          const start = performance.now();
          for (let i = 0; performance.now() - start < 2000; i++) {
            if (act === "pan") at("pointermove", 3 + 60 * Math.sin(i / 20), 3 + i % 50);
            else at("wheel", 200, 200, { deltaY: 20 * Math.sin(i / 20), ctrlKey: true });
            await new Promise(requestAnimationFrame);
            times.push(performance.now());
          }
          if (act === "pan") at("pointerup", 3, 3);
          return 1000 * (times.length - 1) / (times[times.length - 1] - times[0]);
        }""",
        act,
    )


def test_three_thousand_objects(lab: JupyterLab) -> None:
    names = "[f'area {i}' for i in range(30)]"
    cells = [
        LARGE,
        "closed = nengolab_widgets.Network(net)\nclosed",
        f"opened = nengolab_widgets.Network(net, opened={names})\nopened",
    ]
    lab.open_notebook(lab.server.add_notebook(cells, "large.ipynb"))
    lab.execute(LARGE)
    took = [lab.page.evaluate(OPENING, index)[0] for index in (1, 2)]
    network = Network(Panel(lab, 1))
    assert len(network.columns()["object"]) == 3030
    lab.page.wait_for_timeout(1500)
    rates = [frames_while(lab, network, act) for act in ("pan", "zoom")]
    blank = network.canvas.evaluate(
        "async () => { const start = performance.now(); let n = 0;"
        " while (performance.now() - start < 1000)"
        " { await new Promise(requestAnimationFrame); n++ } return n; }"
    )
    print(f"closed {took[0]:.0f} ms, open {took[1]:.0f} ms; frames/s {rates}, blank {blank}")
    network.root.get_by_role("button", name="show all of it").click()
    lab.page.wait_for_timeout(1500)
    network.panel.screenshot("light", docs="network-3000-light")
    Network(Panel(lab, 0)).panel.screenshot("closed-light")
    lab.set_theme(DARK)
    lab.page.wait_for_timeout(1500)
    network.panel.screenshot("dark", docs="network-3000-dark")
    network.root.get_by_label("find in the network").fill("area 7/e42")
    lab.page.keyboard.press("Enter")
    lab.page.wait_for_timeout(1500)
    network.panel.screenshot("found-dark")
    # Goals are 500 ms, 2 s, and 50 frames a second; of a machine that others use, only what is
    # relative can be held.
    assert min(rates) > 0.25 * blank
    assert lab.errors == []
