"""What the gradients of a rectified flow are of: its training loss (TRAK), or D-TRAK's output.

D-TRAK (Zheng et al., ICLR 2024) takes the squared output of the network in the place of its loss,
for training and generated images alike; of a flow that is the squared velocity. Means over LEVELS
levels of noise, the quantiles of the t that training draws, with a draw each: all of an image are
one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.kit.data import Images
from benchmarks.truth.generators.flow import (
    LOGIT_MEAN,
    Draws,
    centred,
    image_losses,
    velocity_squares,
)
from benchmarks.truth.gradients.products import Means

LEVELS = 8
Output = Callable[[nn.Module, Tensor, Tensor, Draws], Tensor]  # of a batch (b,)


def means_of(output: Output) -> Means:
    """Return what gives each image's mean output."""

    def means(model: nn.Module, images: Images, seed: int) -> Iterator[Tensor]:
        x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
        generator = torch.Generator().manual_seed(seed)
        levels = torch.special.ndtri((torch.arange(LEVELS) + 0.5) / LEVELS)
        t, free = torch.sigmoid(LOGIT_MEAN + levels), torch.zeros(LEVELS, dtype=torch.bool)
        for one, c in zip(x, classes, strict=True):
            noise = torch.randn(LEVELS, *one.shape, generator=generator)
            some = one.expand(LEVELS, -1, -1, -1)
            with torch.autocast("cpu", torch.bfloat16):
                mean = output(model, some, c.expand(LEVELS), Draws(t, noise, free)).mean()
            yield mean

    return means


OUTPUTS: dict[str, Means] = {"TRAK": means_of(image_losses), "D-TRAK": means_of(velocity_squares)}
