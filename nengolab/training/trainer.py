"""Training: what ``Simulator.compile``, ``fit``, ``evaluate`` and ``predict`` do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from nengolab.checks import whole
from nengolab.compiler.operators.tensor import put_back
from nengolab.compiler.training_graph import training_graph, undifferentiable
from nengolab.exceptions import BuildError, SimulationError, ValidationError
from nengolab.feeding.batches import of_arrays
from nengolab.feeding.feeder import Fed, Feeder, target_kind
from nengolab.feeding.filling import Filling
from nengolab.feeding.pipelines import in_order, steady
from nengolab.names import listing
from nengolab.settings import get_setting, get_surrogate
from nengolab.surrogates import surrogate
from nengolab.training.best import KeepBest
from nengolab.training.distribute import DistributedModel
from nengolab.training.forms import Chunk, Form
from nengolab.training.gradients import Difference, check
from nengolab.training.keras_model import NetworkModel
from nengolab.training.progress import ImagesPerSecond
from nengolab.training.reach import unreached
from nengolab.training.variables import keras_name


class Trainer:
    """The training side of one simulator.

    Parameters
    ----------
    engine : Engine
    network : nengo.Network
    feeder : Feeder
    trainable : callable
        Whether the parameter of a name is trained.
    strategy : tf.distribute.Strategy, optional
    """

    def __init__(
        self,
        engine: Any,
        network: Any,
        feeder: Feeder,
        trainable: Callable[[str], bool],
        strategy: Any = None,
    ):
        self._engine, self._network, self._batch = engine, network, engine.batch
        self._trainable = trainable
        self.feeder, self.aliases = feeder, feeder.aliases
        self.inference_only = get_setting(network, "inference_only")
        self._kinds: dict[str, str] = {}
        self._warned = False
        self._told: set[str] = set()  # since it was compiled
        self.best = KeepBest()
        make = NetworkModel if strategy is None else partial(DistributedModel, strategy)
        self.model = make(
            engine,
            dict(self.aliases.inputs),
            {a: p for a, p in self.aliases.probes.items() if p in engine.graph.probes},
            trainable,
            self._training_graph,
            keras_name(getattr(network, "label", None) or "network"),
        )

    def _training_graph(self, running: Any) -> tuple[Any, dict[Any, str]]:
        graph, unread = training_graph(
            running, self._surrogate_of, get_setting(self._network, "lif_smoothing")
        )
        closed = undifferentiable(graph)
        if closed and not self._warned:
            self._warned = True
            found = "; ".join(f"{name}: {why}" for name, why in closed[:5])
            more = f"; and {len(closed) - 5} more" if len(closed) > 5 else ""
            warnings.warn(f"no gradient passes through these: {found}{more}", stacklevel=2)
        return graph, unread

    def _surrogate_of(self, owner: Any) -> Any:
        ensemble = getattr(owner, "ensemble", owner)
        return surrogate(get_surrogate(self._network, ensemble))

    # -- compile -------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        truncate: int | None = None,
        checkpoint_every: int | None = None,
        **kwargs: Any,
    ) -> None:
        """See `Simulator.compile`."""
        if self.inference_only:
            raise SimulationError(
                "cannot compile for training: the setting inference_only is True; leave it out of "
                "configure_settings"
            )
        losses = self._by_probe(loss, "loss", spread=True)
        losses = {alias: one for alias, one in losses.items() if one is not None}
        for alias, one in losses.items():
            _check_known(one, keras.losses.get, f"loss of {alias!r}")
        _check_known(optimizer, keras.optimizers.get, "optimizer")
        weights = self._of_trained(loss_weights, "loss_weights", losses) or None
        measured = {
            attr: self._of_trained(given, attr, losses) or None
            for attr, given in (
                ("metrics", metrics),
                ("weighted_metrics", kwargs.pop("weighted_metrics", None)),
            )
        }
        if kwargs.pop("jit_compile", None):
            warnings.warn(
                "jit_compile is accepted and changes nothing: what XLA is good for is compiled by "
                "it already, and convolutions and matrix products are faster outside",
                stacklevel=3,
            )
        chunk = _chunk(truncate, checkpoint_every)
        self.model.compile(
            optimizer=optimizer,
            loss=losses or None,
            loss_weights=weights,
            jit_compile=False,
            **measured,
            **kwargs,
        )
        self._told = set()
        self.model.chunk = chunk
        told = {"loss": losses, "loss_weights": weights, **measured}
        self.model.objective = MappingProxyType(told)
        self.model.forget()
        self._kinds = {alias: target_kind(one) for alias, one in losses.items()}

    def _of_trained(self, given: Any, attr: str, losses: Mapping[str, Any]) -> dict[str, Any]:
        """What is meant for each probe that has a loss: only these have targets."""
        spread = attr != "loss_weights"
        nested = isinstance(given, (list, tuple)) and any(
            isinstance(g, (list, dict)) for g in given
        )
        if spread and given is not None and not nested and not isinstance(given, Mapping):
            return {alias: _own_metrics(given, i > 0) for i, alias in enumerate(losses)}
        found = self._by_probe(given, attr)
        if extra := [
            a for a, value in found.items() if a not in losses and value not in (None, [])
        ]:
            raise ValidationError(
                f"has {listing(extra)}, for which there is no loss; those with one are "
                f"{listing(losses)}. loss_weights={{probe: 0}} lets a loss not count",
                attr=attr,
            )
        return {alias: value for alias, value in found.items() if alias in losses}

    def _by_probe(self, given: Any, attr: str, spread: bool = False) -> dict[str, Any]:
        """What was given for each probe, by alias; one thing for all probes where that is meant."""
        if given is None:
            return {}
        if isinstance(given, Mapping):
            return {self.aliases.probe(key, attr): value for key, value in given.items()}
        probes = list(self.model.probes)
        if isinstance(given, (list, tuple)):
            if len(given) != len(probes):
                raise ValidationError(
                    f"has {len(given)} entries for {len(probes)} probes, {listing(probes)}; a dict "
                    "by probe says which is which",
                    attr=attr,
                )
            return dict(zip(probes, given, strict=True))
        if not spread:
            raise ValidationError(
                f"must be a dict by probe, or a list with one for each; got {given!r}", attr=attr
            )
        return dict.fromkeys(probes, given)

    # -- fit, evaluate, predict ----------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
        class_weight: Any = None,
        validation_data: Any = None,
        validation_split: float = 0.0,
        batch_size: int | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> Any:
        """See `Simulator.fit`; what ``kwargs`` leave to Keras's defaults is None there."""
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        self._check_compiled("fit")
        self._check_phase("fit")
        batch_size = self._batch_size(batch_size)
        held_size = kwargs.get("validation_batch_size", batch_size)
        held_size = self._batch_size(held_size, "validation_batch_size")
        fed = self.feeder.feed(
            x,
            y,
            sample_weight,
            n_steps,
            targets=self._kinds,
            class_weight=class_weight,
            validation_split=validation_split,
        )
        held_out = None
        if validation_data is not None:
            held_out = self._held_out(validation_data, n_steps, fed)
            kwargs["validation_data"] = self._keras_data(held_out, held_size)["x"]
        elif validation_split:
            kwargs["validation_split"] = validation_split
        self._tell(fed)
        self.best = KeepBest()
        arguments = self._fit_arguments(fed, batch_size, kwargs)
        arguments["callbacks"] = self._callbacks(callbacks, batch_size, fed, kwargs)
        try:
            with self.model.calling(stateful, fed.n_steps), fed.told(), (held_out or fed).told():
                return self.model.fit(**arguments)
        except BaseException:
            if self.best.model is not None:
                self.best.keep_last()
            raise
        finally:
            self._after_training()

    def _tell(self, fed: Fed) -> None:
        """Warn of probes on which a fit cannot learn; once for each thing to say."""
        nodes = [self.aliases.inputs[alias] for alias in fed.inputs]
        graph = self.model.graph(True, self._engine.graph.stepped_nodes.intersection(nodes))
        probes = {a: p for a, p in self.model.probes.items() if a in self._kinds}
        probes = {a: p for a, p in probes.items() if p in graph.probes}
        trained, dtype = self.model.is_trained, self._engine.dtype
        for said in unreached(graph, probes, trained, nodes, fed.n_steps, self._batch, dtype):
            if said not in self._told:
                self._told.add(said)
                warnings.warn(said, stacklevel=4)

    def _held_out(self, data: Any, n_steps: int | None, fed: Fed) -> Fed:
        found = self.feeder.validation(data, n_steps, targets=self._kinds, usual_steps=fed.n_steps)
        if not found.inputs and found.n_steps != fed.n_steps:
            raise ValidationError(
                f"has {found.n_steps} steps, the training data have {fed.n_steps}; where no input "
                "is fed they must have the same number",
                attr="validation_data",
            )
        return found

    def _fit_arguments(self, fed: Fed, batch_size: int, kwargs: dict) -> dict[str, Any]:
        """What Keras's fit is given; arrays come in an order that a resumed fit can repeat."""
        if fed.stream is not None:
            shuffle = kwargs.pop("shuffle", fed.can_shuffle)
            return {"x": steady(fed.x, shuffle), "shuffle": shuffle, **kwargs}
        data = (fed.x, fed.y, fed.sample_weight)
        return of_arrays(*data, batch_size, self._engine.host.seed, kwargs)

    def _callbacks(self, given: Any, batch_size: int, fed: Fed, kwargs: dict) -> list[Any]:
        given = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
        own: list[Any] = [self.best]
        if kwargs.get("verbose", "auto") != 0:
            split = kwargs.get("validation_split", 0.0)
            items = None if fed.items is None or split else fed.items
            own.append(ImagesPerSecond(batch_size, items))
        return [*own, *given]

    def _after_training(self) -> None:
        """Let the engine compute with what was learned, and put it into the layers inside."""
        self._engine.follow()
        put_back(self._engine.graph, self._engine.runner.value)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> dict[str, float]:
        """See `Simulator.evaluate`."""
        self._check_compiled("evaluate")
        fed = self.feeder.feed(x, y, sample_weight, n_steps, targets=self._kinds)
        with self.model.calling(stateful, fed.n_steps), fed.told():
            return self.model.evaluate(
                **self._keras_data(fed, self._batch_size(batch_size)), return_dict=True, **kwargs
            )

    def predict(
        self,
        x: Any = None,
        *,
        n_steps: int | None = None,
        stateful: bool = False,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> dict[Any, np.ndarray]:
        """See `Simulator.predict`."""
        fed = self.feeder.feed(x, n_steps=n_steps)
        with self.model.calling(stateful, fed.n_steps), fed.told():
            data = self._keras_data(fed, self._batch_size(batch_size))
            found = self.model.predict(**data, **kwargs)
        return self._by_object(found)

    def on_batch(self, what: str, stateful: bool, n_steps: int | None, *data: Any) -> Any:
        """``train_on_batch``, ``test_on_batch`` or ``predict_on_batch``."""
        predicting = what == "predict_on_batch"
        if not predicting:
            self._check_compiled(what)
        if what == "train_on_batch":
            self._check_phase(what)
        x, y, sample_weight, class_weight = (*data, None, None, None)[:4]
        fed = self.feeder.feed(
            x,
            y,
            sample_weight,
            n_steps,
            targets=None if predicting else self._kinds,
            class_weight=class_weight,
            batch=self._batch,
        )
        if fed.stream is not None or fed.items is None or fed.items > self._batch:
            raise ValidationError(
                f"takes one batch of at most {self._batch} items, got {fed.items or 'a stream'}; "
                "fit, evaluate and predict make batches",
                attr="x",
            )
        if what == "train_on_batch":
            self._tell(fed)
        try:
            with self.model.calling(stateful, fed.n_steps):
                found = self.model.one_batch(what, fed.x, fed.y, fed.sample_weight)
        finally:
            if what == "train_on_batch":
                self._after_training()
        if predicting:
            return self._by_object(found)
        return {name: float(value) for name, value in found.items()}

    def check_gradients(
        self, inputs: Any, outputs: Any, atol: float, rtol: float, n_steps: int
    ) -> list[Difference]:
        """See ``Simulator.check_gradients``."""
        engine, aliases = self._engine, self.aliases
        fed = [aliases.input(i) for i in inputs] if inputs is not None else list(aliases.inputs)
        asked = [aliases.probe(o) for o in outputs] if outputs is not None else list(aliases.probes)
        nodes = [aliases.inputs[a] for a in fed]
        running = engine.graph_fed(engine.graph.stepped_nodes & set(nodes))
        graph, unread = self._training_graph(running)
        rough = [op.name for op in graph.ops if op.kernel.startswith("surrogate_")]
        if rough:
            raise ValidationError(
                f"{listing(rough)} are trained with surrogate gradients, which are no derivatives "
                "that finite differences could show",
                attr="surrogate",
            )
        if wrong := [unread[p] for a, p in aliases.probes.items() if a in asked and p in unread]:
            raise ValidationError("; ".join(wrong), attr="outputs")
        probes = [aliases.probes[a] for a in asked]
        readings = {p: graph.probes[p] for p in probes}
        engine.follow()
        batch = min(2, self._batch)
        form = Form(graph, readings, batch, n_steps, True, engine.force, "float64", engine)
        filling = Filling.of(engine)
        form.begin(engine.runner.named_state(), engine.n_steps, filling.series)
        rng = np.random.RandomState(0)
        data = {n: rng.uniform(-1, 1, (batch, n_steps, n.size_out)) for n in nodes}
        form.ready(tuple(nodes), filling.series)
        params = graph.params.values()
        named = {p.name: engine.runner.value(p) for p in params}
        trained = [p.name for p in params if self._trainable(p.name)]
        called = {aliases.inputs[a]: a for a in fed}
        return check(form, data, probes, trained, named, atol, rtol, called)

    def _by_object(self, found: Mapping[str, Any]) -> dict[Any, np.ndarray]:
        return {self.aliases.probes[alias]: np.asarray(data) for alias, data in found.items()}

    def _keras_data(self, fed: Fed, batch_size: int) -> dict[str, Any]:
        if fed.stream is not None:
            return {"x": steady(fed.x)}
        parts = [part for part in (fed.x, fed.y, fed.sample_weight) if part is not None]
        return {"x": in_order(tuple(parts), batch_size)}

    def _batch_size(self, given: int | None, attr: str = "batch_size") -> int:
        if given is None:
            return self._batch
        given = whole(given, attr, 1)
        if given > self._batch:
            raise ValidationError(
                f"got {given}, above the simulator's minibatch_size {self._batch}; make the "
                "Simulator with a larger one",
                attr=attr,
            )
        return given

    def run(self, data: Mapping[str, np.ndarray], n_steps: int) -> dict[Any, np.ndarray]:
        """A run that behaves as training does; it goes on from the state and keeps the new one.

        Parameters
        ----------
        data : mapping of str to ndarray
            ``(batch, n_steps, size)``, by alias.
        n_steps : int

        Returns
        -------
        dict
            ``(n_steps, batch, size)``, by probe.
        """
        _, unread = self._training_graph(self._engine.graph)
        if unread:
            raise BuildError(
                "the setting learning_phase=True has everything run as in training, where "
                f"{'; '.join(unread.values())}; leave these probes or the setting out"
            )
        found = self.on_batch("predict_on_batch", True, n_steps, data or None)
        return {probe: np.moveaxis(values, 1, 0) for probe, values in found.items()}

    def _check_phase(self, what: str) -> None:
        if get_setting(self._network, "learning_phase") is False:
            raise BuildError(
                f"cannot {what}: the setting learning_phase=False says that nothing behaves as in "
                "training; leave it out of configure_settings"
            )

    def _check_compiled(self, what: str) -> None:
        if self.inference_only:
            raise SimulationError(
                f"cannot {what}: the setting inference_only is True; leave it out of "
                "configure_settings"
            )
        if not self._kinds:
            raise SimulationError(
                f"cannot {what} before compile(optimizer, loss) has said what to minimise"
            )


def _check_known(given: Any, find: Callable[[Any], Any], attr: str) -> None:
    """Keras looks a name up only when it is used."""
    if isinstance(given, str):
        try:
            find(given)
        except ValueError as err:
            raise ValidationError(f"Keras knows no {given!r}", attr=attr) from err


def _own_metrics(given: Any, copied: bool) -> list[Any]:
    """Metrics for one probe; each counts for itself."""
    given = list(given) if isinstance(given, (list, tuple)) else [given]
    return [
        type(m).from_config(m.get_config()) if copied and isinstance(m, keras.Metric) else m
        for m in given
    ]


def _chunk(truncate: int | None, checkpoint_every: int | None) -> Chunk | None:
    if truncate is not None and checkpoint_every is not None:
        raise ValidationError(
            f"got {truncate} and {checkpoint_every}: give truncate to leave out gradients across "
            "chunks, checkpoint_every to keep them",
            attr="truncate, checkpoint_every",
        )
    if truncate is not None:
        return Chunk(whole(truncate, "truncate", 1), True)
    if checkpoint_every is not None:
        return Chunk(whole(checkpoint_every, "checkpoint_every", 1), False)
    return None
