"""The page that a Node's function makes of itself: what Nengo GUI calls ``_nengo_html_``."""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypedDict

import nengo
import numpy as np

from nengolab.live import LookSpec, PanelSpec
from nengolab.live.frames import Arrays
from nengolab.live.specs import Cadence, new_id
from nengolab_widgets.panel import Panel, Setting

ATTRIBUTE = "_nengo_html_"
# A larger page is not sent: at twenty a second it would be all that is sent.
MOST_BYTES = 2**18
GROUNDS = ("white", "theme")


class Payload(TypedDict):
    """What the page draws on: white paper, or the theme's ground; and how high (CSS pixels)."""

    ground: Literal["white", "theme"]
    height: float


@dataclass(frozen=True, eq=False)
class Written(LookSpec):
    """What a Node's function has written; sent when it is another text, twenty times a second."""

    node: nengo.Node
    id: str = field(default_factory=new_id)
    rev: int = 0

    cadence: ClassVar[Cadence] = "on_change"
    period: float = field(default=0.05, init=False)

    def version(self, sim: Any) -> Hashable:
        return self._text

    def look(self, sim: Any) -> Arrays:
        """Give the text as UTF-8, when it was found, and whether it says what is wrong."""
        text, wrong = self._text
        return [
            ("t", np.array([sim.n_steps * sim.dt])),
            ("html", np.frombuffer(text.encode(errors="replace"), np.uint8)),
            ("wrong", np.array([wrong], np.uint8)),
        ]

    @property
    def _text(self) -> tuple[str, bool]:
        """What is written; or what is wrong with it: an error here would end the whole stream."""
        try:
            value = _written(self.node.output)
        except Exception as error:
            return f"{ATTRIBUTE} raised {type(error).__name__}: {error}", True
        if value is None:
            return "", False
        if not isinstance(value, str):
            return f"{ATTRIBUTE} must be text, it is a {type(value).__name__}", True
        if len(value) > MOST_BYTES or len(value.encode(errors="replace")) > MOST_BYTES:
            return (
                f"{ATTRIBUTE} is longer than the {MOST_BYTES // 1024} kB that are shown: "
                f"{len(value)} characters"
            ), True
        return value, False


class Html(Panel):
    """What a Node's function writes, in a frame of its own, without scripts or network."""

    name = "html"
    label = "its own page"
    settings = (
        Setting("ground", "ground", "white", "choice", choices=GROUNDS, redraws=True),
        Setting("height", "height", 184.0, unit="px", least=60, most=1200, redraws=True),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a Node whose function has a page, or is going to have one."""
        return isinstance(obj, nengo.Node) and callable(obj.output) and _writes(obj.output)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -5.0

    def spec(self) -> Written:
        return Written(self.obj, id=self.identity.id, rev=self.identity.rev)

    @property
    def what(self) -> str:
        return "its own page"

    def layout(self) -> Payload:
        return {"ground": self.values["ground"], "height": self.values["height"]}

    def python(self, spec: PanelSpec) -> str:
        return "\n".join(
            [
                "# After a run: the page as it is then.",
                f"node = ...  # the Node {self.title!r}",
                "from IPython.display import HTML, display",
                f"display(HTML(node.output.{ATTRIBUTE}))",
                "",
            ]
        )


def _written(output: Any) -> Any:
    for holder in _layers(output):
        if hasattr(holder, ATTRIBUTE):
            return getattr(holder, ATTRIBUTE)
    return None


def _writes(output: Any) -> bool:
    """Whether a function has the attribute, or there is code in it that names it."""
    for holder in _layers(output):
        try:
            if hasattr(holder, ATTRIBUTE):
                return True
        except Exception:
            # A property that fails before the first step; what it says is shown later.
            return True
        if any(_names_it(code) for code in _codes(holder)):
            return True
    return False


def _layers(output: Any) -> Iterator[Any]:
    """Give a callable, and what it wraps."""
    seen: list[Any] = []
    while callable(output) and all(output is not other for other in seen):
        seen.append(output)
        yield output
        if isinstance(output, types.MethodType):
            yield output.__self__
            output = output.__func__
        else:
            output = getattr(output, "__wrapped__", None)


def _codes(holder: Any) -> Iterator[types.CodeType]:
    if isinstance(holder, types.FunctionType):
        yield holder.__code__
        return
    for kind in type(holder).__mro__[:-1]:
        for member in vars(kind).values():
            if isinstance(member, types.FunctionType):
                yield member.__code__


def _names_it(code: types.CodeType) -> bool:
    """Whether code names the attribute, or functions inside it do."""
    if ATTRIBUTE in code.co_names or ATTRIBUTE in code.co_consts:
        return True
    return any(_names_it(c) for c in code.co_consts if isinstance(c, types.CodeType))
