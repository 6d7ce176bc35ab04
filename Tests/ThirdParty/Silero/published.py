"""scripts/silero-weights on a graph of the form that Silero VAD is published in, with weights made up here.

  published.py FOLDER     makes the graph, converts it at both rates, and hands in what has to be refused

The published file: an `If` on `sr` with a network in either branch, weights as constants within them, the cell there twice (with
a state from before, and without), its gates' rows cut and joined into ONNX's order.
"""

import importlib.machinery
import importlib.util
import json
import random
import struct
import subprocess
import sys
from pathlib import Path

import numpy
from onnx import TensorProto, checker, helper, load_from_string, numpy_helper

import silero
from silero import CELLS

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "silero-weights"
RATES = {16000: 256, 8000: 128}


class Nodes:
    """One graph's, under names of its own."""

    def __init__(self, prefix):
        self.prefix, self.nodes = prefix, []

    def add(self, kind, inputs, outputs=1, **attributes):
        made = [f"{self.prefix}/{kind}_{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, made, **attributes))
        return made[0] if outputs == 1 else made

    def constant(self, value, name=None):
        made = name or f"{self.prefix}/Constant_{len(self.nodes)}"
        self.nodes.append(helper.make_node("Constant", [], [made], value=numpy_helper.from_array(numpy.asarray(value))))
        return made

    def whole(self, *values):
        return self.constant(numpy.array(values, dtype=numpy.int64))

    def graph(self, outputs):
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        return helper.make_graph(self.nodes, self.prefix, [], made)


def cell(prefix, weights, x, state, order):
    """What PyTorch's export makes of an LSTM cell: `order` is what becomes of the gates input, forget, cell, output."""
    nodes = Nodes(prefix)

    def turned(name):
        rows = [nodes.add("Slice", [name, nodes.whole(n * CELLS), nodes.whole((n + 1) * CELLS), nodes.whole(0)]) for n in order]
        return nodes.add("Concat", rows, axis=0)

    w, r, b, c = (turned(weights[f"lstm_cell.{name}"]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    w, r, b = (nodes.add("Unsqueeze", [name, nodes.whole(0)]) for name in (w, r, nodes.add("Concat", [b, c], axis=0)))
    x = nodes.add("Unsqueeze", [x, nodes.whole(0)])
    states = [nodes.add("Unsqueeze", [name, nodes.whole(0)]) for name in state]
    _, h, c = nodes.add("LSTM", [x, w, r, b, ""] + states, 3, hidden_size=CELLS)
    return nodes.graph([nodes.add("Squeeze", [name, nodes.whole(0)]) for name in (h, c)])


def branch(prefix, kernel, tensors, faults):
    nodes, bins = Nodes(prefix), kernel // 2 + 1
    weights = {name: nodes.constant(tensor, f"{prefix}:{name}") for name, tensor in tensors.items() if name != faults.get("missing")}
    weights |= {faults.get("missing"): f"{prefix}:{faults.get('missing')}"}
    x = nodes.add("Pad", ["input", nodes.whole(0, 0, 0, kernel // 4)], mode=faults.get("mode", "reflect"))
    x = nodes.add("Conv", [nodes.add("Unsqueeze", [x, nodes.whole(1)]), weights["stft_conv.weight"]], strides=[kernel // 2])
    halves = [
        nodes.add("Slice", [x, nodes.whole(start), nodes.whole(end), nodes.whole(1)]) for start, end in [(0, bins), (bins, 2 * bins)]
    ]
    squares = [nodes.add("Pow", [half, nodes.constant(numpy.float32(2))]) for half in halves]
    x = nodes.add("Sqrt", [nodes.add("Add", squares)])
    for name, stride in [("conv1", 1), ("conv2", faults.get("stride", 2)), ("conv3", 2), ("conv4", 1)]:
        x = nodes.add("Conv", [x, weights[name + ".weight"], weights[name + ".bias"]], strides=[stride], pads=[1, 1], kernel_shape=[3])
        x = nodes.add("Relu", [x])
    x = nodes.add("Squeeze", [x, nodes.whole(-1)])
    state = [nodes.add("Gather", ["state", nodes.constant(numpy.int64(n))], axis=0) for n in range(2)]
    count = nodes.add("Gather", [nodes.add("Shape", ["state"]), nodes.constant(numpy.int64(0))], axis=0)
    iofc = (0, 3, 1, 2)
    h, c = nodes.add(
        "If", [nodes.add("Cast", [count], to=TensorProto.BOOL)], 2,
        then_branch=cell(prefix + "/rnn", weights, x, state, iofc),
        else_branch=cell(prefix + "/rnn_1", weights, x, [], faults.get("order", iofc)),
    )  # fmt: skip
    states = nodes.add("Concat", [nodes.add("Unsqueeze", [name, nodes.whole(0)]) for name in (h, c)], axis=0)
    x = nodes.add("Relu", [nodes.add("Unsqueeze", [h, nodes.whole(-1)])])
    x = nodes.add("Sigmoid", [nodes.add("Conv", [x, weights["final_conv.weight"], weights["final_conv.bias"]])])
    x = nodes.add("ReduceMean", [nodes.add("Squeeze", [x, nodes.whole(1)])], axes=[1], keepdims=0)
    return nodes.graph([nodes.add("Unsqueeze", [x, nodes.whole(1)]), states])


def published(weights, faults={}):
    nodes = Nodes("top")
    asked = nodes.add("Equal", ["sr", nodes.constant(numpy.int64(faults.get("asked", 16000)))])
    graphs = {rate: branch(f"of-{rate}", kernel, weights[rate], faults) for rate, kernel in RATES.items()}
    p, state = nodes.add("If", [asked], 2, then_branch=graphs[16000], else_branch=graphs[8000])
    inputs = [("input", TensorProto.FLOAT, [None, None]), ("state", TensorProto.FLOAT, [2, None, CELLS]), ("sr", TensorProto.INT64, [])]
    made = helper.make_graph(
        nodes.nodes, "published", [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(p, TensorProto.FLOAT, [None, 1]), helper.make_tensor_value_info(state, TensorProto.FLOAT, [2, None, CELLS])],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)


class Runtime:
    """The graph as its users run it."""

    def __init__(self, model, rate):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.rate, self.state = numpy.array(rate), numpy.zeros((2, 1, CELLS), dtype=numpy.float32)
        self.context = numpy.zeros(rate // 250, dtype=numpy.float32)

    def hear(self, window):
        x = numpy.concatenate([self.context, window.astype(numpy.float32) / 32768])
        self.context = x[-len(self.context) :]
        given = {"input": x[None], "state": self.state, "sr": self.rate}
        probability, self.state = self.session.run(None, given)
        return float(probability.reshape(-1)[0])


def load(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    body = data[8 + length :]
    return {
        name: numpy.frombuffer(body[slice(*place["data_offsets"])], "<f4").reshape(place["shape"])
        for name, place in json.loads(data[8 : 8 + length]).items()
    }


def convert(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def refused(folder, data, reason, *options):
    source, target = folder / "refused.onnx", folder / "refused.safetensors"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    answer = convert(source, target, *options)
    assert answer.returncode == 1 and reason in answer.stderr, f"{reason!r} was expected: {answer}"
    assert str(source) in answer.stderr and answer.stderr.count("\n") == 1 and not target.exists(), answer
    print(f"  refused: {answer.stderr.strip().split(': ', 2)[2]}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    weights = {rate: silero.weights(kernel) for rate, kernel in RATES.items()}
    model = published(weights)
    checker.check_model(model)
    data, source = model.SerializeToString(), folder / "published.onnx"
    source.write_bytes(data)
    for rate, kernel in RATES.items():
        target = folder / f"converted-{rate}.safetensors"
        answer = convert(source, target, "--rate", rate)
        assert answer.returncode == 0, answer.stderr
        found = load(target)
        assert found.keys() == weights[rate].keys(), found.keys()
        for name, tensor in weights[rate].items():
            assert numpy.array_equal(found[name], tensor), f"{rate} Hz: {name} is another tensor"
        reference, runtime = silero.Reference(kernel, found), Runtime(data, rate)
        heard = silero.windows(silero.audio(20 * 2 * kernel * 31), kernel)
        worst = max(abs(reference.hear(window) - runtime.hear(window)) for window in heard)
        assert worst < 1e-4, f"{rate} Hz: probabilities differ by {worst}"
        print(f"{rate} Hz: converted, all tensors equal; {len(heard)} windows within {worst:.1e} of the graph in onnxruntime")
    assert convert(source, folder / "default.safetensors").returncode == 0
    assert (folder / "default.safetensors").read_bytes() == (folder / "converted-8000.safetensors").read_bytes()

    def other(**faults):
        return published(weights, faults).SerializeToString()

    def changed(name, tensor, rate=8000):
        return published({**weights, rate: {**weights[rate], name: tensor}}).SerializeToString()

    eight = weights[8000]
    nowhere = eight["conv3.bias"].copy()
    nowhere[5] = numpy.nan
    refused(folder, b"", "no ONNX file")
    refused(folder, b"PK\x03\x04 an archive", "no ONNX file")
    refused(folder, data[:-1], "truncated")
    refused(folder, data[: len(data) // 2], "truncated")
    refused(folder, silero.graph(128, eight), "input, state and sr were expected")
    refused(folder, other(missing="lstm_cell.bias_hh"), "no tensor `of-8000:lstm_cell.bias_hh`")
    refused(folder, other(missing="conv2.weight"), "no tensor `of-8000:conv2.weight`")
    refused(folder, changed("conv2.weight", eight["conv2.weight"].transpose(1, 0, 2).copy()), "[64, 128, 3] was expected")
    refused(folder, changed("conv1.bias", eight["conv1.bias"].astype(numpy.float64)), "32-bit floats were expected")
    refused(folder, changed("conv3.bias", nowhere), "holds what is no number")
    refused(folder, changed("lstm_cell.weight_hh", eight["lstm_cell.weight_hh"][:384]), "has the shape [1, 384, 128]")
    refused(folder, other(stride=1), "strides is [1]; [2] was expected")
    refused(folder, other(mode="edge"), "mode is edge; reflect was expected")
    refused(folder, other(order=(0, 1, 2, 3)), "another lstm_cell.weight_ih")
    refused(folder, other(asked=8000), "has the filters of 16000")
    refused(folder, other(asked=48000), "8000 or 16000 was expected")
    alone = load_from_string(data)
    inside = next(one.g for one in alone.graph.node[2].attribute if one.name == "then_branch")
    del alone.graph.node[:]
    alone.graph.node.extend(inside.node)
    refused(folder, alone.SerializeToString(), "holds the network for 16000 Hz alone", "--rate", "8000")

    # Whatever the bytes: a reason, and never a trap.
    loader = importlib.machinery.SourceFileLoader("converter", str(SCRIPT))
    sys.dont_write_bytecode = True
    converter = importlib.util.module_from_spec(importlib.util.spec_from_loader("converter", loader))
    loader.exec_module(converter)
    chance, reasons = random.Random(6), 0
    # Where the bytes are that are no weights.
    places = [n for n in range(len(data) - 8) if data[n : n + 8].isascii()]
    for _ in range(400):
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 4)):
            broken[chance.choice(places)] = chance.randrange(256)
        try:
            converter.read(memoryview(bytes(broken)), chance.choice([None, 8000, 16000]))
        except converter.Refused:
            reasons += 1
    print(f"400 files with broken bytes: {reasons} refused, the others converted, none a trap")
    assert reasons > 40, reasons


if __name__ == "__main__":
    main()
