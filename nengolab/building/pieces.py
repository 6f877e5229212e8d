"""Pieces of source: objects that are added, and copies put into the same or another source."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterable
from typing import Any

import nengo

from nengolab.building.as_made import at_end
from nengolab.building.attributes import with_own_attributes
from nengolab.building.checking import KNOWN
from nengolab.building.copying import Piece, definitions_of
from nengolab.building.edits import quote_of, quoted, renamed
from nengolab.building.importing import Import, brought, fresh, imports_of, names_in
from nengolab.building.indentation import dedented
from nengolab.building.palette import Entry
from nengolab.building.running import Made
from nengolab.building.scopes import bound_in, free_names
from nengolab.building.statements import block_of, inserted
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of


def add(made: Made, call: str, name: str = "", into: nengo.Network | None = None) -> Edit:
    """Add an object at the end of a network's ``with`` block.

    Parameters
    ----------
    made : Made
        The source, as it was run.
    call : str
        What makes it, with ``nengo.`` before Nengo's names; it takes on what the source calls
        Nengo, and its quotes.
    name : str, optional
        Of the variable that it is assigned to.
    into : nengo.Network, optional
        Default: the outermost one.

    Raises
    ------
    Refused
        Where the name is in use, the call is none, or the network has no block in the source.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)  # the first
    ... ''')
    >>> print(nengolab.building.add(made, "nengo.Probe(a)", "probe").after)
    import nengo
    with nengo.Network() as net:
        a = nengo.Ensemble(50, 1)  # the first
        probe = nengo.Probe(a)
    <BLANKLINE>
    """
    text = text_of(made.source)
    if name and (not name.isidentifier() or name in names_in(text)):
        raise Refused(f"{name!r} is in use in the source, or no name for a variable", attr="name")
    try:
        parsed = text.cst.parse_expression(call)
    except Exception:
        parsed = None
    if not isinstance(parsed, text.cst.Call):
        raise Refused(f"{call!r} is no call that makes an object", attr="call")
    return paste(made, f"{name} = {call}" if name else call, into, in_manner=True)


def paste(
    made: Made, piece: str, into: nengo.Network | None = None, in_manner: bool = False
) -> Edit:
    """Put a piece of source at the end of a network's ``with`` block, with fresh names.

    Its imports go to the others; what the source has already, under whatever name, is used. A
    variable whose name is in use gets another one (``a_1``), in its label as well. Definitions
    that the source has word for word are not brought again.

    Parameters
    ----------
    made : Made
    piece : str
        As `copy` gives it, or any statements that make objects: those take what the config of
        the network says.
    into : nengo.Network, optional
        Default: the outermost one.
    in_manner : bool, optional
        Whether its strings are given the source's quotes.

    Raises
    ------
    Refused
        Where the piece does not parse, uses what the source has not, or the network has no block.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1, label="a")
    ... ''')
    >>> piece = nengolab.building.copy(made, made.network.ensembles[0])
    >>> print(nengolab.building.paste(made, piece).after)
    import nengo
    with nengo.Network() as net:
        a = nengo.Ensemble(50, 1, label="a")
        a_1 = nengo.Ensemble(50, 1, label="a_1")
    <BLANKLINE>
    """
    text = text_of(made.source)
    changes, count = pasted(text, made, piece, into, in_manner)
    return text.edit(changes, count)


def pasted_names(made: Made, piece: str, into: nengo.Network | None = None) -> dict[str, str]:
    """What the variables of a piece are called once it is put into a source.

    Parameters
    ----------
    made, piece, into
        As for `paste`.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ... ''')
    >>> piece = nengolab.building.copy(made, made.network.ensembles[0])
    >>> nengolab.building.pasted_names(made, piece)
    {'a': 'a_1'}
    """
    text = text_of(made.source)
    network = made.network if into is None else into
    block = block_of(text, made, network)
    piece, place = _fitted(text, made, piece, network, block)
    end = text.where(block)[1] if place is None else place
    there, own, dropped = _read(text, made, piece, end)
    names, _ = _names(text, made, there, own, dropped)
    return {name: names.get(name, name) for name in sorted(own)}


def place(made: Made, entry: Entry, into: nengo.Network | None = None) -> Edit:
    """Add an entry of the palette to a network: one edit, whatever it takes.

    Parameters
    ----------
    made : Made
    entry : Entry
        With what it needs filled in (``entry.filled(pre="a", post="b")``).
    into : nengo.Network, optional
        Default: the outermost one.

    Raises
    ------
    Refused
        Where something is not filled in, and where it cannot be added.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     pass
    ... ''')
    >>> wave = next(e for e in nengolab.building.palette() if e.title == "Function of time")
    >>> print(nengolab.building.place(made, wave).after)
    import nengo
    import numpy as np
    with nengo.Network() as net:
        wave = nengo.Node(lambda t: np.sin(2 * np.pi * t), label="wave")
    <BLANKLINE>
    """
    if entry.needs:
        raise Refused(
            f"{entry.title} needs {', '.join(entry.needs)}: fill it in with "
            f"entry.filled({entry.needs[0]}=...)",
            attr="entry",
        )
    piece = "\n".join([*entry.imports, entry.source]) + "\n"
    return paste(made, piece, into, in_manner=True)


# -- what is put in --------------------------------------------------------------------------------


def pasted(
    text: Text,
    made: Made,
    piece: str,
    into: nengo.Network | None,
    in_manner: bool,
    known: frozenset[str] = frozenset(),
) -> tuple[list[Replacement], int]:
    """The replacements that put a piece in, and how many objects each of its calls makes.

    ``known`` are names that the same edit gives something.
    """
    network = made.network if into is None else into
    block = block_of(text, made, network)
    piece, place = _fitted(text, made, piece, network, block)
    end = text.where(block)[1] if place is None else place
    there, own, dropped = _read(text, made, piece, end)
    names, changes = _names(text, made, there, own, dropped)
    _check_free(made, there, own | known)
    lines = _lines(renamed(there, names), dropped)
    if in_manner:
        lines = _in_quotes(lines, quote_of(made.source))
    if not lines:
        raise Refused("the piece has no statement to add", attr="piece")
    origin = made.origins.get(network)
    changes.append(inserted(text, block, lines, place))
    return changes, 1 if origin is None else origin.count


def _fitted(
    text: Text, made: Made, piece: str, network: nengo.Network, block: Any
) -> tuple[str, int | None]:
    """A piece as it has to be at the end of a network's block.

    Where that cannot be said, as it is, with a place where the same configs hold.
    """
    if not isinstance(piece, Piece):
        return piece, None
    try:
        return piece.at(at_end(text, made, network, block)), None
    except Refused:
        if (place := piece.beside(text, block)) is None:
            raise
        return str(piece), place


def _read(text: Text, made: Made, piece: str, end: int) -> tuple[Text, set[str], list[int]]:
    """A piece, the variables it gives a value, and its definitions that a source has by ``end``."""
    there = _with_imports(made, piece)
    there = with_own_attributes(there, made, bound_in(there.source))
    own = bound_in(there.source) - {one.name for one in imports_of(there)}
    dropped = [n for n, s in enumerate(there.module.body) if _has(text, made, there, s, end)]
    return there, own, dropped


def _with_imports(made: Made, piece: str) -> Text:
    """A piece with the imports of what everybody knows: ``nengo``, ``np``, ..."""
    code = textwrap.dedent(piece.replace("\r\n", "\n"))
    text_of(code)  # refuses what does not parse
    known = [n for n in free_names(code) if n in KNOWN]
    wanted = [n for n in known if n == "nengo" or n not in made.namespace]
    lines = [Import(KNOWN[name], "", name).line() for name in wanted]
    return text_of("\n".join([*lines, code]))


def _names(
    text: Text, made: Made, piece: Text, own: set[str], dropped: list[int]
) -> tuple[dict[str, str], list[Replacement]]:
    """The names of a piece that have to be others in a source, and the imports to bring."""
    taken = names_in(text) | set(made.namespace)
    used = taken | own
    names, changes = brought(text, made.namespace, imports_of(piece), used)
    used |= names_in(piece) | set(names.values())
    kept: set[str] = set()
    for n in dropped:
        kept |= bound_in(dedented(piece, piece.module.body[n]))
    for name in sorted(own - kept):
        if name in taken:
            names[name] = fresh(name, used)
            used.add(names[name])
    return names, changes


def _check_free(made: Made, piece: Text, own: set[str]) -> None:
    known = own | set(made.namespace) | set(dir(builtins)) | {o.name for o in imports_of(piece)}
    missing = sorted(set(free_names(piece.source)) - known)
    if missing:
        raise Refused(
            f"the piece uses {', '.join(missing)}, which the source has not: copy what it is, too",
            attr="piece",
        )


def _has(text: Text, made: Made, piece: Text, statement: Any, end: int) -> bool:
    """Whether a source has a definition of a piece, word for word, before a place."""
    cst = text.cst
    if isinstance(statement, cst.SimpleStatementLine):
        if len(statement.body) != 1 or not isinstance(statement.body[0], cst.Assign):
            return False
    elif not isinstance(statement, cst.FunctionDef | cst.ClassDef):
        return False
    code = dedented(piece, statement).strip()
    names = bound_in(code)
    for name in names:
        held = made.namespace.get(name)
        if held is None or isinstance(held, nengo.base.NengoObject | nengo.Network):
            return False
    places = [d for name in names for d in definitions_of(text).get(name, ())]
    return bool(places) and all(
        dedented(text, d).strip() == code and text.where(d)[1] <= end for d in places
    )


def _lines(piece: Text, dropped: list[int]) -> list[str]:
    """The lines of a piece without its imports and what is dropped."""
    cst: Any = piece.cst
    found: list[str] = []
    for n, statement in enumerate(piece.module.body):
        if n in dropped:
            continue
        smalls = statement.body if isinstance(statement, cst.SimpleStatementLine) else []
        own = [s for s in smalls if not isinstance(s, cst.Import | cst.ImportFrom)]
        if len(own) < len(smalls):
            found += [dedented(piece, small) for small in own]
            continue
        leading = statement.leading_lines if found else _comments(statement.leading_lines)
        found += ["" if line.comment is None else line.comment.value for line in leading]
        found.append(dedented(piece, statement))
    return "\n".join(found).split("\n") if found else []


def _comments(lines: Iterable[Any]) -> list[Any]:
    return [line for line in lines if line.comment is not None]


def _in_quotes(lines: list[str], quote: str) -> list[str]:
    """Plain strings in quotes of one kind."""
    text = text_of("\n".join(lines))
    found = []
    for node in text.nodes(text.cst.SimpleString):
        plain = node.prefix == "" and len(node.quote) == 1 and "\\" not in node.value
        if plain and node.quote != quote and not _in_fstring(text, node):
            value = quoted(ast.literal_eval(node.value), quote)
            found.append(Replacement(*text.where(node), value))
    return text.edit(found).after.split("\n")


def _in_fstring(text: Text, node: Any) -> bool:
    while node is not None:
        if isinstance(node, text.cst.FormattedString):
            return True
        node = text.parents.get(node)
    return False
