"""Semantic pointers of nengo.spa and nengo_spa: which object has a vocabulary, and what is in it.

Neither library is imported: an object of one of them can only be there where it was imported, and
what is used of a vocabulary (keys, vectors, pointers that can be bound) both have.
"""

from __future__ import annotations

import ast
import operator
import sys
import weakref
from collections.abc import Callable
from itertools import combinations
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from .narrowing import is_dict, is_list, is_tuple

# More pointers than this are more than can be told apart, and take long to bind.
MOST_POINTERS = 4096

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
}

# Output Nodes of modules of nengo.spa, which do not know themselves whose they are.
_modules: weakref.WeakKeyDictionary[Any, weakref.ref[nengo.Network]] = weakref.WeakKeyDictionary()


def note_modules(network: nengo.Network) -> None:
    """Find the modules of nengo.spa in a network, so that `pointed` knows their output Nodes."""
    for module in network.all_networks:
        for node, _ in _outputs(module).values():
            _modules[node] = weakref.ref(module)


def module_of(node: Any) -> tuple[nengo.Network, str] | None:
    """Give the module of nengo.spa that a Node is an output of, and the output's name."""
    known = _modules.get(node) if isinstance(node, nengo.Node) else None
    module = known() if known is not None else None
    if module is None:
        return None
    return next(((module, key) for key, pair in _outputs(module).items() if pair[0] is node), None)


def _outputs(module: Any) -> dict[str, tuple[Any, Any]]:
    """Give outputs and vocabularies by name, of a module of nengo.spa; else none."""
    outputs = getattr(module, "outputs", None) if isinstance(module, nengo.Network) else None
    found = outputs.items() if is_dict(outputs) else ()
    pairs = {name: pair for name, pair in found if is_tuple(pair) and len(pair) == 2}
    return {name: pair for name, pair in pairs.items() if _is_vocabulary(pair[1])}


def pointed(obj: Any) -> tuple[Any, Any] | None:
    """Give the Node that an object of semantic pointers puts out, and its vocabulary.

    Parameters
    ----------
    obj : object
        A module of nengo.spa, or an output Node of one of a network that `note_modules` was told
        of; a network of nengo_spa, or what it declares as an output.

    Returns
    -------
    found : (object, vocabulary) or None
        None of everything else.
    """
    if isinstance(getattr(obj, "outputs", None), dict):
        named = sorted(_outputs(obj).items(), key=lambda item: item[0] != "default")
        return next((pair for _, pair in named), None)
    if (found := module_of(obj)) is not None:
        return _outputs(found[0])[found[1]]
    output = getattr(obj, "output", None) if isinstance(obj, nengo.Network) else obj
    vocabulary = _declared(output)
    return None if vocabulary is None else (output, vocabulary)


def _declared(output: Any) -> Any:
    """Ask nengo_spa for the vocabulary of an output."""
    library = sys.modules.get("nengo_spa")
    if library is None or not isinstance(output, nengo.base.NengoObject):
        return None
    try:
        found = library.Network.get_output_vocab(output)
    except KeyError:
        return None
    return found if _is_vocabulary(found) else None


def vocabulary_driven_by(node: Any, network: nengo.Network) -> Any:
    """Find the vocabulary in which a Node speaks to the network; None where it speaks in none."""
    found = _declared(node)
    if found is not None:
        return found
    ends = [
        c.post_obj
        for c in network.all_connections
        if c.pre_obj is node and c.size_in == node.size_out == c.size_mid == c.size_out
    ]
    known = [v for end in ends if (v := _understood(end, network)) is not None]
    return next((v for v in known if v.dimensions == node.size_out), None)


def _understood(end: Any, network: nengo.Network) -> Any:
    """Ask for the vocabulary of an input, of nengo_spa and of modules of nengo.spa."""
    library = sys.modules.get("nengo_spa")
    if library is not None:
        try:
            return library.Network.get_input_vocab(end)
        except KeyError:
            pass
    for module in network.all_networks:
        inputs = getattr(module, "inputs", None)
        for pair in inputs.values() if is_dict(inputs) else ():
            if is_tuple(pair) and len(pair) == 2 and pair[0] is end:
                return pair[1] if _is_vocabulary(pair[1]) else None
    return None


def _is_vocabulary(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("keys", "vectors", "dimensions"))


def keys_of(vocabulary: Any) -> list[str]:
    """Give the names of a vocabulary's pointers, in order."""
    keys = vocabulary.keys  # nengo_spa's has a method
    if is_list(keys):
        return keys
    return list(keys())


def pointers_of(vocabulary: Any, pairs: bool) -> dict[str, np.ndarray]:
    """Give a vocabulary's pointers, and what two of them are bound to, by name.

    The vocabulary stays as it is: nengo.spa would keep up the pairs from then on.

    Raises
    ------
    ValidationError
        Where there are none, or too many.
    """
    keys = keys_of(vocabulary)
    if not keys:
        raise ValidationError("the vocabulary has no pointers yet", "vocab")
    found = dict(zip(keys, np.array(vocabulary.vectors, dtype=float), strict=True))
    if not pairs or len(keys) < 2:
        return found
    ways = _ordered(vocabulary, keys)
    count = len(keys) + len(ways) * len(keys) * (len(keys) - 1) // 2
    if count > MOST_POINTERS:
        raise ValidationError(
            f"{len(keys)} pointers and their pairs are {count}, more than the {MOST_POINTERS} "
            "that can be looked at; show no pairs, or write the ones you want, such as "
            f"{keys[0]}*{keys[1]}",
            "pairs",
        )
    pointers = [vocabulary[key] for key in keys]
    for a, b in combinations(range(len(keys)), 2):
        for first, second in ((a, b), (b, a))[: len(ways)]:
            found[f"{keys[first]}*{keys[second]}"] = (pointers[first] * pointers[second]).v
    return found


def _ordered(vocabulary: Any, keys: list[str]) -> tuple[int, ...]:
    """Tell whether A*B is another pointer than B*A: so it is in some algebras."""
    a, b = vocabulary[keys[0]], vocabulary[keys[1]]
    return (0,) if np.allclose((a * b).v, (b * a).v) else (0, 1)


def read_pointer(vocabulary: Any, text: str) -> np.ndarray:
    """Understand ``A``, ``A*B``, ``A*~B``, ``0.5*A + B``, of pointers that there are.

    Raises
    ------
    ValidationError
        Names what there is.
    """
    try:
        value = _evaluate(vocabulary, ast.parse(text, mode="eval").body)
        vector = np.asarray(value.v, dtype=float)
    except (SyntaxError, AttributeError, TypeError) as error:
        raise ValidationError(
            f"{text!r} is no semantic pointer; write such as A, A*B, A*~B or 0.5*A + B", "keys"
        ) from error
    return vector


def _evaluate(vocabulary: Any, node: ast.AST) -> Any:
    if isinstance(node, ast.Name):
        keys = keys_of(vocabulary)
        if node.id not in keys:
            there = ", ".join(keys[:20]) + (" ..." if len(keys) > 20 else "")
            raise ValidationError(f"there is no pointer {node.id!r}; there are {there}", "keys")
        return vocabulary[node.id]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_evaluate(vocabulary, node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _evaluate(vocabulary, node.left), _evaluate(vocabulary, node.right)
        return _BINARY[type(node.op)](left, right)
    raise TypeError(type(node).__name__)
