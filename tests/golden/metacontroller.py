"""The metacontroller against PyTorch, in double: writes metacontroller.safetensors, which tests/control/golden.cpp reads.

Run with: python3 metacontroller.py. Written from D.2 of the paper, one step at a time and with every controller
formed as a matrix. Per case: parameters, the residual stream at the layers read and written, codes, gates, divergences,
the steered layer, and the gradients of sum(weights * steered) + 0.3 KL with respect to everything.
"""
import pathlib

import numpy as np
import torch
from random_numbers import Random
from reference import *
from safetensors_io import save

LENGTHS = [5, 1, 7, 3]
WIDTH, CODE, HISTORY, EMBEDDING, ENCODER, DECODER, SWITCH, RANK = 8, 3, 4, 5, 6, 4, 5, 2
ALPHA, SEED = 0.3, 11
out = {"offsets": np.cumsum([0, *LENGTHS]).astype(np.int32)}


def future(p, e, every_step):
    """s_t for every step: one vector of the whole sequence, or of what is left of it."""
    if every_step:
        e = e.flip(0)
    x = linear(within(p, "map"), residual_block(within(p, "stack.blocks.0"), e, rms_norm, hawk_mixer))
    return x.flip(0) if every_step else x[-1].expand(len(x), -1)


def log_variance(raw):
    """Softly bounded to [-10, 2]."""
    return -10 + functional.softplus(2 - functional.softplus(2 - raw) + 10)


def controller(p, z):
    """U of e^ = e + e U: the hypernetwork's last layer is linear in (1, its hidden units)."""
    c = torch.cat([torch.ones(1), torch.tanh(linear(within(p, "decoder_hidden"), z))])
    if "bank.maps" in p:
        return torch.einsum("k,ikj->ij", c, p["bank.maps"].view(WIDTH, len(c), WIDTH))
    down = torch.einsum("k,ikr->ir", c, p["bank.down"].view(WIDTH, len(c), RANK))
    return down @ torch.einsum("k,krj->rj", c, p["bank.up"].view(len(c), RANK, WIDTH))


def metacontroller(p, e_read, e_write, stream, every_step, first_gate_open):
    """Steered rows, codes, gates and divergences of one sequence."""
    s, histories = future(within(p, "future"), e_read, every_step), gru(within(p, "history"), e_read)
    h, z, rows = torch.zeros(HISTORY), torch.zeros(CODE), []
    for t in range(len(e_read)):
        mean, raw = mlp(within(p, "encoder"), torch.cat([e_read[t], h, s[t]])).split(CODE)
        deviation = torch.exp(log_variance(raw) / 2)
        proposal = mean + deviation * torch.tensor([stream.normal() for _ in range(CODE)])
        divergence = (mean**2 + deviation**2 - 1 - 2 * torch.log(deviation)).sum(0, keepdim=True) / 2
        switch = torch.relu(linear(within(p, "switch_past"), torch.cat([e_read[t], h])) + z @ p["switch_code"])
        beta = torch.sigmoid(linear(within(p, "switch_output"), switch))
        if t == 0 and first_gate_open:
            beta = torch.ones(1)
        z = beta * proposal + (1 - beta) * z
        rows.append((e_write[t] + e_write[t] @ controller(p, z), z, beta, divergence))
        h = histories[t]
    return [torch.stack(column) for column in zip(*rows)]


def case(name, bank, every_step, first_gate_open, weigh_divergence):
    torch.manual_seed(3)
    block = residual_block_shapes({"scale": (WIDTH,)}, hawk_mixer_shapes(WIDTH, WIDTH, 4, 1), mlp_shapes(WIDTH, 2 * WIDTH, WIDTH))
    shapes = prefixed("future.stack.blocks.0", block) | prefixed("future.map", linear_shapes(WIDTH, EMBEDDING))
    shapes |= prefixed("history", gru_shapes(WIDTH, HISTORY))
    shapes |= prefixed("encoder", mlp_shapes(WIDTH + HISTORY + EMBEDDING, ENCODER, 2 * CODE))
    shapes |= prefixed("switch_past", linear_shapes(WIDTH + HISTORY, SWITCH)) | {"switch_code": (CODE, SWITCH)}
    shapes |= prefixed("switch_output", linear_shapes(SWITCH, 1)) | prefixed("decoder_hidden", linear_shapes(CODE, DECODER))
    shapes |= prefixed("bank", bank)
    p = parameters(shapes, **{"lambda": -4})
    e_read, e_write = (torch.randn(sum(LENGTHS), WIDTH, requires_grad=True) for _ in range(2))
    sequences = [metacontroller(p, read, write, Random(SEED).fork(s), every_step, first_gate_open)
                 for s, (read, write) in enumerate(zip(e_read.split(LENGTHS), e_write.split(LENGTHS)))]
    steered, codes, gates, divergences = (torch.cat(parts) for parts in zip(*sequences))
    weights = torch.randn(steered.shape)
    ((weights * steered).sum() + ALPHA * (divergences * (gates if weigh_divergence else 1)).sum()).backward()
    tensors = {"read": e_read, "write": e_write, "weights": weights, "steered": steered, "codes": codes, "gates": gates,
               "divergences": divergences, "read_gradient": e_read.grad, "write_gradient": e_write.grad}
    tensors |= prefixed("parameter", p) | prefixed("gradient", {path: value.grad for path, value in p.items()})
    out.update(prefixed(name, as_arrays(tensors)))


low_rank = {"down": (WIDTH, (DECODER + 1) * RANK), "up": ((DECODER + 1) * RANK, WIDTH)}
case("low_rank", low_rank, every_step=False, first_gate_open=True, weigh_divergence=False)
case("full_linear", {"maps": (WIDTH, (DECODER + 1) * WIDTH)}, every_step=True, first_gate_open=False, weigh_divergence=True)
save(pathlib.Path(__file__).with_suffix(".safetensors"), out)
