"""What is said of data that do not fit."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengolab.exceptions import UnknownObject
from tests.training.fed import Net, ones


@pytest.fixture(scope="module")
def n():
    return Net()


def errors():
    def case(name, message, kind, call):
        return pytest.param(message, kind, call, id=name)

    unknown, wrong = UnknownObject, ValidationError
    yield case(
        "unknown name",
        "'b' is no Node of this network; data can be fed to 'a', 'node', 'pixel_1_2'",
        unknown,
        lambda n: n.feed({"b": ones(1, 1, 3)}),
    )
    yield case(
        "foreign Node",
        "'other' is no Node of this network",
        unknown,
        lambda n: n.feed({nengo.Node([0], label="other", add_to_container=False): 1}),
    )
    yield case(
        "Node with an input",
        "'relay' has an input of size 2.*can be fed to 'a'",
        unknown,
        lambda n: n.feed({n.relay: ones(1, 1, 2)}),
    )
    yield case(
        "part of a Node",
        "'a' means a part of the Node, which is fed whole",
        unknown,
        lambda n: n.feed({n.a[0]: ones(1, 1, 1)}),
    )
    yield case(
        "probe as an input",
        "'probe of ens' is a probe: its data are targets",
        unknown,
        lambda n: n.feed({n.out: ones(1, 1, 3)}),
    )
    yield case(
        "ensemble as an input",
        "'ens' is no Node: its type is Ensemble",
        unknown,
        lambda n: n.feed({"ens": ones(1, 1, 3)}),
    )
    yield case(
        "unknown probe",
        "'b' is no probe of this network; the probes are 'probe', 'neurons'",
        unknown,
        lambda n: n.feed(ones(1, 1, 3), {"b": ones(1, 1, 3)}),
    )
    yield case(
        "input as a probe",
        "'a' is an input, and only probes have targets",
        unknown,
        lambda n: n.feed(ones(1, 1, 3), {n.a: ones(1, 1, 3)}),
    )
    yield case(
        "given twice",
        "'a' is given twice",
        wrong,
        lambda n: n.feed({"a": ones(1, 1, 3), n.a: ones(1, 1, 3)}),
    )
    yield case(
        "too many in a list",
        r"each of the 3 inputs.*got 4.*np.stack\(x\)",
        wrong,
        lambda n: n.feed([ones(2, 3)] * 4),
    )
    yield case(
        "no steps",
        r"got \(8, 3\): the n_steps axis is missing; x\[:, None\] .*x\[None\] .*8 steps",
        wrong,
        lambda n: n.feed(ones(8, 3)),
    )
    yield case(
        "no steps, and many are asked for",
        r"the n_steps axis is missing; np.repeat\(x\[:, None\], 5, axis=1\)",
        wrong,
        lambda n: n.feed(ones(8, 3), n_steps=5),
    )
    yield case(
        "no batch",
        r"the batch axis is missing; x\[None\] would fit",
        wrong,
        lambda n: n.feed(ones(5, 3), n_steps=5),
    )
    yield case(
        "no size",
        r"the size axis is missing; x\[..., None\] would fit",
        wrong,
        lambda n: n.feed({"node": ones(5, 4)}),
    )
    yield case(
        "a vector",
        r"two axes are missing; x.reshape\(\(-1, 1, 1\)\)",
        wrong,
        lambda n: n.feed({"node": ones(5)}),
    )
    yield case(
        "one step of one item",
        r"the batch and n_steps axes are missing; x\[None, None\] would fit",
        wrong,
        lambda n: n.feed(ones(3)),
    )
    yield case(
        "pixels in rows",
        r"there is no n_steps axis; x.reshape\(\(7, 1, 3\)\) would fit",
        wrong,
        lambda n: n.feed(ones(7, 1, 3, 1)),
    )
    yield case(
        "pixels in rows, over time",
        r"spread over several axes; x.reshape\(\(7, 5, 3\)\) would fit",
        wrong,
        lambda n: n.feed(ones(7, 5, 3, 1)),
    )
    yield case(
        "unequal batch",
        "same number of batch items; got input 'a' 5, input 'node' 6",
        wrong,
        lambda n: n.feed([ones(5, 2, 3), ones(6, 2, 1)]),
    )
    yield case(
        "unequal steps",
        "same number of steps; got input 'a' 5, input 'node' 6",
        wrong,
        lambda n: n.feed([ones(2, 5, 3), ones(2, 6, 1)]),
    )
    yield case(
        "wrong size",
        "input 'a': .*one step of it holds 3, not 2",
        wrong,
        lambda n: n.feed(ones(2, 5, 2)),
    )
    yield case("no data, no steps", "n_steps: is needed", wrong, lambda n: n.feed())
    for odd in (0, -1, 2.5, "ten", True, np.nan):
        yield case(
            f"n_steps {odd}",
            "n_steps: must be a whole number from 1 up",
            wrong,
            lambda n, odd=odd: n.feed(n_steps=odd),
        )
    yield case(
        "other steps",
        r"n_steps says 7 steps, the data have 5.*np.tile",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), n_steps=7),
    )
    yield case(
        "texts",
        r"input 'a': expected real numbers \(batch, n_steps, 3\), got dtype <U1",
        wrong,
        lambda n: n.feed(np.full((2, 5, 3), "x")),
    )
    yield case(
        "objects",
        "input 'a': expected real numbers .* got object",
        wrong,
        lambda n: n.feed({"a": object()}),
    )
    yield case(
        "complex numbers",
        "input 'a': expected real numbers .* got dtype complex128",
        wrong,
        lambda n: n.feed(np.ones((2, 5, 3), complex)),
    )
    yield case(
        "ragged lists",
        "input 'a': .*is no array",
        wrong,
        lambda n: n.feed({"a": [[[1, 2, 3]], [[1, 2]]]}),
    )
    yield case(
        "empty batch",
        r"input 'a': the data are empty: \(0, 5, 3\) holds no batch items",
        wrong,
        lambda n: n.feed(ones(0, 5, 3)),
    )
    yield case(
        "no steps in it",
        r"input 'a': the data are empty: \(2, 0, 3\) holds no steps",
        wrong,
        lambda n: n.feed(ones(2, 0, 3)),
    )
    yield case(
        "targets of another size",
        "targets of 'probe': .*holds 3, not 2",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), ones(2, 5, 2)),
    )
    yield case(
        "targets that would be broadcast",
        "targets of 'probe': .*holds 3, not 1",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), ones(2, 5, 1)),
    )
    yield case(
        "targets without steps",
        r"targets of 'probe': expected \(batch, n_steps, 3\), got \(2, 3\)",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), ones(2, 3)),
    )
    yield case(
        "targets of other steps",
        "same number of steps; got input 'a' 5, targets of 'probe' 1",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), ones(2, 1, 3)),
    )
    yield case(
        "no targets",
        "y: targets are needed for 'probe', which has a loss; none are given",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), targets={"probe": "values"}),
    )
    yield case(
        "targets of another probe",
        "needed for 'neurons', .*given are those of 'probe'",
        wrong,
        lambda n: n.feed(ones(2, 5, 3), {"probe": ones(2, 5, 3)}, targets={"neurons": "values"}),
    )
    yield case(
        "a function in place of a generator",
        "got the function 'ones'; give the generator that it makes",
        wrong,
        lambda n: n.feed(ones),
    )


@pytest.mark.parametrize(("message", "kind", "call"), errors())
def test_errors(n, message, kind, call):
    with pytest.raises(kind, match=message):
        call(n)
