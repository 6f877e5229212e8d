"""The call that makes one object of a network."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from nengo.base import NengoObjectParam, ObjView, Process
from nengo.builder import Builder
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import FunctionInfo, NdarrayParam
from nengo.transforms import Dense, NoTransform
from nengo.utils.numpy import is_array_like

from nengolab.building.arguments import NOTHING, Argument, arguments, usual
from nengolab.building.defaults import Defaults
from nengolab.building.same import same
from nengolab.building.sources import Unwritable
from nengolab.building.values import Missing, Values
from nengolab.compiler import independence
from nengolab.exceptions import ValidationError
from nengolab.layers.tensor_node import TensorNode

_NUMBERS = NdarrayParam("numbers", dtype=np.float64)  # what lists of numbers become


class Objects:
    """Writes the calls that make objects.

    Parameters
    ----------
    values : Values
    defaults : Defaults
    name_of : callable
        What an object is called for a person.
    refer : callable
        What it is called in the code.
    """

    def __init__(
        self,
        values: Values,
        defaults: Defaults,
        name_of: Callable[[Any], str],
        refer: Callable[[Any], str],
    ):
        self._values, self._defaults = values, defaults
        self._name_of, self._refer = name_of, refer
        self._stubs: dict[int, tuple[Any, str]] = {}

    # -- what objects are called ---------------------------------------------------------------

    def reference(self, obj: Any) -> str:
        """The code of an object, a view of it, its neurons, a learning rule."""
        if isinstance(obj, ObjView):
            return f"{self.reference(obj.obj)}[{self._key(obj.slice)}]"
        if isinstance(obj, Neurons):
            return f"{self._refer(obj.ensemble)}.neurons"
        if isinstance(obj, LearningRule):
            return f"{self._refer(obj.connection)}.learning_rule{self._rule(obj)}"
        return self._refer(obj)

    def _key(self, key: Any) -> str:
        if not isinstance(key, slice):
            return self._values.write(key.tolist() if isinstance(key, np.ndarray) else key)
        start, stop, step = (None if v is None else int(v) for v in (key.start, key.stop, key.step))
        if (
            step is None
            and start is not None
            and (stop == start + 1 or (start, stop) == (-1, None))
        ):
            if start >= -1 and (start, stop) != (-1, 0):
                return str(start)
        texts = ["" if v is None else str(v) for v in (start, stop)]
        return ":".join(texts if step is None else [*texts, str(step)])

    def _rule(self, rule: LearningRule) -> str:
        held, own = rule.connection.learning_rule_type, rule.learning_rule_type
        pairs = (
            list(held.items() if isinstance(held, dict) else enumerate(held or ()))
            if (isinstance(held, dict | list | tuple))
            else []
        )
        for matches in (lambda kind: kind is own, lambda kind: kind == own):
            for key, kind in pairs:
                if matches(kind):
                    return f"[{self._values.write(key)}]"
        return ""

    # -- calls ---------------------------------------------------------------------------------

    def call(self, obj: Any, network: nengo.Network) -> tuple[str, list[tuple[str, str]]]:
        """The call that makes an object of a network, and what is to be set of it then."""
        kind = self._kind(obj)
        found = arguments(obj, kind)
        texts: list[str] = []
        written: list[Argument] = []
        for argument in found.given:
            text = self._argument(obj, argument, kind, network)
            if text is None:
                continue
            in_order = argument.first and len(written) == found.given.index(argument)
            texts.append(text if in_order else f"{argument.name}={text}")
            written.append(argument)
        later = []
        if not isinstance(obj, TensorNode):  # whose function says all of them
            for name, param in found.beside.items():
                value = getattr(obj, name)
                if not same(value, self._defaults.resolved(network, kind, name)):
                    argument = Argument(name, name, value, NOTHING, param, False)
                    later.append((name, self._values.argument(argument, self._about(obj))))
        return f"{self._values.write(kind)}({', '.join(texts)})", later

    def _kind(self, obj: Any) -> type:
        """The class that an object is written as: its own, or the nearest that can be."""
        for kind in type(obj).__mro__:
            try:
                self._values.write(kind)
                arguments(obj, kind)
            except Unwritable:
                continue
            if kind is not type(obj) and type(obj) in Builder.builders:
                reason = (
                    f"{self._name_of(obj)!r} is a {type(obj).__name__}, which cannot be written "
                    f"as code; it is written as a {kind.__name__}"
                )
                self._values.missing.append(Missing("", reason, obj))
            return kind
        raise ValidationError(f"{self._name_of(obj)!r} cannot be written as code", attr="net")

    def _about(self, obj: Any) -> str:
        return f"{self._name_of(obj)!r}"

    def _argument(
        self, obj: Any, argument: Argument, kind: type, network: nengo.Network
    ) -> str | None:
        """The code of one argument; None where it is left out."""
        if isinstance(argument.param, NengoObjectParam):
            return self.reference(argument.value)
        if isinstance(obj, nengo.Node) and argument.name in ("output", "size_in", "size_out"):
            return self._of_node(obj, argument)
        if isinstance(obj, TensorNode):
            return self._of_tensor_node(obj, argument)
        default = usual(argument, kind, lambda k, a: self._defaults.resolved(network, k, a))
        if argument.name == "attr" and default is None:
            default = obj.obj.probeable[0]
        if argument.name == "transform" and isinstance(obj, nengo.Connection):
            return self._transform(obj, argument, default)
        if default is not NOTHING and same(argument.value, default):
            return None
        if argument.name == "function":
            return self._function(obj, argument)
        return self._values.argument(argument, self._about(obj))

    def _of_node(self, node: nengo.Node, argument: Argument) -> str | None:
        output, value = node.output, argument.value
        if argument.name == "output":
            if output is None:
                return None
            if callable(output) and not isinstance(output, Process):
                return self._output(node)
            if isinstance(output, np.ndarray) and output.size == 1 and output.dtype == float:
                return self._values.write(output[0])
            if isinstance(output, np.ndarray):
                try:
                    return self._values.write(output, _NUMBERS)
                except Unwritable as err:
                    return self._stub(output, "output", ("t",), str(err), node)
            return self._values.argument(argument, self._about(node))
        if output is None:
            return str(value) if argument.name == "size_in" and value else None
        if isinstance(output, Process):
            own = output.default_size_in if argument.name == "size_in" else output.default_size_out
            return None if value == own else str(value)
        if argument.name == "size_in":
            return str(value) if value else None
        if isinstance(output, np.ndarray) and id(output) not in self._stubs:
            return None
        return None if self._is_told(node) else str(value)

    def _is_told(self, node: nengo.Node) -> bool:
        """Whether a Node's function says its size when it is called, and may be called."""
        output = node.output
        if (
            id(output) in self._stubs
            or not callable(output)
            or independence.of(output, arrays=True).level == "tied"
        ):
            return False
        given = (0.0, np.zeros(node.size_in)) if node.size_in else (0.0,)
        try:
            found = output(*given)
            return (0 if found is None else np.asarray(found).size) == node.size_out
        except Exception:
            return False

    def _output(self, node: nengo.Node) -> str:
        names = ("t", "x") if node.size_in else ("t",)
        try:
            return self._values.functions.write(node.output)
        except Unwritable as err:
            return self._stub(node.output, "output", names, str(err), node)

    def _stub(self, value: Any, what: str, names: tuple[str, ...], reason: str, obj: Any) -> str:
        """A function that raises an error in place of one that has no source."""
        if id(value) in self._stubs:
            return self._stubs[id(value)][1]
        own = getattr(value, "__name__", "")
        called = self._values.name(f"missing_{own if own.isidentifier() else what}", value)
        text = f"the {what} of {self._about(obj)} {reason}"
        rows = textwrap.wrap(text, 72, drop_whitespace=False)
        said = "\n".join(f"        {self._values.write(row)}" for row in rows)
        head = f"def {called}({', '.join(names)}):\n    raise NotImplementedError(\n"
        self._values.functions.keep(value, called, f"{head}{said}\n    )")
        self._stubs[id(value)] = (value, called)
        self._values.missing.append(Missing(called, text, value))
        return called

    def _function(self, conn: nengo.Connection, argument: Argument) -> str:
        function = conn.function
        if is_array_like(function):
            held = Argument("function", "function_info", function, None, _NUMBERS, False)
            return self._values.argument(held, self._about(conn))
        if id(function) not in self._stubs:
            try:
                return self._values.functions.write(function)
            except Unwritable as err:
                self._stub(function, "function", ("x",), str(err), conn)
        stub = self._stubs[id(function)][1]
        return f"{self._values.write(FunctionInfo)}({stub}, size={conn.size_mid})"

    def _transform(self, conn: nengo.Connection, argument: Argument, default: Any) -> str | None:
        value = argument.value
        # As Nengo makes of what it is given.
        if default is None:
            default = NoTransform(conn.size_mid)
        if same(value, default):
            return None
        if isinstance(value, NoTransform):
            return "None"
        if type(value) is Dense and value.shape == (conn.size_out, conn.size_mid):
            inner = Argument("transform", "init", value.init, NOTHING, Dense.init, False)
            return self._values.argument(inner, self._about(conn))
        return self._values.argument(argument, self._about(conn))

    def _of_tensor_node(self, node: TensorNode, argument: Argument) -> str | None:
        name, value = argument.name, argument.value
        function = node.output
        if name == "tensor_func":
            if function.layer is not None:
                return self._layer(node)
            try:
                return self._values.functions.write(value)
            except Unwritable as err:
                return self._stub(value, name, ("t", "x"), str(err), node)
        if name == "shape_out":
            told = id(node.tensor_func) not in self._stubs
            return None if told else self._values.write(value)
        if name == "pass_time":
            return None if value == (function.layer is None) else self._values.write(value)
        if name == "label" and function.layer is not None and value == function.layer_name:
            return None
        return None if value is None else self._values.write(value)

    def _layer(self, node: TensorNode) -> str:
        try:
            called = self._values.shared(node.tensor_func, "layer")
        except Unwritable as err:
            return self._stub(node.tensor_func, "tensor_func", ("x",), str(err), node)
        count = sum(int(np.prod(v.shape)) for v in node.tensor_func.variables)
        if count:
            reason = f"the {count} numbers in the layer of {self._about(node)} are drawn anew"
            self._values.missing.append(Missing("", reason, node.tensor_func))
        return called
