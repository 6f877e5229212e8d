"""Models of other people: opening one changes nothing, an edit does one thing, undo gives it back.

The models are those of Nengo's own tests, and the cells of the project's notebooks.
``NENGOLAB_EDITS`` goes through all of them.
"""

from __future__ import annotations

import ast
import json
import random
import re
import textwrap
import warnings
from pathlib import Path

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.building import (
    Refused,
    SourceError,
    Span,
    add_import,
    remove_argument,
    rename,
    run_source,
    set_argument,
)
from tests.building.test_sequences import EDITS, LONG, changed_lines, same_places

NENGO = Path(nengo.__file__).parent
NOTEBOOKS = Path(nengolab.__file__).parents[1] / "notebooks"
FIXTURES = {"seed": 1, "nl": nengo.LIF, "nl_nodirect": nengo.LIF, "weights": False, "dims": 2}


# -- as text ---------------------------------------------------------------------------------------


def cells():
    """Cells of the notebooks, without lines that are none of Python's."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for n, cell in enumerate(json.loads(path.read_text())["cells"]):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "nengo." in source and "\n%" not in f"\n{source}":
                yield f"{path.stem} {n}", source


def files():
    return sorted(NENGO.glob("**/tests/*.py"), key=lambda path: path.stat().st_size)


def texts():
    found = [pytest.param(source, id=name) for name, source in cells()]
    paths = files() if LONG else files()[10:16]
    found += [pytest.param(path.read_text(), id=path.name) for path in paths]
    return found if LONG else found[::6]


@pytest.mark.parametrize("source", texts())
def test_one_edit_of_a_text_and_its_undo(source):
    """Compared with the same change of Python's own syntax tree."""
    calls = [node for node in ast.walk(ast.parse(source)) if ours(node)]
    chance = random.Random(len(source))
    for node in chance.sample(calls, min(len(calls), 6 if LONG else 2)):
        edit = set_argument(source, span(source, node), "label", "'what'")
        assert ast.unparse(ast.parse(edit.after)) == with_label(source, node, "what")
        kept_apart(source, edit)
        given = [keyword.arg for keyword in node.keywords if keyword.arg]
        if given:
            edit = remove_argument(source, span(source, node), given[0])
            assert ast.unparse(ast.parse(edit.after)) == with_label(source, node, None, given[0])
            kept_apart(source, edit)
    edit = add_import(source, "import colorsys")
    assert ast.unparse(ast.parse(edit.after)).count("import colorsys") == 1
    kept_apart(source, edit)
    names = [n.id for n in ast.parse(source).body for n in ast.walk(n) if isinstance(n, ast.Name)]
    for name in names[:1]:
        try:
            edit = rename(source, name, "quite_another")
        except Refused:
            continue
        kept_apart(source, edit)
        try:
            again = rename(edit.after, "quite_another", name)
        except Refused:
            continue  # an argument of a function is called so
        assert ast.dump(ast.parse(again.after)) == ast.dump(ast.parse(source))


def ours(node):
    """Whether a node is a call of Nengo's that names what it calls, and gives no list."""
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return False
    named = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    bare = len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp)
    return (
        named and not bare and node.func.value.id == "nengo" and all(k.arg for k in node.keywords)
    )


def span(source, node):
    lines = source.splitlines(True)
    columns = [
        len(lines[row - 1].encode()[:column].decode())
        for row, column in ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
    ]
    return Span(node.lineno, columns[0], node.end_lineno, columns[1])


def with_label(source, wanted, label, without=None):
    """The source with a label in one call, or without an argument, by Python's own tree."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.dump(node, include_attributes=True) != ast.dump(
            wanted, include_attributes=True
        ):
            continue
        if without is not None:
            node.keywords = [k for k in node.keywords if k.arg != without]
            continue
        for keyword in node.keywords:
            if keyword.arg == "label":
                keyword.value = ast.Constant(label)
                break
        else:
            node.keywords.append(ast.keyword("label", ast.Constant(label)))
    return ast.unparse(tree)


def kept_apart(source, edit):
    assert edit.before == source
    assert edit.undo().after == source
    assert changed_lines(source, edit.after) <= len(edit.lines) + 1


# -- as networks -----------------------------------------------------------------------------------


def models():
    """The networks that Nengo's tests make: their functions up to the end of the last block."""
    for path in files():
        text = path.read_text()
        tree = ast.parse(text)
        lines = text.splitlines()
        imports = [
            ast.unparse(n)
            for n in tree.body
            if isinstance(n, ast.Import | ast.ImportFrom) and not getattr(n, "level", 0)
        ]
        for function in tree.body:
            if not isinstance(function, ast.FunctionDef):
                continue
            blocks = [
                n
                for n in function.body
                if isinstance(n, ast.With) and "nengo.Network(" in ast.unparse(n.items[0])
            ]
            # Classes are other ones when the source runs again.
            if len(blocks) == 1 and "class " not in ast.unparse(function):
                body = lines[function.body[0].lineno - 1 : blocks[0].end_lineno]
                code = textwrap.dedent("\n".join(body))
                if re.search(r"\bassert |\bpytest\.|\brng\b", code):
                    continue  # it is about that very network, or draws anew
                yield f"{path.stem}.{function.name}", "\n".join([*imports, "", code, ""])


def runnable(source):
    """The source as it was run; None where it needs more than a network's own things."""
    variables = FIXTURES | {"rng": np.random.RandomState(1)}
    try:
        return run_source(source, variables)
    except SourceError:
        return None


def test_one_edit_of_a_model_and_its_undo():
    found = list(models())
    chance = random.Random(LONG or 5)
    chance.shuffle(found)
    kinds, tried, refused = sorted(EDITS), 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n, (name, source) in enumerate(found if LONG else found[:32]):
            if runnable(source) is None:
                continue
            for kind in chance.sample(kinds, 3) if LONG else (kinds[n % len(kinds)],):
                done = one_edit(name, source, kind, chance)
                tried, refused = tried + (done is not None), refused + (done is False)
    assert tried > 6
    assert refused < tried / 2
    if LONG:
        print(f"\ndone {len(found)} models, {tried} edits, {refused} refused")


def one_edit(name, source, kind, chance):
    made = runnable(source)
    try:
        edit = EDITS[kind](chance, made, 1)
    except Refused:
        return False
    if edit is None:
        return None
    kept_apart(source, edit)
    again = runnable(edit.after)
    if kind == "set" and again is None:
        return None  # what leads there has other sizes
    assert again is not None, f"{name}, {kind}\n{edit.after}"
    differ = nengolab.inspect.diff(made.network, again.network)
    assert not differ, f"{name}, {kind}: {differ}\n{edit.after}"
    same_places(made.network, again.network, f"{name}, {kind}", source, edit)
    return True
