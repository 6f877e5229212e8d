"""The parameter table as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Protocol

import numpy as np


class ParameterRow(Protocol):
    """A row of the table; `nengolab.parameters.table.Parameter` is one."""

    @property
    def name(self) -> str: ...
    @property
    def owner(self) -> Any: ...  # a Nengo object of any kind
    @property
    def owner_name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def size(self) -> int: ...
    @property
    def initial(self) -> np.ndarray: ...
    @property
    def value(self) -> np.ndarray: ...
    @property
    def trainable(self) -> bool: ...
    @property
    def learned(self) -> bool: ...
    @property
    def why(self) -> str: ...
    @property
    def why_shape(self) -> str: ...
    @property
    def equation(self) -> str: ...
    @property
    def unit(self) -> str: ...


class Missing(Protocol):
    """What a person may look for and an object has not; `nengolab.parameters.table.Absent`."""

    @property
    def owner_name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def why(self) -> str: ...


_AS_BUILT = "as built"
_LEGEND = "Values of an array: mean ± standard deviation [least, greatest]."


def summary(value: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation, least and greatest value, and count of zeros."""
    value = np.asarray(value, dtype=float)
    if value.size == 0:
        return dict.fromkeys(("mean", "std", "min", "max"), float("nan")) | {"zeros": 0}
    return {
        "mean": float(value.mean()),
        "std": float(value.std()),
        "min": float(value.min()),
        "max": float(value.max()),
        "zeros": int(value.size - np.count_nonzero(value)),
    }


def figures(value: np.ndarray) -> str:
    """A value in a few characters: itself, or its summary."""
    value = np.asarray(value)
    if value.size == 1:
        return f"{value.item():.4g}"
    good = np.isfinite(value)
    if not good.all():
        bad = f"{np.count_nonzero(~good):,} of {value.size:,} NaN or infinite"
        return f"{bad}, else {figures(value[good])}" if good.any() else bad
    s = summary(value)
    if s["min"] == s["max"]:
        return f"all {s['min'] + 0.0:.4g}"  # no -0
    zeros = f", {s['zeros']} zero" if s["zeros"] else ""
    # The mean of what is symmetric about zero is a rounding.
    mean = s["mean"] if abs(s["mean"]) > 1e-9 * max(-s["min"], s["max"]) else 0.0
    mean, low, high = (_number(v, 3) for v in (mean, s["min"], s["max"]))
    return f"{mean} ± {_number(s['std'], 2)} [{low}, {high}]{zeros}"


def _number(x: float, digits: int) -> str:
    """A few digits, without an exponent where there are no more than six before the point."""
    return f"{x:.0f}" if 10**digits <= abs(x) < 1e6 else f"{x:.{digits}g}"


def _now(row: ParameterRow) -> str:
    now = row.value
    return _AS_BUILT if _same(row.initial, now) else figures(now)


def _same(initial: np.ndarray, now: np.ndarray) -> bool:
    return bool(np.all(np.float32(now) == np.float32(initial)))  # state has the engine's precision


def _totals(rows: Sequence[ParameterRow]) -> str:
    trained = [r for r in rows if r.trainable]
    return (
        f"{_count(len(rows), 'array')}, {_count(sum(r.size for r in rows), 'number')}; trainable: "
        f"{_count(len(trained), 'array')}, {_count(sum(r.size for r in trained), 'number')}"
    )


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def _split(rows: Sequence[ParameterRow]) -> tuple[list[ParameterRow], list[ParameterRow]]:
    """What a person looks for, and constants of neuron types, synapses and rules."""
    constants = [r for r in rows if r.shape == () and r.role != "weights" and not r.trainable]
    known = set(map(id, constants))
    return [r for r in rows if id(r) not in known], constants


# -- text --------------------------------------------------------------------------------------


def as_text(rows: Sequence[ParameterRow], absent: Sequence[Missing]) -> str:
    """The table as text."""
    arrays, constants = _split(rows)
    parts = [_totals(rows)]
    if arrays:
        cells = [_cells(r) for r in arrays]
        parts.append(_columns(("name", "shape", "trained", "as built", "now", "why"), cells))
    if constants:
        cells = [(r.name, figures(r.initial), _now(r), r.why) for r in constants]
        cells = _grouped([(r.role, *c[1:]) for r, c in zip(constants, cells, strict=True)], cells)
        parts.append("constants\n" + _columns(("name", "as built", "now", "why"), cells))
    if absent:
        cells = [(f"{a.owner_name}: {a.role}", a.why) for a in absent]
        cells = _grouped([(a.role, a.why) for a in absent], cells)
        parts.append("no arrays\n" + _columns(("object", "why"), cells))
    return "\n\n".join(parts)


def _cells(row: ParameterRow) -> tuple[str, ...]:
    trained = "yes" if row.trainable else "online" if row.learned else "no"
    return (row.name, str(row.shape), trained, figures(row.initial), _now(row), row.why)


