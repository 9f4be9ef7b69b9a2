"""Many models of one architecture, trained side by side: what fills a GPU when each is small.

The weights of all lie in one tensor a parameter, (models, …), and `torch.func` runs the module over
them. A model's randomness comes from generators of its own, so what it becomes does not depend on
what is beside it, but for rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from gmv_core.types import Int64


@dataclass(frozen=True)
class Training:
    """rows: the training images that stay. start_seed: of the first weights. seed: of the rest."""

    rows: Int64
    seed: int
    start_seed: int


class Stack:
    """Models side by side: called like one of them, with inputs and outputs (models, …)."""

    def __init__(self, models: Sequence[nn.Module], device: str) -> None:
        weights, _ = stack_module_state(list(models))
        self.weights = {k: w.detach().to(device).requires_grad_() for k, w in weights.items()}
        self.template = copy.deepcopy(models[0]).to("meta")

    @property
    def parameters(self) -> list[Tensor]:
        return list(self.weights.values())

    def __len__(self) -> int:
        return len(self.parameters[0])

    def __call__(self, *inputs: Tensor) -> Tensor:
        def one(weights: dict[str, Tensor], inputs: tuple[Tensor, ...]) -> Tensor:
            return functional_call(self.template, weights, inputs)

        return vmap(one)(self.weights, inputs)

    def shared(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return inputs of one model as those of all, on their device."""
        device = self.parameters[0].device
        return [each.to(device).expand(len(self), *each.shape) for each in inputs]

    @torch.no_grad()
    def clip(self, norm: float) -> None:
        """Scale each model's gradients down to a norm, as `clip_grad_norm_` does for one."""
        gradients = [w.grad for w in self.parameters if w.grad is not None]
        total = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
        scale = (norm / (total + 1e-6)).clamp(max=1)
        for g in gradients:
            g.mul_(scale.view(-1, *[1] * (g.ndim - 1)))


class Rows:
    """The training images of each model and its randomness, on a device."""

    def __init__(self, trainings: Sequence[Training], device: str) -> None:
        self.counts = [len(each.rows) for each in trainings]
        self.table = nn.utils.rnn.pad_sequence(
            [torch.from_numpy(each.rows) for each in trainings], batch_first=True
        ).to(device)
        self.generators = [torch.Generator(device).manual_seed(each.seed) for each in trainings]
        self.device = device

    def normal(self, *shape: int) -> Tensor:
        """Return standard normal numbers, (models, *shape)."""
        return torch.stack([
            torch.randn(shape, generator=g, device=self.device) for g in self.generators
        ])  # fmt: skip

    def uniform(self, *shape: int) -> Tensor:
        """Return numbers in 0…1, (models, *shape)."""
        return torch.stack([
            torch.rand(shape, generator=g, device=self.device) for g in self.generators
        ])  # fmt: skip

    def drawn(self, batch: int) -> Tensor:
        """Return training images with replacement, (models, batch)."""
        counts = torch.tensor(self.counts, device=self.device)[:, None]
        return self.table.gather(1, (self.uniform(batch) * counts).long())

    def shuffled(self, batch: int) -> tuple[Tensor, Tensor]:
        """Return one epoch, (models, steps, batch), and which of them are there, 0 or 1.

        Every model must need the same number of steps.
        """
        width = -(-max(self.counts) // batch) * batch
        order = torch.zeros(len(self.counts), width, dtype=torch.long, device=self.device)
        there = torch.zeros(len(self.counts), width, device=self.device)
        for row, (count, g) in enumerate(zip(self.counts, self.generators, strict=True)):
            order[row, :count] = torch.randperm(count, generator=g, device=self.device)
            there[row, :count] = 1
        rows = self.table.gather(1, order)
        return rows.view(len(rows), -1, batch), there.view(len(rows), -1, batch)
