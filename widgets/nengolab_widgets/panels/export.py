"""A network written for hardware: a form, a button, and the check of what was written."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from nengo.exceptions import ValidationError

from nengolab.live import PanelSpec
from nengolab_widgets.arrangement import Size
from nengolab_widgets.converted.form import FORMATS, Field, bits_of, fields_of, is_nir
from nengolab_widgets.converted.writing import Outcome, write
from nengolab_widgets.narrowing import is_mapping
from nengolab_widgets.panel import Identity, Place, Setting
from nengolab_widgets.telling import Telling


class Payload(TypedDict):
    """The form as it is filled in, and the code that does the same."""

    fields: list[Field]
    code: str


class Exported(TypedDict):
    """How the writing stands: ``words`` where it was refused or goes on."""

    type: Literal["exported"]
    state: Literal["nothing", "working", "done", "refused"]
    words: str
    outcome: Outcome | None


Said = Exported


def _format(value: Any) -> str:
    if value not in FORMATS:
        raise ValueError("one of " + ", ".join(map(repr, FORMATS)))
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("True or False")
    return value


def _bits(value: Any) -> Any:
    if is_mapping(value):
        return dict(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("empty, a number, or a number for each layer")
    return str(value).strip()


def _steps(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a whole number")
    return str(value).strip()


class Export(Telling):
    """A network for hardware and other programs: what is written, where, and whether it is right.

    Nothing is written before the button is pressed, and nothing is ever replaced. What was written
    is read back and run, and has to put out what the simulator does.
    """

    name = "export"
    label = "export for hardware"
    looks = True
    usual_size = Size(columns=2)
    settings = (
        Setting("format", "format", "npz", "kept", redraws=True, check=_format),
        Setting("folder", "folder", "exported", "kept", redraws=True, check=_text),
        Setting("bits", "bits of weights", "", "kept", redraws=True, check=_bits),
        Setting("steps", "steps of the check", "100", "kept", redraws=True, check=_steps),
        Setting("fold", "gains into weights", False, "kept", redraws=True, check=_flag),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._working = threading.Lock()
        self._ended = threading.Event()
        self._is_closed = False
        self.said: Exported = _said("nothing")
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is nothing in particular: all of the network is written."""
        return obj is None

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 92.0

    @property
    def title(self) -> str:
        return self.place.network.label or "network"

    @property
    def what(self) -> str:
        return "export for hardware"

    def layout(self) -> Payload:
        return {"fields": fields_of(self.values), "code": self.code()}

    def code(self) -> str:
        """Give the Python that writes the same."""
        values = self.values
        if is_nir(values["format"]):
            near = values["format"] != "nir"
            made = "graph, found = nengolab.to_nir(sim, approximate=True)"
            return made if near else "graph = nengolab.to_nir(sim)"
        given = [repr(values["folder"]), repr(values["format"])]
        try:
            bits = bits_of(values["bits"])
        except ValidationError:
            return ""
        given += [f"bits={bits!r}"] if bits is not None else []
        given += ["fold=True"] if values["fold"] and bits is None else []
        return f"bundle = nengolab.export(sim, {', '.join(given)})"

    def told(self) -> Exported:
        """Give how the last writing stands."""
        return self.said

    def closed(self) -> None:
        self._is_closed = True

    def handle(self, content: dict[str, Any]) -> None:
        """Write what the form says, where a page wants that."""
        if content.get("type") == "write":
            self.begin()
        else:
            super().handle(content)

    # ---- writing -----------------------------------------------------------------------------

    def begin(self) -> bool:
        """Begin to write in the background; False where that goes on already."""
        if not self._working.acquire(blocking=False):
            return False
        ended = self._ended = threading.Event()
        self._tell(_said("working", "Building the network, writing and checking it …"))
        values = dict(self.values)
        threading.Thread(target=self._write, args=(values, ended), daemon=True).start()
        return True

    def wait(self, timeout: float | None = None) -> Exported:
        """Wait until what was begun has come to its end."""
        self._ended.wait(timeout)
        return self.said

    def _write(self, values: dict[str, Any], ended: threading.Event) -> None:
        try:
            said = _said("done", outcome=write(self.place.session, values))
        except Exception as error:  # whatever it is, a person is told of it in place
            # Of what is no field of the form, the object or the path comes first.
            words = str(error)
            for attr in ("sim: ", "network: ", "path: "):
                words = words.removeprefix(attr)
            said = _said("refused", words or type(error).__name__)
        try:
            self._tell(said)
        finally:
            self._working.release()
            ended.set()

    def _tell(self, said: Exported) -> None:
        self.said = said
        if not self._is_closed:
            self.say()

    def python(self, spec: PanelSpec) -> str:
        return f"{self.code()}\n"


def _said(
    state: Literal["nothing", "working", "done", "refused"],
    words: str = "",
    outcome: Outcome | None = None,
) -> Exported:
    return {"type": "exported", "state": state, "words": words, "outcome": outcome}
