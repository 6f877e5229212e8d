"""Keras models as Nengo networks.

*Walked.* A Keras 3 model is a graph of calls of operations on tensors (`walking`). Each call, in
order, is given to the converter of its kind (`kinds`, one small class for each, found in a
registry by the class of the operation), which makes Nengo objects through a `Maker` (`making`) and
says where its outputs are: a `Place`, an object and the shape of an item. Layers that compute
nothing (Flatten, Dropout in inference) make no object: their output is where their input is. Models
inside models are walked in place.

*Weights.* A weight of Keras is one array of one connection, ``dense.0.kernel``, that holds just
what the Keras variable does (`layers.keras_weights`): never divided, never spread over places. So a
regularizer counts as it did, a constraint holds as it did, and what was trained goes back into
Keras. Biases are weights from a Node of ones, by a convolution with a kernel of one place where
places share them: they are parameters, and nothing is to be fed. What Keras has no weight for
(pooling, scaling, shapes) is a connection that is not trained. Dilated and transposed convolutions
are plain ones of inputs that are spread out: indices, which cost nothing while the network runs.

*Not native.* A kind without converter, or an option that has no like in Nengo, becomes a TensorNode
that holds the Keras layer itself, or is an error where ``allow_fallback=False``. The report says
of each layer what it became and why.
"""

from nengolab.converting.base import LayerConverter
from nengolab.converting.comparing import ComparedRow, Comparison, compare
from nengolab.converting.converter import Converter
from nengolab.converting.making import Place
from nengolab.converting.report import ConversionReport
from nengolab.converting.tuning import Tried, Tuned

__all__ = [
    "ComparedRow",
    "Comparison",
    "ConversionReport",
    "Converter",
    "LayerConverter",
    "Place",
    "Tried",
    "Tuned",
    "compare",
]
