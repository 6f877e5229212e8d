"""Signals of learning rules: the error that PES learns from, activities, thresholds."""

from __future__ import annotations

from typing import Any

import nengo
from nengo.connection import LearningRule

from nengolab.live.probes import BEFORE, BEHIND
from nengolab_widgets.narrowing import is_dict, is_list

from .signal import Described, Payload, Signal

__all__ = ["Learning", "Payload"]

KNOWN: dict[str, Described] = {
    "error": ("error", "", (-1.0, 1.0)),
    "activities": ("activity before", "Hz", (0.0, 200.0)),
    "pre_filtered": ("activity before", "Hz", (0.0, 200.0)),
    "post_filtered": ("activity behind", "Hz", (0.0, 200.0)),
    "theta": ("threshold", "Hz", (0.0, 200.0)),
}


class Learning(Signal):
    """A signal of a learning rule over time."""

    name = "learning"
    label = "learning signal"

    @classmethod
    def signals(cls, obj: Any) -> dict[str, tuple[Any, str]]:
        """Give what a rule, or those of a connection, can show, the error first."""
        rules = rules_of(obj)
        found: dict[str, tuple[Any, str]] = {}
        for name in ("error", *BEFORE, *BEHIND):
            for rule in rules:
                if name in rule.learning_rule_type.probeable:
                    called = f"{name} of {_called(rule)}" if len(rules) > 1 else name
                    found[called] = (rule, name)
        return found

    @classmethod
    def each(cls, target: Any, attr: str) -> str:
        return "dimension" if attr == "error" else "neuron"

    @property
    def _described(self) -> Described:
        _, attr = self.signals(self.obj)[self.values["signal"]]
        return KNOWN[attr]

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -4.0

    def defaults(self) -> dict[str, Any]:
        shown = {"show": "lines"} if next(iter(self.signals(self.obj))).startswith("error") else {}
        return super().defaults() | shown


def rules_of(obj: Any) -> list[LearningRule]:
    """Give a rule, or the rules of a connection."""
    if isinstance(obj, LearningRule):
        return [obj]
    rule = obj.learning_rule if isinstance(obj, nengo.Connection) else None
    if is_dict(rule):
        return list(rule.values())
    return list(rule) if is_list(rule) else [] if rule is None else [rule]


def _called(rule: LearningRule) -> str:
    return type(rule.learning_rule_type).__name__
