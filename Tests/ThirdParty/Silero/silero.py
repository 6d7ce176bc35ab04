"""The network of Silero VAD 5 with weights that are made up here: in numpy, and as an ONNX graph.

  silero.py golden FOLDER     what Tests/Stages/SileroVADTests compares with, from ten seconds: golden-16.txt, golden-8.txt
  silero.py proof FOLDER      weights, two minutes of audio, and what numpy and onnxruntime make of them, for the same tests
  silero.py time FOLDER       microseconds that onnxruntime takes for a window, on one thread
"""

import struct
import sys
import time
from pathlib import Path

import numpy

CELLS = 128


def shapes(kernel):
    bins = kernel // 2 + 1
    return {
        "stft_conv.weight": (2 * bins, 1, kernel),
        "conv1.weight": (128, bins, 3), "conv1.bias": (128,),
        "conv2.weight": (64, 128, 3), "conv2.bias": (64,),
        "conv3.weight": (64, 64, 3), "conv3.bias": (64,),
        "conv4.weight": (128, 64, 3), "conv4.bias": (128,),
        "lstm_cell.weight_ih": (512, 128), "lstm_cell.weight_hh": (512, 128),
        "lstm_cell.bias_ih": (512,), "lstm_cell.bias_hh": (512,),
        "final_conv.weight": (1, 128, 1), "final_conv.bias": (1,),
    }  # fmt: skip


# Powers of two: no rounding, in any language. Large enough that the gates are moved through all of their range.
SCALES = {
    "stft_conv.weight": 0.125, "conv1.weight": 0.125, "conv2.weight": 0.125, "conv3.weight": 0.25, "conv4.weight": 0.25,
    "lstm_cell.weight_ih": 0.5, "lstm_cell.weight_hh": 0.25, "final_conv.weight": 0.5,
}  # fmt: skip


