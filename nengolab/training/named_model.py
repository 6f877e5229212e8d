"""The names by which a network's Keras model calls its inputs, outputs, losses and metrics."""

from __future__ import annotations

from typing import Any

import keras

# What stands for the data of a network that no data is fed to.
NO_DATA = "n_steps"


class NamedModel(keras.Model):
    """A Keras model that shows its inputs and outputs by name.

    A subclass sets ``_engine``, and ``_nodes`` and ``_probes`` by alias.
    """

    _engine: Any
    _nodes: dict[str, Any]
    _probes: dict[str, Any]
    _only: str | None = None  # the probe that has the only loss

    # -- names ---------------------------------------------------------------------------------

    @property
    def input_names(self) -> list[str]:
        """Names under which data are given, in the order of ``network.all_nodes``."""
        return list(self._nodes) or [NO_DATA]

    @property
    def output_names(self) -> list[str]:
        """Names under which outputs come, in the order of ``network.all_probes``."""
        return list(self._probes)

    @property
    def inputs(self) -> list[keras.KerasTensor]:
        """What can be given, ``(batch, steps, size)`` each, with its name.

        Of a network without inputs it is the number of steps, ``(batch, 1)``.
        """
        dtype = self._engine.dtype
        nodes = [
            keras.KerasTensor((None, None, node.size_out), dtype, name=name)
            for name, node in self._nodes.items()
        ]
        return nodes or [keras.KerasTensor((None, 1), "int32", name=NO_DATA)]

    @property
    def outputs(self) -> list[keras.KerasTensor]:
        """What comes out, ``(batch, steps, size)`` each, with its name."""
        return [
            keras.KerasTensor((None, None, p.size_in), self._engine.dtype, name=name)
            for name, p in self._probes.items()
        ]

    # -- losses and metrics --------------------------------------------------------------------

    def compile(self, *args: Any, loss: Any = None, **kwargs: Any) -> None:
        """As ``keras.Model.compile``; losses and metrics have their probe's name, also of one."""
        super().compile(*args, loss=loss, **kwargs)
        (self._only,) = loss if loss is not None and len(loss) == 1 else (None,)
        if self._only is not None:
            # Keras keeps losses apart where there are several only; it fills what it finds here.
            apart = keras.metrics.Mean(name=f"{self._only}_loss")
            self._compile_loss._tracker.add_to_store("metrics", apart)

    def get_metrics_result(self) -> dict[str, Any]:
        """Losses and metrics by name; with one loss, metrics under Keras's own names too."""
        logs = super().get_metrics_result()
        if self._only is None:
            return logs
        own = {f"{self._only}_{k}": v for k, v in logs.items() if k != "loss"}
        own.pop(f"{self._only}_{self._only}_loss", None)
        return logs | own
