"""midstream's layers and models in PyTorch, written from their equations and as plainly as possible.

Every function takes a dictionary of parameters, called and shaped as core::visit calls and shapes them (matrices are
inputs x outputs), and one sequence of rows; `within` takes the part of a dictionary that belongs to a member.
"""
import math

import torch
from torch.nn import functional

torch.set_default_dtype(torch.float64)


def within(p, member):
    return {name[len(member) + 1 :]: value for name, value in p.items() if name.startswith(member + ".")}


def linear(p, x):
    return x @ p["weight"] + p["bias"]


def block_diagonal(p, x):
    blocks = [p[f"weight.{head}"] for head in range(sum(name.startswith("weight.") for name in p))]
    return x @ torch.block_diag(*blocks) + p["bias"]


def mlp(p, x):
    return linear(within(p, "second"), functional.relu(linear(within(p, "first"), x)))


def rms_norm(p, x):
    return p["scale"] * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6)


def layer_norm(p, x):
    return functional.layer_norm(x, x.shape[-1:], p["scale"], p["bias"], 1e-5)


def t5_buckets(distance, buckets, max_distance):
    """T5's relative_position_bucket (bidirectional=False) of distances query - key >= 0."""
    exact = buckets // 2
    far = exact + (torch.log(distance.clamp(min=1) / exact) / math.log(max_distance / exact) * (buckets - exact)).long()
    return torch.where(distance < exact, distance, far.clamp(max=buckets - 1))


def attention(p, x, heads, max_distance):
    length, width = x.shape
    query, key, value = (part.view(length, heads, -1).transpose(0, 1) for part in linear(within(p, "projection"), x).split(width, 1))
    distance = torch.arange(length)[:, None] - torch.arange(length)[None, :]
    bias = p["relative_bias"][:, t5_buckets(distance.clamp(min=0), p["relative_bias"].shape[1], max_distance)]
    logits = query @ key.transpose(1, 2) / math.sqrt(width // heads) + bias
    weights = logits.masked_fill(distance < 0, -math.inf).softmax(-1)
    return linear(within(p, "output"), (weights @ value).transpose(0, 1).reshape(length, width))


def causal_convolution(p, x):
    taps, width = p["weight"].shape
    kernel = p["weight"].flip(0).T[:, None, :]  # PyTorch correlates: the last tap meets the present
    return functional.conv1d(functional.pad(x.T[None], (taps - 1, 0)), kernel, p["bias"], groups=width)[0].T


def rg_lru(p, x):
    r = torch.sigmoid(block_diagonal(within(p, "recurrence_gate"), x))
    i = torch.sigmoid(block_diagonal(within(p, "input_gate"), x))
    a = torch.exp(-8 * functional.softplus(p["lambda"]) * r)
    h, rows = torch.zeros(x.shape[1]), []
    for t in range(len(x)):
        h = a[t] * h + torch.sqrt(1 - a[t] ** 2) * (i[t] * x[t])
        rows.append(h)
    return torch.stack(rows)


def hawk_mixer(p, x):
    gate = functional.gelu(linear(within(p, "gate"), x), approximate="tanh")
    through_time = rg_lru(within(p, "recurrence"), causal_convolution(within(p, "convolution"), linear(within(p, "input"), x)))
    return linear(within(p, "output"), gate * through_time)


def gru(p, x):
    """What torch.nn.GRU computes with these weights."""
    weights = [p["input.weight"].T, p["recurrent.weight"].T, p["input.bias"], p["recurrent.bias"]]
    h0 = torch.zeros(1, 1, p["recurrent.weight"].shape[0])
    return torch.gru(x[:, None], h0, weights, True, 1, 0.0, False, False, False)[0][:, 0]


def residual_block(p, x, norm, mixer):
    x = x + mixer(within(p, "mixer.inner"), norm(within(p, "mixer.norm"), x))
    return x + mlp(within(p, "mlp.inner"), norm(within(p, "mlp.norm"), x))


def parameters(shapes, deviation=0.4, **around):
    """Random parameters: those whose name ends in "scale" are around 1, the others around 0 or what `around` says."""
    def centre(name):
        last = name.split(".")[-1]
        return around.get(last, 1.0 if last == "scale" else 0.0)
    return {name: (centre(name) + deviation * torch.randn(shape)).requires_grad_() for name, shape in shapes.items()}


def prefixed(prefix, shapes):
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}


def linear_shapes(inputs, outputs):
    return {"weight": (inputs, outputs), "bias": (outputs,)}


def mlp_shapes(inputs, hidden, outputs):
    return prefixed("first", linear_shapes(inputs, hidden)) | prefixed("second", linear_shapes(hidden, outputs))


def block_diagonal_shapes(width, heads):
    return {f"weight.{head}": (width // heads, width // heads) for head in range(heads)} | {"bias": (width,)}


def attention_shapes(width, heads, buckets):
    return (prefixed("projection", linear_shapes(width, 3 * width)) | prefixed("output", linear_shapes(width, width))
            | {"relative_bias": (heads, buckets)})


def rg_lru_shapes(width, heads):
    gate = block_diagonal_shapes(width, heads)
    return prefixed("recurrence_gate", gate) | prefixed("input_gate", gate) | {"lambda": (width,)}


def hawk_mixer_shapes(width, recurrent, taps, heads):
    branch = linear_shapes(width, recurrent)
    return (prefixed("gate", branch) | prefixed("input", branch)
            | prefixed("convolution", {"weight": (taps, recurrent), "bias": (recurrent,)})
            | prefixed("recurrence", rg_lru_shapes(recurrent, heads)) | prefixed("output", linear_shapes(recurrent, width)))


def gru_shapes(inputs, hidden):
    return prefixed("input", linear_shapes(inputs, 3 * hidden)) | prefixed("recurrent", linear_shapes(hidden, 3 * hidden))


def residual_block_shapes(norm, mixer, mlp):
    return (prefixed("mixer.norm", norm) | prefixed("mixer.inner", mixer)
            | prefixed("mlp.norm", norm) | prefixed("mlp.inner", mlp))


def as_arrays(tensors):
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}
