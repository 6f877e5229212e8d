"""The layers of Keras, found in Keras itself, with what each has to be given."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from nengolab.building.described import summary

_FIRST = {
    "units": "10",
    "filters": "8",
    "kernel_size": "3",
    "pool_size": "2",
    "size": "2",
    "height": "8",
    "width": "8",
    "factor": "0.1",
    "value_range": "(0, 1)",
    "num_bins": "10",
    "output_size": "2",
    "height_factor": "0.1",
    "width_factor": "0.1",
    "scale": "0.1",
    "max_number": "10",
    "layer": "keras.layers.Dense(10)",
    "rate": "0.1",
    "stddev": "0.1",
    "target_shape": "(-1,)",
    "n": "2",
    "dims": "(1,)",
    "input_dim": "10",
    "output_dim": "4",
    "num_heads": "2",
    "key_dim": "8",
    "activation": '"relu"',
    "axes": "-1",
    "mask_value": "0.0",
    "equation": '"abc,cd->abd"',
    "output_shape": "(None, 10)",
    "head_dim": "8",
    "num_query_heads": "2",
    "num_key_value_heads": "2",
    "function": "lambda x: x",
}


def keras_layers() -> Iterator[tuple[str, str, str, type]]:
    """Layers that can be made with a few numbers: code, title, text and class of each."""
    import keras

    for name in sorted(dir(keras.layers)):
        cls = getattr(keras.layers, name)
        if not (inspect.isclass(cls) and issubclass(cls, keras.layers.Layer)):
            continue
        if cls.__name__ != name and hasattr(keras.layers, cls.__name__):  # a second name
            continue
        needed = [
            p
            for p in list(inspect.signature(cls.__init__).parameters.values())[1:]
            if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        if all(p.name in _FIRST for p in needed):
            values = ", ".join(_FIRST[p.name] for p in needed)
            yield f"keras.layers.{name}({values})", name, summary(cls), cls
