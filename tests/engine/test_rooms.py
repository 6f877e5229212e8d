"""Which way imports run between the rooms of the house, and that no files import each other."""

import ast
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import nengolab

# A room imports what stands after it; those on one line know nothing of each other. A file at the
# top is a room of its own. docs/architecture.md says what is in each.
ORDER = """
    benchmarks live
    __init__
    nir_graphs
    runs
    inspect sweep converting building exporting
    simulator
    callbacks
    training saving
    feeding parameters
    runtime
    compiler
    kernels
    layers losses keras_layers
    startup settings
    neurons dists surrogates
    checks names clock bytecode pointers _version
    exceptions
"""
FLOOR = {room: n for n, line in enumerate(ORDER.split("\n")) for room in line.split()}
HOUSE = Path(nengolab.__file__).parent
FILES = {}
for _path in HOUSE.rglob("*.py"):
    _parts = ("nengolab", *_path.relative_to(HOUSE).with_suffix("").parts)
    FILES[".".join(_parts).removesuffix(".__init__")] = _path


def imported(name: str) -> set[str]:
    """The house's files that a file imports anywhere: in functions and for types alone, too."""
    package = name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            files = {f"{base}.{alias.name}" for alias in node.names}
            found |= files if files <= FILES.keys() else {base, *files}
    return (found & FILES.keys()) - {name}


def room(name: str) -> str:
    return "__init__" if name == "nengolab" else name.split(".")[1]


def test_imports_between_rooms_run_down():
    up = [
        f"{name} imports {other}"
        for name in FILES
        for other in imported(name)
        if room(name) != room(other) and FLOOR[room(name)] >= FLOOR[room(other)]
    ]
    assert not up


def test_no_files_import_each_other():
    order = list(TopologicalSorter({name: imported(name) for name in FILES}).static_order())
    assert set(order) == FILES.keys()
