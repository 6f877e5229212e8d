"""Messages are defined once, in Python; what is made of that is up to date."""

import importlib.util
from pathlib import Path
from typing import Any, get_args

import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import from_pages, messages

ROOT = Path(__file__).resolve().parents[2]


def generator() -> Any:
    path = ROOT / "js/scripts/generate_messages.py"
    spec = importlib.util.spec_from_file_location("generate_messages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_typescript_is_what_python_says() -> None:
    stale = [
        str(path)
        for path, text in generator().outputs().items()
        if not path.exists() or path.read_text() != text
    ]
    assert stale == [], "run: python js/scripts/generate_messages.py"


def test_every_message_has_a_type_of_its_own() -> None:
    for union in (messages.KernelMessage, from_pages.PageMessage):
        assert len(messages.types_by_name(union)) == len(get_args(union))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "play"},
        {"type": "speed", "value": None},
        {"type": "input", "number": 1, "node": "input-0", "value": 0.5, "dim": 0},
        {"type": "input", "number": 1, "node": "input-0", "value": None},
        {"type": "set_panel", "panel": "p", "values": {"range": [0, 1]}},
    ],
)
def test_messages_of_pages_are_read(message: dict) -> None:
    assert from_pages.read_message(message) == message


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (None, "of type None"),
        ({"type": "fly"}, "'fly'"),
        ({"type": "step"}, "step: n is None"),
        ({"type": "step", "n": 1.5}, "step: n is 1.5"),
        ({"type": "step", "n": True}, "step: n is True"),
        ({"type": "speed", "value": "fast"}, "speed: value is 'fast'"),
        ({"type": "view", "view": "v", "width": 3, "visible": "yes"}, "view: visible is 'yes'"),
    ],
)
def test_what_is_no_message_is_refused_by_name(message: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        from_pages.read_message(message)
