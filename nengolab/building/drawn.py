"""What is drawn at random in another way once something is deleted: said before that is done.

Random numbers come in turn: of a generator that a source shares, of a vocabulary whose pointers
are added one after the other, and of a network with a seed, whose objects get theirs by their
order. What stood before takes its own with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.builder.network import seed_network
from nengo.dists import Distribution
from nengo.params import FrozenObject, iter_params

from nengolab.building.deleting import delete, depending
from nengolab.building.running import Made, SourceError, run_source, stopped_after
from nengolab.building.same import parts_of, same
from nengolab.building.sources import Unwritable, captured
from nengolab.names import Names
from nengolab.pointers import is_vocabulary, names_in

_MOST = 8  # names that are said


def drawn_anew(made: Made, *objects: Any, seconds: float = 5.0) -> list[str]:
    """Say what stays and is drawn in another way where objects are deleted, in sentences.

    Where the source shares a generator or a vocabulary, it is run as it would be then.

    Parameters
    ----------
    made : Made
    *objects : nengo objects or networks
    seconds : float
        After which the run is stopped, and it is said that it was.

    Returns
    -------
    list of str

    Raises
    ------
    Refused
        Where they cannot be deleted.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network(seed=1) as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     b = nengo.Ensemble(50, 1)
    ... ''')
    >>> nengolab.building.drawn_anew(made, made.network.ensembles[0])
    ["Nengo's seeds go by the order in a network: b is drawn anew."]
    """
    edit = delete(made, *objects)
    going = set(depending(made, *objects))
    found = []
    if names := _called(made, _seeded_anew(made.network, going)):
        found.append(
            f"Nengo's seeds go by the order in a network: {_listed(names)} "
            f"{'is' if len(names) == 1 else 'are'} drawn anew."
        )
    if names := _called(made, _after_processes(made.network, going)):
        found.append(
            "Processes without a seed of their own draw in turn: "
            f"{'that' if len(names) == 1 else 'those'} of {_listed(names)} may give another signal."
        )
    if _draws(made):
        try:
            names = _other(made, edit.after, going, seconds)
        except SourceError as error:
            if error.kind == "stopped":
                found.append(
                    f"The code runs for more than {seconds:g} s: what else is drawn anew is not "
                    "known."
                )
        else:
            if names:
                found.append(
                    f"The random numbers of the code come in turn: {_listed(names)} "
                    f"{'is' if len(names) == 1 else 'are'} drawn anew."
                )
    return found


def _listed(names: list[str]) -> str:
    shown, more = names[:_MOST], len(names) - _MOST
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _called(made: Made, objects: list[Any]) -> list[str]:
    names = Names(made.network)
    return [made.names.get(obj) or names.get(obj) for obj in objects]


# -- seeds -----------------------------------------------------------------------------------------


def _seeded_anew(network: nengo.Network, going: set[Any]) -> list[Any]:
    """What of a network draws with another seed once objects are gone."""
    before, seeded = dict[Any, int](), dict[Any, bool]()
    seed_network(network, before, seeded, base_rng=np.random.RandomState(0))
    after = {network: before[network]}
    _seed(network, after, going)
    return [
        obj
        for obj in network.all_objects
        if obj in after and after[obj] != before[obj] and seeded[obj] and _draws_with_it(obj)
    ]


def _seed(network: nengo.Network, seeds: dict[Any, int], going: set[Any]) -> None:
    """Give seeds as Nengo does, as if some objects were not there."""
    rng = np.random.RandomState(seeds[network])
    kinds = (nengo.Connection, nengo.Ensemble, nengo.Network, nengo.Node, nengo.Probe)
    for obj in (o for kind in kinds for o in network.objects[kind] if o not in going):
        seed = rng.randint(np.iinfo(np.int32).max)
        seeds.setdefault(obj, seed if getattr(obj, "seed", None) is None else obj.seed)
    for inner in network.networks:
        if inner not in going:
            _seed(inner, seeds, going)


def _after_processes(network: nengo.Network, going: set[Any]) -> list[Any]:
    """What stays and has a process that draws from the simulator's seed, where one that does goes.

    They draw in the order of the steps that a simulator takes, which nobody sees.
    """
    if network.seed is None:
        return []  # they differ in each simulator
    objects = (*network.all_nodes, *network.all_ensembles)
    drawing = [obj for obj in objects if _has_free_process(obj)]
    staying = [obj for obj in drawing if obj not in going]
    return staying if len(staying) < len(drawing) else []


def _has_free_process(obj: Any) -> bool:
    process = obj.output if isinstance(obj, nengo.Node) else obj.noise
    return isinstance(process, nengo.Process) and process.seed is None


def _draws_with_it(obj: Any) -> bool:
    """Whether something that one would see is drawn with the seed of an object."""
    if isinstance(obj, nengo.Ensemble):
        return not isinstance(obj.neuron_type, nengo.Direct)
    if isinstance(obj, nengo.Connection):
        return isinstance(getattr(obj.transform, "init", None), Distribution)
    return False


# -- generators ------------------------------------------------------------------------------------


def _draws(made: Made) -> bool:
    """Whether a source may share random numbers."""
    kinds = (np.random.RandomState, np.random.Generator, random.Random)
    held = any(isinstance(value, kinds) for value in made.namespace.values())
    return held or "random" in made.source or any(True for _ in _vocabularies(made))


def _other(made: Made, after: str, going: set[Any], seconds: float) -> list[str]:
    """What an edited source makes of other numbers; not what is other in each run."""
    again = _run(after, seconds)
    found = _differing(made, again, going)
    if not found:
        return []
    control = _differing(made, _run(made.source, seconds), set())
    return [name for name in found if name not in control]


def _run(source: str, seconds: float) -> Made:
    with stopped_after(seconds) as stop:
        return run_source(source, stop=stop)


def _differing(made: Made, again: Made, going: set[Any]) -> list[str]:
    """What is in both networks, of other numbers: pointers first, then objects by name."""
    found = []
    others = dict(_vocabularies(again))
    for path, vocabulary in _vocabularies(made):
        if (other := others.get(path)) is not None:
            rows = dict(zip(names_in(other), other.vectors, strict=True))
            for name, row in zip(names_in(vocabulary), vocabulary.vectors, strict=True):
                if name in rows and not np.array_equal(row, rows[name]):
                    found.append(f"the pointer {name}")
    stays = [obj for obj in made.network.all_objects if obj not in going]
    there = again.network.all_objects
    if [type(obj) for obj in stays] == [type(obj) for obj in there]:
        pairs = zip(stays, there, strict=True)
        found += _called(made, [one for one, other in pairs if _is_other(one, other)])
    return list(dict.fromkeys(found))


def _vocabularies(made: Made) -> Iterator[tuple[Any, Any]]:
    """Vocabularies in variables and of networks, each with where it is."""
    for name, value in made.namespace.items():
        if is_vocabulary(value):
            yield name, value
    for n, network in enumerate((made.network, *made.network.all_networks)):
        held: Any = getattr(network, "vocabs", None)
        if type(held).__name__ == "VocabularyMap":
            for dimensions in held:
                yield (n, dimensions), held[dimensions]


def _is_other(a: Any, b: Any) -> bool:
    """Whether an object surely holds other values than another one."""
    if isinstance(a, nengo.Network):
        return False
    names = [n for n in iter_params(a) if n not in ("label", "pre", "post", "target")]
    return any(_differ(getattr(a, name), getattr(b, name)) for name in names)


def _differ(a: Any, b: Any) -> bool:
    """Whether values surely differ: numbers and what holds them; of the rest it is not known."""
    if a is b or type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic | float | int | str):
        return not same(a, b)
    if isinstance(a, list | tuple):
        return len(a) != len(b) or any(map(_differ, a, b))
    if isinstance(a, dict):
        return a.keys() != b.keys() or any(_differ(a[key], b[key]) for key in a)
    if isinstance(a, FrozenObject):
        return _differ(parts_of(a), parts_of(b))
    if callable(a) and hasattr(a, "__closure__"):
        try:
            return _differ(captured(a), captured(b))
        except Unwritable:
            return False
    return False
