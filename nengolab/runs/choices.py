"""What can be chosen about a run beside its data: how it is differentiated, steered, kept small.

Each choice gives lines of Python, which are what is done and what a person is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nengo
from nengo.ensemble import Neurons

from nengolab.exceptions import ValidationError
from nengolab.feeding.aliases import Aliases
from nengolab.settings import configure_settings, get_setting

# How the learning rate goes on.
CONSTANT, EXPONENTIAL, COSINE, PLATEAU = (
    "constant",
    "exponential decay",
    "cosine decay",
    "step down on a plateau",
)
SCHEDULES = (CONSTANT, EXPONENTIAL, COSINE, PLATEAU)
# Which numbers say that nothing gets better.
MONITORS = ("loss", "accuracy")
# What takes the place of a spike's derivative: as the network says, rates, or the names of
# `nengolab.surrogates`.
AS_SET, RATES, SOFT = "as the network says", "rates", "soft rates"
SURROGATES = ("atan", "fast_sigmoid", "sigmoid", "superspike", "triangular")
GRADIENTS = (AS_SET, RATES, SOFT, *SURROGATES)


@dataclass(frozen=True)
class Target:
    """What another probe is compared with.

    Attributes
    ----------
    y : str
        A variable; "" where the probe is not trained.
    loss : str
    weight : float
        Of its loss in the sum.
    """

    y: str = ""
    loss: str = ""
    weight: float = 1.0


def learning_rate_code(plan: Any, batches: int | None) -> str:
    """The learning rate of an optimizer, or its schedule.

    Raises
    ------
    ValidationError
        Where a schedule has to know how many batches there are, and nobody does.
    """
    rate = repr(plan.learning_rate)
    if plan.schedule in (CONSTANT, PLATEAU):
        return rate
    if batches is None:
        raise ValidationError(
            f"has to know how many batches an epoch has, which these data do not say: {PLATEAU!r} "
            "does without",
            attr="schedule",
        )
    if plan.schedule == EXPONENTIAL:
        each = f"decay_steps={batches}, decay_rate={plan.decay!r}"
        return f"keras.optimizers.schedules.ExponentialDecay({rate}, {each})"
    return f"keras.optimizers.schedules.CosineDecay({rate}, decay_steps={batches * plan.epochs})"


def callbacks_code(plan: Any, validated: bool) -> list[str]:
    """Callbacks of ``fit``: stepping down, stopping early."""
    found = []
    if plan.schedule == PLATEAU:
        by = f"factor={plan.decay!r}, patience={plan.plateau}"
        found.append(f"keras.callbacks.ReduceLROnPlateau({_watched(plan, validated)}, {by})")
    if plan.patience:
        by = f"patience={plan.patience}"
        found.append(f"keras.callbacks.EarlyStopping({_watched(plan, validated)}, {by})")
    return found


def _watched(plan: Any, validated: bool) -> str:
    several = any(target.y for target in plan.also.values()) or bool(plan.rates_of)
    name = plan.monitor if plan.monitor == "loss" or not several else f"{plan.probe}_accuracy"
    mode = "min" if plan.monitor == "loss" else "max"
    return f"monitor={('val_' if validated else '') + name!r}, mode={mode!r}"


def settings_code(plan: Any) -> list[str]:
    """Lines that set how the network is differentiated."""
    if plan.gradients == AS_SET:
        return []
    smooth = repr(plan.smoothing) if plan.gradients == SOFT else "None"
    name = repr(plan.gradients) if plan.gradients in SURROGATES else "None"
    told = f"surrogate={name}, lif_smoothing={smooth}"
    return ["with sim.network:", f"    nengolab.configure_settings({told})"]


def set_gradients(network: nengo.Network, plan: Any) -> None:
    """Do what `settings_code` says."""
    if plan.gradients != AS_SET:
        with network:
            configure_settings(
                surrogate=plan.gradients if plan.gradients in SURROGATES else None,
                lif_smoothing=plan.smoothing if plan.gradients == SOFT else None,
            )


def neuron_probes(network: nengo.Network) -> dict[str, nengo.neurons.NeuronType]:
    """Probes of what neurons put out, by the names that Keras has, with the types of these."""
    return {
        name: probe.obj.ensemble.neuron_type
        for name, probe in Aliases(network).probes.items()
        if isinstance(probe.obj, Neurons) and probe.attr == "output"
    }


def amplitude_of(kind: nengo.neurons.NeuronType) -> float:
    """What a spike a second adds to the output of a neuron."""
    return float(getattr(kind, "amplitude", 1.0))


def highest_rate(kind: nengo.neurons.NeuronType) -> float | None:
    """The highest rate (Hz) that neurons of a type can reach; None where there is none."""
    rest = getattr(kind, "tau_ref", 0.0)
    return 1.0 / rest if rest > 0 else None


def regularizer_code(plan: Any, amplitude: float) -> str:
    """The loss that keeps firing rates in their range."""
    told = f"low={plan.rate_low!r}, high={plan.rate_high!r}"
    if amplitude != 1.0:
        told += f", amplitude={amplitude!r}"
    return f"nengolab.losses.RateRange({told})"


# ---- checks, each of a field ---------------------------------------------------------------------


def check(plan: Any, network: nengo.Network, measured: bool, compiled: bool) -> None:
    """Check these choices.

    Parameters
    ----------
    plan : Plan
    network : nengo.Network
    measured : bool
        Whether the loss has an accuracy.
    compiled : bool
        Whether loss and optimizer are those of ``sim.compile``.

    Raises
    ------
    ValidationError
        For the first that does not fit; ``attr`` is its name.
    """
    _one_of("schedule", plan.schedule, SCHEDULES, "a schedule")
    _one_of("monitor", plan.monitor, MONITORS, "what can be watched")
    _one_of("gradients", plan.gradients, GRADIENTS, "a gradient")
    for name, least in (("patience", 0), ("plateau", 1), ("truncate", 0), ("checkpoint_every", 0)):
        _whole(name, getattr(plan, name), least)
    if plan.seed is not None:
        _whole("seed", plan.seed, 0)
    if not 0 < plan.decay < 1:
        raise ValidationError(f"takes a factor between 0 and 1, got {plan.decay!r}", attr="decay")
    if plan.truncate and plan.checkpoint_every:
        raise ValidationError(
            "leaves gradients out that checkpoint_every keeps: give one of them, the other 0",
            attr="truncate",
        )
    if plan.monitor == "accuracy" and not measured and (plan.patience or plan.schedule == PLATEAU):
        raise ValidationError("this loss has no accuracy: watch the loss", attr="monitor")
    if plan.stateful and not get_setting(network, "stateful"):
        raise ValidationError(
            "the network says stateful=False in configure_settings, which decides", attr="stateful"
        )
    _check_gradients(plan, network)
    if compiled:
        _check_compiled(plan)
    if plan.rates_of and not 0 <= plan.rate_low <= plan.rate_high:
        raise ValidationError(
            f"takes a rate (Hz) from {plan.rate_low:g} up, got {plan.rate_high:g}", attr="rate_high"
        )
    if plan.rates_of and not plan.rate_weight > 0:
        raise ValidationError(
            f"takes a number above 0, such as 0.0001, got {plan.rate_weight!r}", attr="rate_weight"
        )


def _check_gradients(plan: Any, network: nengo.Network) -> None:
    kinds = [ens.neuron_type for ens in network.all_ensembles]
    if plan.gradients in SURROGATES and not any(kind.spiking for kind in kinds):
        raise ValidationError("no neurons of this network spike: take rates", attr="gradients")
    if plan.gradients != SOFT:
        return
    if not any(isinstance(kind, nengo.LIF | nengo.LIFRate) for kind in kinds):
        raise ValidationError("no neurons of this network are LIF: take rates", attr="gradients")
    if not 0 < plan.smoothing < float("inf"):
        raise ValidationError(
            f"takes a width above 0, such as 0.02, got {plan.smoothing!r}", attr="smoothing"
        )


def _check_compiled(plan: Any) -> None:
    """What only `sim.compile` can be told is not chosen where it was called already."""
    chosen = {
        "schedule": plan.schedule in (EXPONENTIAL, COSINE),
        "gradients": plan.gradients != AS_SET,
        "truncate": plan.truncate > 0,
        "checkpoint_every": plan.checkpoint_every > 0,
        "rates_of": plan.rates_of != "",
    }
    for name, is_chosen in chosen.items():
        if is_chosen:
            raise ValidationError(
                "was decided by sim.compile: choose loss and optimizer here to choose this too",
                attr=name,
            )


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValidationError(f"takes a whole number from {least} up, got {value!r}", attr=name)


def _one_of(name: str, value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise ValidationError(f"{value!r} is not {what}: {', '.join(known)}", attr=name)
