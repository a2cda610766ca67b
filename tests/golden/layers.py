"""Every layer against PyTorch, in double: writes layers.safetensors, which tests/layer/golden.cpp reads.

Run with: python3 layers.py. Per case: its parameters, a packed input, the output, random weights of the output, and
the gradients of the output's weighted sum with respect to the input and every parameter.
"""
import functools
import pathlib

import numpy as np
import torch
from reference import *
from safetensors_io import save

torch.manual_seed(1)
LENGTHS = [5, 1, 30, 7]  # 30 steps reach the last bucket of the relative bias
offsets = np.cumsum([0, *LENGTHS]).astype(np.int32)
out = {"offsets": offsets}


def case(name, layer, width, parameters):
    x = torch.randn(sum(LENGTHS), width, requires_grad=True)
    y = torch.cat([layer(parameters, sequence) for sequence in x.split(LENGTHS)])
    weights = torch.randn(y.shape)
    (y * weights).sum().backward()
    tensors = {"input": x, "output": y, "weights": weights, "input_gradient": x.grad}
    for path, value in parameters.items():
        tensors["parameter." + path], tensors["gradient." + path] = value, value.grad
    out.update(prefixed(name, as_arrays(tensors)))


case("linear", linear, 5, parameters(linear_shapes(5, 3)))
case("block_diagonal", block_diagonal, 6, parameters(block_diagonal_shapes(6, 3)))
case("rms_norm", rms_norm, 5, parameters({"scale": (5,)}))
case("layer_norm", layer_norm, 5, parameters({"scale": (5,), "bias": (5,)}))
case("mlp", mlp, 4, parameters(mlp_shapes(4, 7, 3)))
case("attention", functools.partial(attention, heads=2, max_distance=20), 6, parameters(attention_shapes(6, 2, 8)))
case("causal_convolution", causal_convolution, 5, parameters({"weight": (4, 5), "bias": (5,)}))
# Decays from quick to nearly none; exp(-8 softplus(-5)) is 0.95.
case("rg_lru", rg_lru, 6, parameters(rg_lru_shapes(6, 2), deviation=1, **{"lambda": -5}))
case("hawk_mixer", hawk_mixer, 5, parameters(hawk_mixer_shapes(5, 6, 4, 3), **{"lambda": -4}))
case("gru", gru, 4, parameters(gru_shapes(4, 3)))
save(pathlib.Path(__file__).with_suffix(".safetensors"), out)
