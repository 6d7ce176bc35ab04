"""The network and its gradient, by hand: log bands -> dense 48, tanh -> gated recurrent unit of 64 -> dense 24, tanh -> one
logit.

The recurrent unit, with x the input and h its state (Cho et al. 2014, with the reset applied after the product, as cuDNN
and PyTorch do): r = s(Wr x + Ur h + br), z = s(Wz x + Uz h + bz), n = tanh(Wn x + bn + r * (Un h + cn)), h' = n + z * (h - n).
"""
import numpy as np

from features import BANDS

INNER, STATE, HEAD = 48, 64, 24


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def initial(seed):
    chance = np.random.default_rng(seed)

    def matrix(rows, columns):
        return (chance.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    zeros = lambda count: np.zeros(count, np.float32)
    return {
        "input": matrix(INNER, BANDS), "input_bias": zeros(INNER),
        "gates": matrix(3 * STATE, INNER), "gates_bias": zeros(3 * STATE),
        "state": matrix(3 * STATE, STATE), "state_bias": zeros(STATE),
        "head": matrix(HEAD, STATE), "head_bias": zeros(HEAD),
        "output": matrix(1, HEAD), "output_bias": zeros(1),
    }


def forward(p, x, h):
    """x [time, batch, BANDS], normalised; h [batch, STATE] -> logits [time, batch], and what `backward` needs."""
    a = np.tanh(x @ p["input"].T + p["input_bias"])
    g = a @ p["gates"].T + p["gates_bias"]
    states, kept = [h], []
    for t in range(len(x)):
        u = h @ p["state"].T
        rz = sigmoid(g[t, :, : 2 * STATE] + u[:, : 2 * STATE])
        r, z = rz[:, :STATE], rz[:, STATE:]
        un = u[:, 2 * STATE :] + p["state_bias"]
        n = np.tanh(g[t, :, 2 * STATE :] + r * un)
        h = n + z * (h - n)
        states.append(h)
        kept.append((r, z, un, n))
    hs = np.stack(states)
    e = np.tanh(hs[1:] @ p["head"].T + p["head_bias"])
    logits = (e @ p["output"].T + p["output_bias"])[..., 0]
    return logits, (x, a, hs, kept, e)


def backward(p, saved, d_logits):
    x, a, hs, kept, e = saved
    flat = lambda m: m.reshape(-1, m.shape[-1])
    d_out = d_logits[..., None]
    d_e = (d_out @ p["output"]) * (1 - e**2)
    grads = {
        "output": flat(d_out).T @ flat(e), "output_bias": flat(d_out).sum(0),
        "head": flat(d_e).T @ flat(hs[1:]), "head_bias": flat(d_e).sum(0),
    }
    d_hs = d_e @ p["head"]
    d_g = np.empty((*a.shape[:2], 3 * STATE), np.float32)
    d_u = np.empty_like(d_g)
    d_h = np.zeros_like(hs[0])
    for t in range(len(x) - 1, -1, -1):
        r, z, un, n = kept[t]
        d_h = d_h + d_hs[t]
        d_n = d_h * (1 - z) * (1 - n**2)
        d_z = d_h * (hs[t] - n) * z * (1 - z)
        d_r = d_n * un * r * (1 - r)
        d_g[t, :, :STATE], d_g[t, :, STATE : 2 * STATE], d_g[t, :, 2 * STATE :] = d_r, d_z, d_n
        d_u[t] = d_g[t]
        d_u[t, :, 2 * STATE :] = d_n * r
        d_h = d_h * z + d_u[t] @ p["state"]
    grads["gates"], grads["gates_bias"] = flat(d_g).T @ flat(a), flat(d_g).sum(0)
    grads["state"], grads["state_bias"] = flat(d_u).T @ flat(hs[:-1]), flat(d_u)[:, 2 * STATE :].sum(0)
    d_a = (d_g @ p["gates"]) * (1 - a**2)
    grads["input"], grads["input_bias"] = flat(d_a).T @ flat(x), flat(d_a).sum(0)
    return grads


def loss(logits, targets):
    """Mean cross entropy, and its gradient."""
    value = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return value.mean(), ((sigmoid(logits) - targets) / logits.size).astype(np.float32)


def rounded(p):
    """As it is shipped: matrices in 8 bits, each row with a scale of its own; biases stay."""
    result = {}
    for name, value in p.items():
        if value.ndim == 2:
            scale = np.maximum(np.abs(value).max(1, keepdims=True), 1e-9) / np.float32(127)
            value = np.clip(np.round(value / scale), -127, 127).astype(np.float32) * scale.astype(np.float32)
        result[name] = value
    return result


class Adam:
    def __init__(self, p):
        self.steps = 0
        self.mean = {k: np.zeros_like(v) for k, v in p.items()}
        self.square = {k: np.zeros_like(v) for k, v in p.items()}

    def apply(self, p, grads, rate):
        self.steps += 1
        norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
        shrink = min(1, 1 / max(norm, 1e-9))
        for k, g in grads.items():
            g = g * shrink
            self.mean[k] += 0.1 * (g - self.mean[k])
            self.square[k] += 0.002 * (g**2 - self.square[k])
            mean = self.mean[k] / (1 - 0.9**self.steps)
            square = self.square[k] / (1 - 0.998**self.steps)
            p[k] -= rate * mean / (np.sqrt(square) + 1e-8)


def check_gradient():
    """The gradient by hand against differences, in double precision."""
    chance = np.random.default_rng(1)
    p = {k: v.astype(float) + 0.1 * chance.standard_normal(v.shape) for k, v in initial(2).items()}
    x, h = chance.standard_normal((7, 3, BANDS)), chance.standard_normal((3, STATE)) * 0.3
    y = (chance.random((7, 3)) < 0.5).astype(float)
    logits, saved = forward(p, x, h)
    grads = backward(p, saved, (sigmoid(logits) - y) / logits.size)
    for name, value in p.items():
        for _ in range(5):
            place = tuple(chance.integers(0, s) for s in value.shape)
            old = value[place]
            sides = []
            for step in (1e-5, -1e-5):
                value[place] = old + step
                sides.append(loss(forward(p, x, h)[0], y)[0])
            value[place] = old
            wanted, got = (sides[0] - sides[1]) / 2e-5, grads[name][place]
            assert abs(wanted - got) < 1e-4 * max(abs(wanted), 1e-2), (name, place, wanted, got)


if __name__ == "__main__":
    check_gradient()
    print("network: the gradient by hand is that by differences;", sum(v.size for v in initial(0).values()), "parameters")
