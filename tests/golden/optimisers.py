"""Ten steps of AdamW (PyTorch's own) and of Muon (from its definition) in double: writes optimisers.safetensors.

Run with: python3 optimisers.py. Matrices are stored inputs x outputs as in midstream; Muon is written, as in Keller
Jordan's code, for PyTorch's outputs x inputs, so the test also checks that nothing got transposed on the way.
"""
import pathlib

import torch
from safetensors_io import save

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
STEPS, RATES = 10, [1e-2 * (1 - 0.05 * step) for step in range(10)]
SHAPES = {"tall": (6, 4), "wide": (3, 5), "vector": (5,)}
start = {name: torch.randn(shape) for name, shape in SHAPES.items()}
# The gradients' scale differs between steps and tensors, and some entries are exactly zero.
gradients = {
    name: torch.randn((STEPS, *shape)) * torch.logspace(-3, 1, STEPS).reshape(-1, *[1] * len(shape))
    for name, shape in SHAPES.items()
}
gradients["vector"][:, 2] = 0


def adamw(names, rates, **options):
    """The parameters after every step."""
    parameters = {name: start[name].clone().requires_grad_() for name in names}
    decayed = [p for p in parameters.values() if p.dim() == 2 or not options.get("matrices_only")]
    kept = [p for p in parameters.values() if not any(p is d for d in decayed)]
    groups = [{"params": decayed}] + ([{"params": kept, "weight_decay": 0.0}] if kept else [])
    optimiser = torch.optim.AdamW(groups, lr=1, betas=options.get("betas", (0.9, 0.999)), eps=1e-8, weight_decay=options.get("weight_decay", 0.03))
    history = {name: [] for name in names}
    for step, rate in enumerate(rates):
        for name in names:
            parameters[name].grad = gradients[name][step].clone()
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        for name in names:
            history[name].append(parameters[name].detach().clone())
    return {name: torch.stack(values) for name, values in history.items()}


def newton_schulz(g):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.T if g.size(0) > g.size(1) else g
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if g.size(0) > g.size(1) else x


def muon(name, momentum=0.95, weight_decay=0.03):
    """The parameters after every step, for a weight of outputs x inputs."""
    weight, buffer, history = start[name].T.clone(), torch.zeros_like(start[name].T), []
    for step, rate in enumerate(RATES):
        g = gradients[name][step].T
        buffer = momentum * buffer + g
        update = newton_schulz(g + momentum * buffer) * max(1, weight.size(0) / weight.size(1)) ** 0.5
        weight = (1 - rate * weight_decay) * weight - rate * update
        history.append(weight.T.clone())
    return torch.stack(history)


out = {"rates": torch.tensor(RATES)}
for name in SHAPES:
    out["start." + name] = start[name]
    out["gradient." + name] = gradients[name]
for name, values in adamw(SHAPES, RATES).items():
    out["adamw." + name] = values
for name, values in adamw(SHAPES, RATES, matrices_only=True, betas=(0.8, 0.99), weight_decay=0.5).items():
    out["matrices." + name] = values
out["muon.tall"], out["muon.wide"] = muon("tall"), muon("wide")
out["muon.vector"] = adamw(["vector"], [0.1 * rate for rate in RATES])["vector"]
save(pathlib.Path(__file__).with_suffix(".safetensors"), {name: value.numpy() for name, value in out.items()})