class Numbers:
    """A generator that the tests have, too: 24 bits of each step."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) / 2**23 - 1

    def many(self, shape, scale):
        count = int(numpy.prod(shape))
        return numpy.array([self.next() * scale for _ in range(count)], dtype=numpy.float32).reshape(shape)


def weights(kernel):
    numbers = Numbers(kernel)
    return {name: numbers.many(shape, SCALES.get(name, 0.125)) for name, shape in shapes(kernel).items()}


def audio(count):
    """Noise and a buzz that come and go, and silence."""
    numbers = Numbers(7)
    loud = [0, 1, 6, 40, 3, 100, 12, 25]
    samples = []
    for n in range(count):
        noise = int(numbers.next() * 32768)
        buzz = (n * 113 % 16000 - 8000) * 2
        part = n // 4000 % 8
        samples.append(max(-32768, min(32767, buzz * loud[part] // 100 + noise * loud[(part + 3) % 8] // 200)))
    return numpy.array(samples, dtype=numpy.int16)


def save(path, tensors):
    import json

    header, offset, body = {}, 0, b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


class Reference:
    """In double precision."""

    def __init__(self, kernel, tensors):
        self.kernel, self.w = kernel, {name: tensor.astype(numpy.float64) for name, tensor in tensors.items()}
        self.h, self.c, self.context = numpy.zeros(CELLS), numpy.zeros(CELLS), numpy.zeros(kernel // 4)

    def conv(self, x, name, stride):
        """x: channels by columns; a column of zeros on either side; nothing below zero."""
        weight, bias = self.w[name + ".weight"], self.w[name + ".bias"]
        x = numpy.pad(x, ((0, 0), (1, 1)))
        columns = range(0, x.shape[1] - 2, stride)
        out = numpy.stack([numpy.einsum("oik,ik->o", weight, x[:, t : t + 3]) + bias for t in columns], axis=1)
        return numpy.maximum(out, 0)

    def hear(self, window):
        kernel, bins = self.kernel, self.kernel // 2 + 1
        x = numpy.concatenate([self.context, window.astype(numpy.float64) / 32768])
        self.context = x[-(kernel // 4) :]
        x = numpy.pad(x, (0, kernel // 4), mode="reflect")
        hop = kernel // 2
        columns = [x[t : t + kernel] for t in range(0, len(x) - kernel + 1, hop)]
        spectrum = numpy.stack([self.w["stft_conv.weight"][:, 0, :] @ column for column in columns], axis=1)
        x = numpy.sqrt(spectrum[:bins] ** 2 + spectrum[bins:] ** 2)
        for name, stride in [("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)]:
            x = self.conv(x, name, stride)
        gates = (
            self.w["lstm_cell.weight_ih"] @ x[:, 0] + self.w["lstm_cell.bias_ih"]
            + self.w["lstm_cell.weight_hh"] @ self.h + self.w["lstm_cell.bias_hh"]
        )  # fmt: skip
        i, f, g, o = numpy.split(gates, 4)
        self.c = sigmoid(f) * self.c + sigmoid(i) * numpy.tanh(g)
        self.h = sigmoid(o) * numpy.tanh(self.c)
        final = self.w["final_conv.weight"][0, :, 0] @ numpy.maximum(self.h, 0) + self.w["final_conv.bias"][0]
        return sigmoid(final)


def graph(kernel, tensors):
    """The same layers as nodes, built for themselves: what is mirrored, convolved and gated is onnxruntime's arithmetic."""
    from onnx import TensorProto, checker, helper, numpy_helper

    bins, length = kernel // 2 + 1, 9 * kernel // 4
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(numpy.asarray(value), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    for name, tensor in tensors.items():
        constant(name, tensor)
    x = node("Pad", ["input", constant("mirrored", numpy.array([0, 0, 0, kernel // 4], dtype=numpy.int64))], "padded", mode="reflect")
    x = node("Reshape", [x, constant("line", numpy.array([1, 1, length + kernel // 4], dtype=numpy.int64))], "line_of_samples")
    x = node("Conv", [x, "stft_conv.weight"], "spectrum", strides=[kernel // 2])
    halves = constant("halves", numpy.array([bins, bins], dtype=numpy.int64))
    nodes.append(helper.make_node("Split", [x, halves], ["re", "im"], axis=1))
    x = node("Sqrt", [node("Add", [node("Mul", ["re", "re"], "re2"), node("Mul", ["im", "im"], "im2")], "power")], "magnitude")
    for name, stride in [("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)]:
        x = node("Conv", [x, f"{name}.weight", f"{name}.bias"], name, strides=[stride], pads=[1, 1])
        x = node("Relu", [x], name + "_relu")
    x = node("Reshape", [x, constant("step", numpy.array([1, 1, CELLS], dtype=numpy.int64))], "encoded")

    # PyTorch's order of gates is input, forget, cell, output; ONNX's is input, output, forget, cell.
    def turned(tensor):
        i, f, g, o = numpy.split(tensor, 4)
        return numpy.concatenate([i, o, f, g])

    w = constant("W", turned(tensors["lstm_cell.weight_ih"])[None])
    r = constant("R", turned(tensors["lstm_cell.weight_hh"])[None])
    b = constant("B", numpy.concatenate([turned(tensors["lstm_cell.bias_ih"]), turned(tensors["lstm_cell.bias_hh"])])[None])
    nodes.append(helper.make_node("LSTM", [x, w, r, b, "", "h", "c"], ["", "h_out", "c_out"], hidden_size=CELLS))
    x = node("Reshape", ["h_out", constant("column", numpy.array([1, CELLS, 1], dtype=numpy.int64))], "hidden")
    x = node("Conv", [node("Relu", [x], "shown"), "final_conv.weight", "final_conv.bias"], "final")
    node("Sigmoid", [x], "probability")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    state = [1, 1, CELLS]
    made = helper.make_graph(
        nodes, "silero", [value("input", [1, length]), value("h", state), value("c", state)],
        [value("probability", [1, 1, 1]), value("h_out", state), value("c_out", state)], constants,
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()


class Runtime:
    def __init__(self, kernel, tensors):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(graph(kernel, tensors), options, providers=["CPUExecutionProvider"])
        self.h = numpy.zeros((1, 1, CELLS), dtype=numpy.float32)
        self.c, self.context = self.h.copy(), numpy.zeros(kernel // 4, dtype=numpy.float32)

    def hear(self, window):
        x = numpy.concatenate([self.context, window.astype(numpy.float32) / 32768])
        self.context = x[-len(self.context) :]
        probability, self.h, self.c = self.session.run(None, {"input": x[None], "h": self.h, "c": self.c})
        return float(probability[0, 0, 0])


def windows(samples, kernel):
    size = 2 * kernel
    return [samples[n : n + size] for n in range(0, len(samples) - size + 1, size)]


def write(path, probabilities):
    path.write_text("".join(f"{p:.7f}\n" for p in probabilities))


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("golden", "proof", "time"):
        sys.exit(__doc__)
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for kernel, name in [(256, "16"), (128, "8")]:
        tensors = weights(kernel)
        seconds = 120 if sys.argv[1] == "proof" else 10
        samples = audio(seconds * 31 * 2 * kernel)
        heard = windows(samples, kernel)
        if sys.argv[1] == "golden":
            reference = Reference(kernel, tensors)
            write(folder / f"golden-{name}.txt", [reference.hear(window) for window in heard])
        elif sys.argv[1] == "proof":
            save(folder / f"weights-{name}.safetensors", tensors)
            (folder / f"audio-{name}.pcm").write_bytes(samples.astype("<i2").tobytes())
            reference, runtime = Reference(kernel, tensors), Runtime(kernel, tensors)
            ours, theirs = [reference.hear(w) for w in heard], [runtime.hear(w) for w in heard]
            write(folder / f"numpy-{name}.txt", ours)
            write(folder / f"onnx-{name}.txt", theirs)
            worst = max(abs(a - b) for a, b in zip(ours, theirs))
            print(f"{name} kHz: {len(heard)} windows, numpy and onnxruntime differ by {worst:.1e} at most")
        else:
            save(folder / f"weights-{name}.safetensors", tensors)
            runtime = Runtime(kernel, tensors)
            for window in heard[:100]:
                runtime.hear(window)
            taken = []
            for window in heard * 10:
                began = time.perf_counter_ns()
                runtime.hear(window)
                taken.append(time.perf_counter_ns() - began)
            print(f"{name} {sorted(taken)[len(taken) // 2] / 1000:.1f}")


if __name__ == "__main__":
    main()