def _grouped(keys: Sequence[tuple], cells: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """One line for all that differ in their names only."""
    groups: dict[tuple, list[tuple[str, ...]]] = {}
    for key, line in zip(keys, cells, strict=True):
        groups.setdefault(key, []).append(line)
    return [
        (f"{lines[0][0]}{f' and {len(lines) - 1} more' if len(lines) > 1 else ''}", *lines[0][1:])
        for lines in groups.values()
    ]


def _columns(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = [head, ["-" * w for w in widths], *cells]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def one_as_text(row: ParameterRow) -> str:
    """One parameter, a line for each thing there is to say."""
    trained = "yes" if row.trainable else "online" if row.learned else "no"
    lines = {
        "": row.name,
        "owner": f"{row.owner_name} ({type(row.owner).__name__})" if row.owner_name else "",
        "role": row.role,
        "shape": row.why_shape,
        "computes": row.equation,
        "unit": row.unit,
        "trained": f"{trained}: {row.why}",
        "as built": figures(row.initial),
        "now": _now(row),
    }
    return "\n".join(f"{key:>9}{'  ' if key else ''}{text}" for key, text in lines.items() if text)


# -- HTML --------------------------------------------------------------------------------------

# Colours come from JupyterLab's theme; elsewhere from the text around. Where a notebook is shown
# that was not run, JupyterLab leaves the style sheet out; what a table cannot do without stands in
# the cells.
_CELL = "text-align: left; vertical-align: top; white-space: "
_INLINE = {
    "nl-name": f"{_CELL}normal; font-family: monospace",
    "nl-why": f"{_CELL}normal",
    "nl-trained": f"{_CELL}normal",
    "nl-figures": f"{_CELL}normal",
}
_STYLE = """
<style>
.nengolab-parameters table {
  border-collapse: collapse; font-size: 12px; table-layout: auto; margin: 0 0 8px 0;
}
.nengolab-parameters th, .nengolab-parameters td {
  padding: 3px 14px 3px 0;
  border-bottom: 1px solid var(--jp-border-color2, rgba(128, 128, 128, .35));
  background: transparent; color: var(--jp-content-font-color1, inherit);
}
.nengolab-parameters .nl-name {
  font-family: var(--jp-code-font-family, monospace) !important; min-width: 14em;
}
.nengolab-parameters .nl-figures { min-width: 10.5em; }
.nengolab-parameters .nl-why { min-width: 15em; }
.nengolab-parameters .nl-trained { min-width: 11em; }
.nengolab-parameters .nl-why, .nengolab-parameters small, .nengolab-parameters .nl-same {
  color: var(--jp-content-font-color2, inherit); font-size: 11px;
}
.nengolab-parameters strong { font-weight: 600; }
.nengolab-parameters p { margin: 0 0 6px 0; }
.nengolab-parameters summary { cursor: pointer; margin: 4px 0; }
</style>
"""


def as_html(rows: Sequence[ParameterRow], absent: Sequence[Missing]) -> str:
    """The table as HTML; what objects are called is escaped."""
    arrays, constants = _split(rows)
    parts = [f"<p>{_totals(rows)}</p>"]
    if arrays:
        head = ("name", "shape", "trained", "as built", "now", "where the shape comes from")
        parts.append(_table(head, [_html_cells(r) for r in arrays]))
        parts.append(f"<p><small>{_LEGEND}</small></p>")
    if constants:
        cells = [
            (_named(r), _td(figures(r.initial)), _td_now(r), _td(r.why, "nl-why"))
            for r in constants
        ]
        table = _table(("name", "as built", "now", "why"), cells)
        parts.append(_folded(f"{_count(len(constants), 'constant')}", table))
    if absent:
        cells = [(_td(a.owner_name, "nl-name"), _td(a.role), _td(a.why, "nl-why")) for a in absent]
        title = f"no arrays: {_count(len(absent), 'object')}"
        parts.append(_folded(title, _table(("object", "role", "why"), cells)))
    return f'<div class="nengolab-parameters">{_STYLE}{"".join(parts)}</div>'


def _html_cells(row: ParameterRow) -> tuple[str, ...]:
    trained = "yes" if row.trainable else "online" if row.learned else "no"
    said = trained if trained == "no" else f"<strong>{trained}</strong>"
    reason = f"<td{_style('nl-trained')}>{said}<br><small>{escape(row.why)}</small></td>"
    return (
        _named(row),
        _td(str(row.shape)),
        reason,
        _td(figures(row.initial), "nl-figures"),
        _td_now(row, "nl-figures"),
        _td(row.why_shape.split(": ", 1)[-1], "nl-why"),
    )


def _named(row: ParameterRow) -> str:
    about = " — ".join(text for text in (row.equation, row.unit) if text)
    return f'<td{_style("nl-name")} title="{escape(about)}">{escape(row.name)}</td>'


def _td(text: Any, kind: str = "") -> str:
    return f"<td{_style(kind)}>{escape(str(text))}</td>"


def _style(kind: str) -> str:
    """Attributes of a cell."""
    named = f' class="{kind}"' if kind else ""
    return f'{named} style="{_INLINE.get(kind, f"{_CELL}nowrap")}"'


def _td_now(row: ParameterRow, kind: str = "") -> str:
    now = _now(row)
    return _td(now, "nl-same" if now == _AS_BUILT else kind)


def _table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col"{_style("")}>{escape(h)}</th>' for h in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"
