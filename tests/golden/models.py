"""Whole sequence models against PyTorch, in double: writes transformer.safetensors and hawk.safetensors, which
tests/model/golden.cpp reads.

Run with: python3 models.py. Per model: its parameters, observations (the positions of their ones), actions and targets,
every layer of the residual stream, the loss -sum log p(a_t) - 0.3 sum log p(target_t) and its gradients, and the
parameters after ten steps of AdamW and of Muon on these data.
"""
import functools
import pathlib

import numpy as np
import torch
from reference import *
from safetensors_io import save

LENGTHS = [5, 1, 7, 3]
WIDTH, DEPTH, DIMENSION, ONES, ACTIONS, CLASSES, GROUPS = 8, 2, 9, 3, 4, 5, 2
RATE, STEPS = 1e-2, 10
rows = sum(LENGTHS)


def model(p, observations, norm, mixer):
    """The residual stream at every layer, packed, and the logits of the actions and of the targets."""
    layers = [p["embedding.rows"][observations].sum(1)]
    for l in range(DEPTH):
        block = within(p, f"stack.blocks.{l}")
        layers.append(torch.cat([residual_block(block, sequence, norm, mixer) for sequence in layers[-1].split(LENGTHS)]))
    last = norm(within(p, "norm"), layers[-1])
    return layers, linear(within(p, "action_head"), last), linear(within(p, "target_head"), last)


def orthogonalised(g):
    """Newton and Schulz as in Keller Jordan's Muon; transposing a matrix transposes the result."""
    x = g.T if g.size(0) > g.size(1) else g
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if g.size(0) > g.size(1) else x


def train(p, loss, use_muon):
    """The parameters after STEPS steps; Muon leaves vectors, the embedding, convolutions and relative biases to AdamW."""
    p = {name: value.detach().clone().requires_grad_() for name, value in p.items()}
    muon = [name for name in p if use_muon and p[name].dim() == 2 and not any(word in name for word in ("embedding", "convolution", "relative_bias"))]
    adamw = torch.optim.AdamW([value for name, value in p.items() if name not in muon],
                              lr=RATE * (0.1 if use_muon else 1), betas=(0.9, 0.999), eps=1e-8, weight_decay=0.03)
    momentum = {name: torch.zeros_like(p[name]) for name in muon}
    for _ in range(STEPS):
        for value in p.values():
            value.grad = None
        loss(p).backward()
        adamw.step()
        for name in muon:
            value, g = p[name], p[name].grad
            momentum[name] = 0.95 * momentum[name] + g
            scale = max(1, value.size(1) / value.size(0)) ** 0.5
            with torch.no_grad():
                value.copy_((1 - RATE * 0.03) * value - RATE * scale * orthogonalised(g + 0.95 * momentum[name]))
    return p


def case(name, norm, norm_shapes, mixer, mixer_shapes, **around):
    torch.manual_seed(2)
    block = residual_block_shapes(norm_shapes, mixer_shapes, mlp_shapes(WIDTH, 12, WIDTH))
    shapes = {"embedding.rows": (DIMENSION, WIDTH)}
    for l in range(DEPTH):
        shapes |= prefixed(f"stack.blocks.{l}", block)
    shapes |= prefixed("norm", norm_shapes) | prefixed("action_head", linear_shapes(WIDTH, ACTIONS))
    shapes |= prefixed("target_head", linear_shapes(WIDTH, GROUPS * CLASSES))
    p = parameters(shapes, **around)
    observations = torch.randint(DIMENSION, (rows, ONES))
    actions, targets = torch.randint(ACTIONS, (rows, 1)), torch.randint(CLASSES, (rows, GROUPS))

    def loss(p):
        _, action, target = model(p, observations, norm, mixer)
        return (functional.cross_entropy(action, actions[:, 0], reduction="sum")
                + 0.3 * functional.cross_entropy(target.view(-1, CLASSES), targets.view(-1), reduction="sum"))

    value = loss(p)
    value.backward()
    layers, action, target = model(p, observations, norm, mixer)
    out = as_arrays({f"residual.{l}": layer for l, layer in enumerate(layers)} | {"action_logits": action, "target_logits": target})
    out |= as_arrays({"loss": value[None]} | prefixed("parameter", p) | prefixed("gradient", {path: value.grad for path, value in p.items()}))
    out |= prefixed("adamw", as_arrays(train(p, loss, False))) | prefixed("muon", as_arrays(train(p, loss, True)))
    out |= {path: array.numpy().astype(np.int16) for path, array in {"observations": observations, "actions": actions, "targets": targets}.items()}
    out["offsets"] = np.cumsum([0, *LENGTHS]).astype(np.int32)
    save(pathlib.Path(__file__).with_name(name + ".safetensors"), out)


case("transformer", rms_norm, {"scale": (WIDTH,)},
     functools.partial(attention, heads=2, max_distance=6), attention_shapes(WIDTH, 2, 4))
case("hawk", layer_norm, {"scale": (WIDTH,), "bias": (WIDTH,)},
     hawk_mixer, hawk_mixer_shapes(WIDTH, 6, 3, 2), **{"lambda": -4})
