#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the models inside the two npm packages into the files the daemon loads.

usage: convert_models.py NODE_MODULES OUT

  detect.onnx, landmark.onnx, mobile.onnx
                               copied as they are, after their hashes were checked
  resnet.onnx                  dlib's face-recognition ResNet, from face-api's quantised shards
  resnet.weights               the same numbers flat, for the test that holds OpenCV against dlib
"""
import hashlib
import json
import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

COPIES = {
    "detect.onnx": ("faceplugin-face-recognition-js/model/fr_detect.onnx",
                    "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854"),
    "landmark.onnx": ("faceplugin-face-recognition-js/model/fr_landmark.onnx",
                      "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258"),
    "mobile.onnx": ("faceplugin-face-recognition-js/model/fr_feature.onnx",
                    "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581"),
}
FACE_API = "@vladmandic/face-api/model/"
MANIFEST = (FACE_API + "face_recognition_model-weights_manifest.json",
            "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b")
SHARD = (FACE_API + "face_recognition_model.bin",
         "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589")

# From the input to the output: name, channels, what the block does to the picture's size. dlib pads
# the smaller summand of a residual sum with zeros, in the plane and in the channels.
BLOCKS = ([("conv32_%d" % i, 32, False) for i in (1, 2, 3)]
          + [("conv64_down", 64, True)] + [("conv64_%d" % i, 64, False) for i in (1, 2, 3)]
          + [("conv128_down", 128, True)] + [("conv128_%d" % i, 128, False) for i in (1, 2)]
          + [("conv256_down", 256, True)] + [("conv256_%d" % i, 256, False) for i in (1, 2)]
          + [("conv256_down_out", 256, True)])


def read_checked(root, source):
    path, expected = source
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError("%s: sha256 is %s, expected %s" % (path, found, expected))
    return data


def write_whole(path, data):
    """An interrupted run must not leave half a model under its name."""
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.replace(path + ".part", path)


def read_tensors(root):
    """tfjs weights manifest: tensors one behind the other, uint8 with scale and minimum, or float32."""
    manifest = json.loads(read_checked(root, MANIFEST))
    data = read_checked(root, SHARD)
    tensors, offset = {}, 0
    for weight in manifest[0]["weights"]:
        shape, quantised = weight["shape"], weight.get("quantization")
        count = int(numpy.prod(shape))
        kind = numpy.uint8 if quantised else numpy.dtype("<f4")
        raw = numpy.frombuffer(data, kind, count, offset)
        offset += raw.nbytes
        values = raw.astype(numpy.float64)
        if quantised:
            values = values * quantised["scale"] + quantised["min"]
        tensors[weight["name"]] = values.astype(numpy.float32).reshape(shape)
    if offset != len(data):
        raise ValueError("%s: %d bytes are left over" % (SHARD[0], len(data) - offset))
    return tensors


def convolutions():
    yield "conv32_down"
    for name, _, _ in BLOCKS:
        yield name + "/conv1"
        yield name + "/conv2"


def layer(tensors, name):
    """Filters as output x input x height x width, bias, and the scale layer that follows."""
    filters = tensors[name + "/conv/filters"].transpose(3, 2, 0, 1)
    return (filters, tensors[name + "/conv/bias"],
            tensors[name + "/scale/weights"], tensors[name + "/scale/biases"])


class Graph:
    """Nodes in order; every method appends one and returns the name of its output."""

    def __init__(self):
        self.nodes, self.weights, self.last = [], [], "input"

    def add(self, kind, inputs, **attributes):
        name = "%s_%d" % (kind.lower(), len(self.nodes))
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, values):
        values = numpy.ascontiguousarray(values, numpy.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolve(self, data, name, tensors, stride, pad):
        filters, bias, gamma, beta = (t.astype(numpy.float64) for t in layer(tensors, name))
        return self.add("Conv", [data,
                                 self.constant(name + ".w", filters * gamma[:, None, None, None]),
                                 self.constant(name + ".b", bias * gamma + beta)],
                        kernel_shape=list(filters.shape[2:]), strides=[stride] * 2, pads=[pad] * 4)

    def pad(self, data, channels, rows):
        if channels == 0 and rows == 0:
            return data
        return self.add("Pad", [data], mode="constant", value=0.0, pads=[0, 0, 0, 0, 0, channels, rows, rows])


def residual(graph, data, side, depth, block, tensors):
    name, channels, down = block
    path = graph.convolve(data, name + "/conv1", tensors, 2 if down else 1, 0 if down else 1)
    path = graph.add("Relu", [path])
    path = graph.convolve(path, name + "/conv2", tensors, 1, 1)
    if down:
        small, side = (side - 3) // 2 + 1, side // 2
        data = graph.add("AveragePool", [data], kernel_shape=[2, 2], strides=[2, 2])
        data = graph.pad(data, channels - depth, 0)
        path = graph.pad(path, 0, side - small)
    return graph.add("Relu", [graph.add("Add", [path, data])]), side


def build(tensors):
    """Opset 9: Pad with attributes, and a 1x1 convolution for the last layer, as OpenCV 4.6 likes it."""
    graph = Graph()
    data = graph.add("Relu", [graph.convolve("input", "conv32_down", tensors, 2, 0)])
    data = graph.add("MaxPool", [data], kernel_shape=[3, 3], strides=[2, 2])
    side, depth = 35, 32
    for block in BLOCKS:
        data, side = residual(graph, data, side, depth, block, tensors)
        depth = block[1]
    data = graph.add("GlobalAveragePool", [data])
    last = graph.constant("fc.w", tensors["fc"].T.reshape(128, 256, 1, 1))
    graph.nodes.append(helper.make_node("Conv", [data, last], ["embedding"], kernel_shape=[1, 1]))
    model = helper.make_model(
        helper.make_graph(graph.nodes, "dlib_face_recognition_resnet",
                          [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 150, 150])],
                          [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 128, 1, 1])],
                          graph.weights),
        producer_name="porchlight", ir_version=4, opset_imports=[helper.make_opsetid("", 9)])
    onnx.checker.check_model(model)
    return model.SerializeToString()


def flat(tensors):
    """Little-endian float32 in network order: filters, bias, scale, offset of each convolution; fc."""
    parts = [part for name in convolutions() for part in layer(tensors, name)] + [tensors["fc"]]
    return b"".join(numpy.ascontiguousarray(part, "<f4").tobytes() for part in parts)


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    root, out = arguments[1:]
    os.makedirs(out, exist_ok=True)
    try:
        for name, source in COPIES.items():
            write_whole(os.path.join(out, name), read_checked(root, source))
        tensors = read_tensors(root)
    except FileNotFoundError as missing:
        sys.exit("convert_models: '%s' is missing: run npm ci --ignore-scripts" % missing.filename)
    except ValueError as wrong:
        sys.exit("convert_models: %s" % wrong)
    write_whole(os.path.join(out, "resnet.onnx"), build(tensors))
    write_whole(os.path.join(out, "resnet.weights"), flat(tensors))


if __name__ == "__main__":
    main(sys.argv)
