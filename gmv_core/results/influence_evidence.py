"""How far predicted influence agreed with generators that were trained again: docs/influence.md.

The one place of these figures in the program; a test holds that the page of the docs has them. A
score is the linear datamodeling score (Park et al. 2023, arXiv 2303.14186): over random halves of
the training set, the rank correlation of what is predicted with what the generator trained on that
half makes of a generated image.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

OURS, PIXELS = "predicted influence", "pixel distance of all n"


@dataclass(frozen=True)
class Setting:
    """One generator that was trained again.

    name: generator and data. grey: of the data. retrained: how often. highest: the score that
    another seed of the same halves leads one to expect, at best. scores: by method, the score with
    the ends of its 95 % interval; OURS and PIXELS are among them.
    """

    name: str
    grey: bool
    retrained: str
    highest: str
    scores: dict[str, tuple[float, float, float]]


SETTINGS = (
    Setting(
        "β-VAE on Fashion-MNIST", True,
        "1,000 training images, 100 generated, 128 halves, 8 seeds", "0.905",
        {
            OURS: (0.442, 0.403, 0.482),
            PIXELS: (0.180, 0.139, 0.220),
            "same class, no image looked at": (0.130, 0.087, 0.172),
            "the paper's credit": (0.105, 0.069, 0.141),
            "TRAK, 5 models": (0.098, 0.062, 0.132),
            "VAE-TracIn": (0.088, 0.053, 0.127),
        },
    ),
    Setting(
        "β-VAE on CIFAR-10", False,
        "1,000 training images in colour, 100 generated, 64 halves, 2 seeds", "0.80",
        {
            OURS: (0.450, 0.403, 0.492),
            PIXELS: (0.078, 0.013, 0.148),
            "same class, no image looked at": (0.044, -0.001, 0.083),
            "pixel distance, k = 10": (0.011, -0.042, 0.066),
        },
    ),
)  # fmt: skip
SUMMED = (
    "Summed over a whole set of generated images, it predicted which training images are better "
    "for them no better than pixel distance did."
)
OWNERS = (
    "Where a generator was trained again without each of 40 owners, the order of the predicted "
    "changes was hardly the order of the measured ones: 0.225, −0.094 to 0.494, of at most 0.771."
)


def nearest_setting(*, grey: bool) -> Setting:
    """Return the setting whose images are most like those of a training set: grey, or in colour."""
    return next(one for one in SETTINGS if one.grey == grey)


def agreement() -> str:
    """Say how far it agreed with all generators that were trained again, and pixel distance did."""
    ours = [f"{one.scores[OURS][0]:.3f} of {one.highest} ({one.name})" for one in SETTINGS]
    pixels = [f"{one.scores[PIXELS][0]:.3f}" for one in SETTINGS]
    return (
        "On the generators that were trained again it agreed with the truth at "
        f"{' and '.join(ours)}; pixel distance at {' and '.join(pixels)}."
    )


def score_rows(setting: Setting) -> pd.DataFrame:
    """Return one row a method, the best first: method, score, low, high."""
    rows = [(method, *score) for method, score in setting.scores.items()]
    return pd.DataFrame(rows, columns=["method", "score", "low", "high"])
