"""The contract of panels: kinds of our own, kinds from outside, settings."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab, panels
from nengolab_widgets.choice import kinds_of
from nengolab_widgets.panel import Panel, Setting
from nengolab_widgets.panels import GROUP, own_kinds

from nengolab.live import LookSpec, Session

from .browser import Browser, until

ESM = 'export default { name: "weighing", make() { return {}; } };'


class Biases(LookSpec):
    """The biases of an ensemble, looked up once."""

    def __init__(self, ensemble: nengo.Ensemble, id: str, rev: int) -> None:
        self.ensemble, self.id, self.rev = ensemble, id, rev

    def look(self, sim: Any) -> list[tuple[str, np.ndarray]]:
        return [("bias", np.asarray(sim.data[self.ensemble].bias, np.float32))]


class Weighing(Panel):
    """A kind of another package, without any probe."""

    name, label, esm = "weighing", "biases", ESM

    @classmethod
    def suits(cls, obj: Any) -> bool:
        return isinstance(obj, nengo.Ensemble)

    def spec(self) -> Biases:
        return Biases(self.obj, self.identity.id, self.identity.rev)

    @property
    def what(self) -> str:
        return "biases"

    def layout(self) -> dict[str, Any]:
        return {"count": self.obj.n_neurons}

    def handle(self, content: dict[str, Any]) -> None:
        if content.get("type") != "weigh":
            return super().handle(content)
        self.place.send(self, {"type": "weighed", "sum": content["a"] + content["b"]})


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package that brings `Weighing`, and one that is broken."""
    panels.kinds.cache_clear()
    entries = [
        EntryPoint("weighing", f"{__name__}:Weighing", GROUP),
        EntryPoint("broken", "no_such_module:Kind", GROUP),
    ]
    load = EntryPoint.load
    monkeypatch.setattr(panels, "entry_points", lambda group: entries if group == GROUP else [])
    monkeypatch.setattr(
        EntryPoint, "load", lambda self: Weighing if self.name == "weighing" else load(self)
    )
    yield
    panels.kinds.cache_clear()


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.ens = nengo.Ensemble(20, 1, label="ens")
    return net


def test_every_kind_keeps_the_contract() -> None:
    assert {"value", "raster", "rates"} <= set(own_kinds())
    for name, kind in own_kinds().items():
        assert kind.name == name
        assert kind.label
        assert kind.__doc__
        assert kind.esm is None
        assert len({setting.name for setting in kind.settings}) == len(kind.settings)


@pytest.mark.filterwarnings("ignore:the panel kind 'broken' cannot be used")
def test_a_kind_from_outside_is_offered_shown_and_spoken_with(
    outside: None, net: nengo.Network
) -> None:
    with pytest.warns(UserWarning, match="'broken' cannot be used: No module"):
        assert Weighing in kinds_of(net.ens)
    with Session(net) as session:
        session.wait_until("ready", 60)
        lab = Lab(session, plots=[(net.ens, "weighing")])
        browser = Browser(lab)
        browser.look()
        [layout] = browser.of("layout")
        assert layout["foreign"] == [{"kind": "weighing", "esm": ESM, "css": ""}]
        assert layout["panels"][0]["data"] == {"count": 20}
        [panel] = lab.plots
        until(lambda: browser.arrays(panel), "its data, though nothing runs")
        np.testing.assert_allclose(
            browser.arrays(panel)[0]["bias"],
            session._owner.delivery.sim.data[net.ens].bias,
            rtol=1e-6,
        )
        browser.say(type="to_panel", panel=panel, content={"type": "weigh", "a": 1, "b": 2})
        told = [m["content"] for m in browser.of("for_panel") if m["panel"] == panel]
        assert told == [{"type": "weighed", "sum": 3}]
        browser.say(type="to_panel", panel=panel, content={"type": "dance"})
        assert "a weighing panel does not understand 'dance'" in browser.of("notice")[0]["text"]
        lab.close()


@pytest.mark.parametrize(
    ("setting", "good", "bad"),
    [
        (Setting("n", "", 1.0, least=0, most=5), [0, 5, 2.5], [-1, 6, None, "x", True, 1e400]),
        (Setting("n", "", 1.0, optional=True), [None, 3], ["x"]),
        (Setting("n", "", "a", "choice", choices=("a", "b")), ["b"], ["c", None, 1]),
        (Setting("n", "", True, "flag"), [True, False], [1, None]),
        (
            Setting("n", "", None, "range"),
            [None, [0, 1], (-1.0, 1.0)],
            [[1, 0], [1], "ab", [0, "x"]],
        ),
        (Setting("n", "", "", "text"), ["x"], [1]),
    ],
)
def test_settings_take_what_fits(setting: Setting, good: list, bad: list) -> None:
    for value in good:
        read = setting.read(value)
        assert read == (tuple(value) if isinstance(value, list) else value)
    for value in bad:
        with pytest.raises(ValidationError, match="n must be"):
            setting.read(value)
