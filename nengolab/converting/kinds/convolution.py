"""Convolutions: plain, depthwise, separable and transposed, in 1 to 3 dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import keras
import nengo
import numpy as np

from nengolab.converting.base import LayerConverter, converts
from nengolab.converting.kinds.windows import Image
from nengolab.converting.making import Place
from nengolab.layers.keras_weights import Arrangement


@dataclass(frozen=True)
class Kernel:
    """A kernel and how it goes over an image.

    Attributes
    ----------
    variable : Keras variable
    arrangement : Arrangement
        To ``(*size, channels in a group, filters)``.
    strides, dilation : tuple of int
    padding : str
        ``"valid"``, ``"same"`` or ``"causal"``.
    groups : int
    part : str
        What the weights are called.
    """

    variable: Any
    arrangement: Arrangement
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    groups: int
    part: str = "kernel"

    @property
    def size(self) -> tuple[int, ...]:
        return self.arrangement.shape[:-2]

    @property
    def filters(self) -> int:
        return self.arrangement.shape[-1]

    def reach(self) -> list[int]:
        """How many places a window spans along each axis, less one."""
        return [(k - 1) * d for k, d in zip(self.size, self.dilation, strict=True)]


class _Convolving(LayerConverter):
    @property
    def image(self) -> Image:
        return Image.of(self.input.shape, self.layer.data_format)

    def bias(self, post: Any) -> None:
        if self.layer.use_bias:
            last = self.layer.data_format == "channels_last"
            self.make.bias(self.layer.bias, post, self.call.outputs[0], last)

    def apply(self, place: Place, image: Image, kernel: Kernel, post: Any) -> None:
        """Connect the image at ``place`` through a kernel to ``post``."""
        if max(kernel.dilation) > 1:
            self._dilated(place, image, kernel, post)
            return
        if kernel.padding == "causal":
            place, image = self._padded(place, image, [(n, 0) for n in kernel.reach()])
            kernel = replace(kernel, padding="valid")
        self._connect(place, image, kernel, post)

    def _connect(self, place: Place, image: Image, kernel: Kernel, post: Any) -> None:
        def transform(values: np.ndarray) -> Any:
            return nengo.transforms.Convolution(
                kernel.filters,
                image.shape,
                kernel.size,
                kernel.strides,
                kernel.padding,
                image.last,
                init=values,
                groups=kernel.groups,
            )

        self.make.weighted(
            place.obj,
            post,
            transform,
            kernel.variable,
            kernel.arrangement,
            kernel.part,
            place.synapse,
        )

    def _padded(
        self, place: Place, image: Image, pads: list[tuple[int, int]]
    ) -> tuple[Place, Image]:
        at = [
            np.concatenate([np.full(a, -1), np.arange(n), np.full(b, -1)]).astype(int)
            for n, (a, b) in zip(image.spatial, pads, strict=True)
        ]
        padded = image.with_spatial(tuple(len(a) for a in at))
        return self.make.selected(place, image.taken(at), part="padded"), padded

    def _dilated(self, place: Place, image: Image, kernel: Kernel, post: Any) -> None:
        """Places that are ``d`` apart are put side by side, the ``d`` phases after each other.

        Then a plain kernel sees what the dilated one would; what it sees across the border of two
        phases is left out.
        """
        pads = _pads(kernel)
        at, back = [], []
        for n, (before, after), d, reach in zip(
            image.spatial, pads, kernel.dilation, kernel.reach(), strict=True
        ):
            whole = n + before + after
            each = -(-whole // d)
            i, phase = np.arange(each), np.arange(d)[:, None]
            places = (i * d + phase).ravel() - before
            at.append(np.where((places >= 0) & (places < n), places, -1))
            out = np.arange(whole - reach)
            back.append(out % d * each + out // d)
        spread = image.with_spatial(tuple(len(a) for a in at))
        phases = self.make.selected(place, image.taken(at), part="phases")
        plain = replace(kernel, dilation=(1,) * len(at), padding="valid")
        result = Image(
            tuple(n - k + 1 for n, k in zip(spread.spatial, kernel.size, strict=True)),
            kernel.filters,
            image.last,
        )
        node = self.make.node(math.prod(result.shape), "of_phases")
        self._connect(phases, spread, plain, node)
        self.make.selected(Place(node, result.shape), result.taken(back), post)


def _pads(kernel: Kernel) -> list[tuple[int, int]]:
    if kernel.padding == "valid":
        return [(0, 0)] * len(kernel.size)
    if kernel.padding == "causal":
        return [(n, 0) for n in kernel.reach()]
    return [(n // 2, n - n // 2) for n in kernel.reach()]


@converts(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
class ConvertConvolution(_Convolving):
    """A convolution of Nengo's; its kernel lies as Keras's does."""

    def convert(self) -> Place:
        layer = self.layer
        kernel = Kernel(
            layer.kernel,
            Arrangement.of(tuple(layer.kernel.shape)),
            layer.strides,
            layer.dilation_rate,
            layer.padding,
            layer.groups,
        )
        target = self.activated(self.call.outputs[0])
        self.apply(self.input, self.image, kernel, target.post)
        self.bias(target.post)
        return target.place


def _depthwise(variable: Any, layer: Any, part: str) -> Kernel:
    """A kernel ``(*size, channels, multiplier)``: a group for each channel."""
    *size, channels, multiplier = (int(n) for n in variable.shape)
    arrangement = Arrangement.of(tuple(variable.shape), to=(*size, 1, channels * multiplier))
    return Kernel(
        variable, arrangement, layer.strides, layer.dilation_rate, layer.padding, channels, part
    )


@converts(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
class ConvertDepthwise(_Convolving):
    """A convolution with a group for each channel."""

    def convert(self) -> Place:
        layer = self.layer
        target = self.activated(self.call.outputs[0])
        self.apply(self.input, self.image, _depthwise(layer.kernel, layer, "kernel"), target.post)
        self.bias(target.post)
        return target.place


@converts(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
class ConvertSeparable(_Convolving):
    """A depthwise convolution, and one of single places after it."""

    def convert(self) -> Place:
        layer = self.layer
        target = self.activated(self.call.outputs[0])
        depthwise = _depthwise(layer.depthwise_kernel, layer, "depthwise_kernel")
        image = Image.of(self.call.outputs[0], layer.data_format)
        between = Image(image.spatial, depthwise.filters, image.last)
        node = self.make.node(math.prod(between.shape), "depthwise")
        self.apply(self.input, self.image, depthwise, node)
        ones = (1,) * len(image.spatial)
        pointwise = Kernel(
            layer.pointwise_kernel,
            Arrangement.of(tuple(layer.pointwise_kernel.shape)),
            ones,
            ones,
            "valid",
            1,
            "pointwise_kernel",
        )
        self.apply(Place(node, between.shape), between, pointwise, target.post)
        self.bias(target.post)
        return target.place


@converts(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
class ConvertTransposed(_Convolving):
    """A plain convolution, by the kernel turned round, of an input that is spread out.

    With a kernel of ``K`` places ``d`` apart and stride ``s`` it is
    ``y[o] = sum of w[k] x[i] over s i + d k = o + before``, so that ``x[i]`` stands at
    ``s i - before + d (K - 1)``. ``before`` is half of what is cut off, rounded down (``same``), or
    0 (``valid``).
    """

    def convert(self) -> Place:
        layer, image = self.layer, self.image
        result = Image.of(self.call.outputs[0], layer.data_format)
        shape = tuple(int(n) for n in layer.kernel.shape)
        dims = len(shape) - 2
        arrangement = Arrangement.of(
            shape, axes=(*range(dims), dims + 1, dims), flip=tuple(range(dims))
        )
        ones = (1,) * dims
        kernel = Kernel(layer.kernel, arrangement, ones, layer.dilation_rate, "valid", 1)
        at = []
        for n, n_out, stride, reach in zip(
            image.spatial, result.spatial, layer.strides, kernel.reach(), strict=True
        ):
            cut = max((n - 1) * stride + reach + 1 - n_out, 0) if layer.padding == "same" else 0
            places = np.arange(n) * stride - cut // 2 + reach
            line = np.full(n_out + reach, -1)
            inside = (places >= 0) & (places < len(line))
            line[places[inside]] = np.arange(n)[inside]
            at.append(line)
        spread = image.with_spatial(tuple(len(line) for line in at))
        place = self.make.selected(self.input, image.taken(at), part="spread")
        target = self.activated(self.call.outputs[0])
        self.apply(place, spread, kernel, target.post)
        self.bias(target.post)
        return target.place
