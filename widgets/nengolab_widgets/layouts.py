"""Layouts in files: which plots are open, on what, how large, with which settings.

JSON with a version. Objects go by their names, so a layout serves every network that has such
objects, and settings are those that a person chose: the others follow the object again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nengo.exceptions import NengoException, ValidationError

from nengolab.names import Names

from .arrangement import Arrangement, Shown, Size
from .bench import Bench
from .choice import read_choice
from .narrowing import is_mapping, is_tuple
from .panel import Choice, Panel
from .panels import kinds
from .references import refer, resolve

VERSION = 1
KEY = "nengolab_layout"
# What is said where something of it is not there; the reasons are its details.
NOT_ALL = "Not all of the layout can be shown."
NO_MORE = "Not all of it can be shown any more."
NOT_ALL_PLOTS = "Not all plots can be shown any more."


def layout_of(bench: Bench) -> dict[str, Any]:
    """Describe what is open, JSON-able; what is beside the network has no name there."""
    panels = [panel for panel in map(bench.find, bench.ids) if panel.offered]
    layout: dict[str, Any] = {
        KEY: VERSION,
        "window": bench.window,
        "plots": [_plot(panel, bench.names) for panel in panels],
    }
    if bench.aside is not None:
        layout["network"] = _settings(bench.aside)
    return layout


def _plot(panel: Panel, names: Names) -> dict[str, Any]:
    plot: dict[str, Any] = {"object": refer(panel.obj, names), "kind": panel.name}
    if chosen := _settings(panel):
        plot["settings"] = chosen
    if panel.size != panel.usual_size:
        plot["columns"], plot["height"] = panel.size.columns, panel.size.height
    return plot


def _settings(panel: Panel) -> dict[str, Any]:
    """Give the settings that a person chose, JSON-able."""
    return {name: _plain(value) for name, value in chosen_values(panel).items()}


def _plain(value: Any) -> Any:
    if is_mapping(value):
        return {name: _plain(each) for name, each in value.items()}
    return list(value) if is_tuple(value) else value


def chosen_values(panel: Panel) -> dict[str, Any]:
    """Give the settings that are not what the kind chooses by itself."""
    usual = panel.usual()
    return {name: value for name, value in panel.values.items() if value != usual.get(name)}


def read_layout(source: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a layout from a file, or take one that `layout_of` gave.

    Raises
    ------
    ValidationError
        When it is none, or made by a newer nengolab.
    """
    where = "the layout"
    given: Any = source
    if isinstance(source, str | Path):
        where = str(source)
        try:
            given = json.loads(Path(source).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValidationError(f"{where} is no JSON: {error}", "layout") from None
    read: Mapping[str, Any] = given if is_mapping(given) else {}
    version = read.get(KEY)
    if not isinstance(version, int) or not isinstance(read.get("plots"), list):
        raise ValidationError(
            f"{where} is no layout of a Lab: save_layout() makes one, with {KEY!r} and 'plots'",
            "layout",
        )
    if version > VERSION:
        raise ValidationError(
            f"{where} was made by a newer nengolab: its version is {version}, this one reads "
            f"up to {VERSION}",
            "layout",
        )
    window = read.get("window")
    if not isinstance(window, int | float) or isinstance(window, bool) or not 0 < window < 1e6:
        raise ValidationError(f"{where}: window must be a positive time, got {window!r}", "window")
    return read


def arrangement_from(layout: Mapping[str, Any], bench: Bench) -> tuple[Arrangement, list[str]]:
    """Find what a layout names; also what of it is not there, and why."""
    shown: list[Shown] = []
    remarks: list[str] = []
    keep = set(bench.ids)
    for index, plot in enumerate(layout["plots"]):
        try:
            found, lost = _shown(plot, bench, keep)
        except NengoException as error:
            remarks.append(f"{_place(index, plot)}: {error}")
            continue
        shown.append(found)
        keep.discard(found.id)
        remarks += [f"{_place(index, plot)}: {remark}" for remark in lost]
    aside, lost = _aside(layout, bench)
    remarks += [f"the network view: {remark}" for remark in lost]
    return Arrangement(float(layout["window"]), tuple(shown), aside), remarks


def _aside(layout: Mapping[str, Any], bench: Bench) -> tuple[Shown | None, list[str]]:
    """Give how the network view is to be; a layout without one leaves it as it is."""
    if bench.aside is None or "network" not in layout:
        return None, []
    present = bench.arrangement.aside
    assert present is not None
    try:
        good, remarks = _fitting(
            layout["network"], Choice(bench.aside.obj, bench.aside.name), bench
        )
    except NengoException as error:
        return None, [str(error)]
    return replace(present, values={**bench.aside.usual(), **good}), remarks


def _place(index: int, plot: Any) -> str:
    kind = plot.get("kind") if is_mapping(plot) else None
    return f"plot {index + 1} ({kind})" if isinstance(kind, str) else f"plot {index + 1}"


def _shown(plot: Any, bench: Bench, keep: set[str]) -> tuple[Shown, list[str]]:
    if not is_mapping(plot) or not isinstance(plot.get("kind"), str):
        raise ValidationError(f'must have an "object" and a "kind", got {plot!r}', "plots")
    obj = resolve(plot.get("object"), bench.names)
    choice = read_choice((obj, plot["kind"]), bench.names)
    usual = kinds()[choice.kind].usual_size
    size = Size.read(plot.get("columns", usual.columns), plot.get("height"))
    values, remarks = _fitting(plot.get("settings", {}), choice, bench)
    return bench.would_show(Choice(obj, choice.kind, values), size, keep), remarks


def _fitting(values: Any, choice: Choice, bench: Bench) -> tuple[dict[str, Any], list[str]]:
    """Divide settings into those that fit the kind, and reasons why the others do not."""
    if not is_mapping(values):
        raise ValidationError(f"settings must be names with values, got {values!r}", "settings")
    good: dict[str, Any] = {}
    remarks: list[str] = []
    for name, value in values.items():
        try:
            bench.would_show(Choice(choice.obj, choice.kind, {name: value}), Size(), set())
        except (NengoException, TypeError, ValueError) as error:
            remarks.append(str(error))
        else:
            good[name] = value
    return good, remarks
