#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""model_record.py FOLDER: the rows of src/vision/model_record.hpp for the models in FOLDER. Reads them by Debian's python3-onnx
and computes them by NumPy: another implementation than the one they are held against."""

import pathlib
import sys

import numpy
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import numpy_helper

NETWORKS = [("detector", "detect.onnx", (1, 3, 240, 320)), ("landmarks", "landmark.onnx", (1, 1, 64, 64)),
            ("embedder", "resnet.onnx", (1, 3, 150, 150)), ("second_embedder", "mobile.onnx", (1, 3, 112, 112))]
RECORDED = 16


def generated(shape):
    """As vision::outputs_of_generated(): "Numerical Recipes"' generator, the upper 24 bits of each number."""
    state, numbers = 1, numpy.empty(int(numpy.prod(shape)), numpy.float32)
    for place in range(numbers.size):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        numbers[place] = numpy.float32(state >> 8) / numpy.float32(16777216) - numpy.float32(0.5)
    return numbers.reshape(shape)


def windows(x, size, strides, pads, fill=0.0, dilations=(1, 1)):
    padded = numpy.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=fill)
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilations))
    return sliding_window_view(padded, reach, axis=(2, 3))[:, :, ::strides[0], ::strides[1], ::dilations[0], ::dilations[1]]


def conv(x, weights, bias=None, strides=(1, 1), dilations=(1, 1), group=1, pads=(0, 0, 0, 0), **_):
    seen = windows(x, weights.shape[2:], strides, pads, 0.0, dilations).astype(numpy.float64)
    ins, outs = x.shape[1] // group, weights.shape[0] // group
    parts = [numpy.einsum("nchwkl,mckl->nmhw", seen[:, g * ins:(g + 1) * ins], weights[g * outs:(g + 1) * outs].astype(numpy.float64),
                          optimize=True) for g in range(group)]
    return numpy.concatenate(parts, 1) + (0 if bias is None else bias.reshape(1, -1, 1, 1))


def average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0, **_):
    total = windows(x, kernel_shape, strides, pads).sum((4, 5))
    counted = x if count_include_pad else windows(numpy.ones_like(x), kernel_shape, strides, pads).sum((4, 5))
    return total / (numpy.prod(kernel_shape) if count_include_pad else counted)


def max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), **_):
    return windows(x, kernel_shape, strides, pads, -numpy.inf).max((4, 5))


def reshape(x, shape, **_):
    return x.reshape([x.shape[i] if d == 0 else int(d) for i, d in enumerate(shape)])


def sliced(x, starts, ends, axes=None, **_):
    places = [slice(None)] * x.ndim
    for start, end, axis in zip(starts, ends, axes or range(len(starts))):
        places[axis] = slice(start, end)
    return x[tuple(places)]


def unsqueeze(x, axes, **_):
    for axis in axes:
        x = numpy.expand_dims(x, axis)
    return x


def softmax(x, axis=1, **_):
    rows = x.reshape(int(numpy.prod(x.shape[:axis])), -1)  # as it is up to operator set 12
    powers = numpy.exp(rows - rows.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).reshape(x.shape)


def gemm(a, b, c=0, alpha=1.0, beta=1.0, transA=0, transB=0, **_):
    return alpha * ((a.T if transA else a) @ (b.T if transB else b)) + beta * c


def normalised(x, scale, bias, mean, variance, epsilon=1e-5, **_):
    scale, bias, mean, variance = (t.reshape((1, -1) + (1,) * (x.ndim - 2)) for t in (scale, bias, mean, variance))
    return (x - mean) / numpy.sqrt(variance + epsilon) * scale + bias


def padded(x, pads, value=0.0, **_):
    return numpy.pad(x, list(zip(pads[:len(pads) // 2], pads[len(pads) // 2:])), constant_values=value)


OPERATORS = {
    "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a // b if a.dtype.kind == "i" else a / b, "Exp": numpy.exp,
    "Relu": lambda x: numpy.maximum(x, 0), "PRelu": lambda x, slope: numpy.where(x >= 0, x, x * slope),
    "Concat": lambda *parts, axis: numpy.concatenate([numpy.atleast_1d(p) for p in parts], axis),
    "Constant": lambda value: numpy_helper.to_array(value), "Transpose": lambda x, perm: numpy.transpose(x, perm),
    "Shape": lambda x: numpy.array(x.shape, numpy.int64), "Gather": lambda x, at, axis=0: numpy.take(x, at.astype(int), axis),
    "Flatten": lambda x, axis=1: x.reshape(x.shape[0], -1), "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True),
    "Conv": conv, "AveragePool": average_pool, "MaxPool": max_pool, "Reshape": reshape, "Slice": sliced, "Unsqueeze": unsqueeze,
    "Softmax": softmax, "Gemm": gemm, "BatchNormalization": normalised, "Pad": padded,
}


def outputs(file, shape):
    graph = onnx.load(file).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    known[next(i.name for i in graph.input if i.name not in known)] = generated(shape)
    for node in graph.node:
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        made = OPERATORS[node.op_type](*(known[name] for name in node.input if name), **settings)
        known[node.output[0]] = made.astype(numpy.float32) if made.dtype == numpy.float64 else made
    found = sorted((known[output.name] for output in graph.output), key=lambda one: -one.size)
    every = numpy.concatenate([one.reshape(-1) for one in found])
    return [float(every[(2 * i + 1) * every.size // (2 * RECORDED)]) for i in range(RECORDED)]


if __name__ == "__main__":
    for network, file, shape in NETWORKS:
        numbers = outputs(pathlib.Path(sys.argv[1]) / file, shape)
        print(f"{network}: {{{', '.join(f'{number:.6f}F' for number in numbers)}}}")
