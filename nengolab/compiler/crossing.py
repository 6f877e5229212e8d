"""Python called from inside a loop that XLA compiled.

A loop that steps compiled pieces from outside pays for each piece, 30 to 60 us, and again for the
callback. XLA can call a C function from compiled code instead (a custom call), and ``ctypes`` makes
one of a Python function. So a loop through Python is one compiled loop like any other, and a
crossing costs some 3 us beside the Python function itself.

One C function is registered under one name, once a process; an argument says which ``Crossing`` is
meant. Arrays pass without a copy, as vectors, since those have one layout only. A Python function
that fails leaves its error with the crossing and stops the loop: no exception passes through
compiled code.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from nengolab.kernels.compiled import compiled
from nengolab.startup.library import exported

_NAME = "nengolab_crossing"
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_REGISTRY = "_ZN3xla24CustomCallTargetRegistry6GlobalEv"
_REGISTER = (
    "_ZN3xla24CustomCallTargetRegistry8RegisterERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIc"
    "EEEPvS8_"
)


class Crossing:
    """A Python function that a compiled loop calls.

    Parameters
    ----------
    function : callable
        ``function(step, arrays) -> arrays``. What it is given is memory of the loop, valid until
        it returns.
    failed : callable
        Told the exception that ``function`` raised.
    given, returned : sequence of (shape, dtype)
    """

    _numbers = itertools.count(1)
    _all: ClassVar[WeakValueDictionary[int, Crossing]] = WeakValueDictionary()

    def __init__(
        self,
        function: Callable[[int, list[np.ndarray]], Sequence[np.ndarray]],
        failed: Callable[[BaseException], None],
        given: Sequence[tuple[tuple[int, ...], Any]],
        returned: Sequence[tuple[tuple[int, ...], Any]],
    ):
        self._function, self._failed = function, failed
        self._given, self._returned = list(given), list(returned)
        self._number = next(self._numbers)
        self._all[self._number] = self
        # Beside the arrays: who and when, and whether to call at all; whether to go on.
        self._pointers = ctypes.c_void_p * (len(self._given) + 2)
        self._results = ctypes.c_void_p * (len(self._returned) + 1)
        self._seen: tuple[Any, list[np.ndarray], list[np.ndarray]] = (None, [], [])

    def __call__(self, step: Any, going: Any, arrays: list[Any]) -> tuple[Any, list[Any]]:
        """Emit the call: ``(whether to go on, results)``; nothing is called if not ``going``."""
        when = tf.stack([tf.constant(self._number, tf.int64), step])
        sizes = [int(np.prod(shape)) for shape, _ in self._returned]
        go, *results = gen_xla_ops.xla_custom_call_v2(
            operands=[when, going, *(tf.reshape(a, [-1]) for a in arrays)],
            call_target_name=_NAME,
            backend_config="",
            has_side_effect=True,
            result_dtypes=[tf.int32, *(tf.as_dtype(dtype) for _, dtype in self._returned)],
            result_shapes=[[], *([size] for size in sizes)],
        )
        shapes = [shape for shape, _ in self._returned]
        return go, [tf.reshape(r, shape) for r, shape in zip(results, shapes, strict=True)]

    def run(self, inside: int, outside: int) -> None:
        """One call, with the addresses of arrays given and asked for."""
        pointers = self._pointers.from_address(inside)[:]
        results = self._results.from_address(outside)[:]
        where = (pointers, results)
        if where != self._seen[0]:  # the memory of a loop stays where it is from step to step
            given = [_view(p, *kind) for p, kind in zip(pointers[2:], self._given, strict=True)]
            asked = [_view(p, *kind) for p, kind in zip(results[1:], self._returned, strict=True)]
            for array in given:
                array.flags.writeable = False
            self._seen = (where, given, asked)
        _, given, asked = self._seen
        going = bool(ctypes.c_int32.from_address(pointers[1]).value)
        if going:
            try:
                step = ctypes.c_int64.from_address(pointers[0] + 8).value
                for array, value in zip(asked, self._function(step, given), strict=True):
                    array[...] = value
            except BaseException as err:  # told to whoever runs the loop, after it
                going = False
                self._failed(err)
        if not going:
            for array in asked:
                array[...] = 0
        ctypes.c_int32.from_address(results[0]).value = going

    @classmethod
    def dispatch(cls, outside, inside, _text, _length, _status) -> None:
        """What the compiled code calls."""
        when = ctypes.c_size_t.from_address(inside).value
        cls._all[ctypes.c_int64.from_address(when).value].run(inside, outside)


def _view(address: int | None, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """The memory at an address as an array."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if count == 0:
        return np.zeros(shape, dtype)
    memory = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)


# -- making it known to XLA ------------------------------------------------------------------------


class _String(ctypes.Structure):
    """A ``std::string`` of libstdc++: where its characters are, how many, and room for short ones.

    XLA copies what it is given.
    """

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("room", ctypes.c_char * 16),
    )


_target = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
)(Crossing.dispatch)


def obstacle() -> str:
    """Why a loop compiled where TensorFlow puts things now cannot call Python; empty if it can."""
    with tf.init_scope():
        if "CPU" not in tf.zeros(()).device:
            return "it does not run on a CPU"
        return _why_not()


@cache
def _why_not() -> str:
    """Tried once a process, with a call: 0.1 s."""
    try:
        _register()
        return "" if _tried() else "XLA calls back with other values"
    except Exception as err:
        return f"{type(err).__name__}: {err}"


def _register() -> None:
    string = ctypes.POINTER(_String)
    registry = exported(_REGISTRY, result=ctypes.c_void_p)
    register = exported(_REGISTER, ctypes.c_void_p, string, ctypes.c_void_p, string)
    texts = [ctypes.create_string_buffer(text) for text in (_NAME.encode(), b"Host")]
    name, platform = (_String(ctypes.addressof(t), len(t) - 1, b"") for t in texts)
    register(registry(), name, ctypes.cast(_target, ctypes.c_void_p), platform)


def _tried() -> bool:
    failures: list[BaseException] = []
    trial = Crossing(
        lambda step, arrays: [arrays[0] + step, arrays[1].T],
        failures.append,
        [((2,), np.float32), ((2, 3), np.int32)],
        [((2,), np.float32), ((3, 2), np.int32)],
    )

    def loop(x, y):
        go, (x, y) = trial(tf.constant(5, tf.int64), tf.constant(1), [x, tf.transpose(y)])
        return go, x, y

    x, y = np.array([1, 2], np.float32), np.arange(6, dtype=np.int32).reshape(3, 2)
    go, x2, y2 = compiled(loop, x, y)(tf.constant(x), tf.constant(y))
    right = np.array_equal(x2, x + 5) and np.array_equal(y2, y)
    return bool(go) and right and not failures
