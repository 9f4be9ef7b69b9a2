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

    name: generator and data. grey: of the data. fine: whether what it generates has the fine detail
    of its training images. retrained: how often. highest: the score that another seed of the same
    halves leads one to expect, at best. scores: by method, the score with the ends of its 95 %
    interval; OURS and PIXELS are among them.
    """

    name: str
    grey: bool
    fine: bool
    retrained: str
    highest: str
    scores: dict[str, tuple[float, float, float]]


KERNEL, CREDIT = "Gaussian kernel over the class", "the paper's credit"
NEAREST, LABEL = "pixel distance, k = 10", "same class, no image looked at"
PATCHES = "patch posterior"
TRACIN, TRAK, DTRAK = (f"{name}, which needs the model" for name in ("TracIn", "TRAK", "D-TRAK"))
SETTINGS = (
    Setting(
        "β-VAE on Fashion-MNIST", True, False,
        "1,000 training images, 100 generated, 128 halves, 8 seeds", "0.904",
        {
            OURS: (0.451, 0.411, 0.488),
            TRAK: (0.260, 0.224, 0.296),
            KERNEL: (0.229, 0.187, 0.268),
            PIXELS: (0.165, 0.123, 0.206),
            TRACIN: (0.149, 0.113, 0.186),
            NEAREST: (0.138, 0.102, 0.176),
            LABEL: (0.126, 0.087, 0.167),
            CREDIT: (0.106, 0.069, 0.145),
            PATCHES: (0.059, 0.025, 0.092),
        },
    ),
    Setting(
        "β-VAE on CIFAR-10", False, False,
        "1,000 training images in colour, 100 generated, 128 halves, 8 seeds", "0.912",
        {
            OURS: (0.569, 0.537, 0.600),
            TRAK: (0.249, 0.212, 0.285),
            KERNEL: (0.135, 0.100, 0.172),
            PIXELS: (0.094, 0.052, 0.138),
            LABEL: (0.055, 0.020, 0.088),
            CREDIT: (0.027, -0.011, 0.062),
            NEAREST: (0.026, -0.013, 0.061),
            PATCHES: (0.018, -0.018, 0.051),
            TRACIN: (-0.023, -0.071, 0.027),
        },
    ),
    Setting(
        "rectified flow on Fashion-MNIST", True, True,
        "1,000 training images, 100 generated, 128 halves, 2 seeds", "0.821",
        {
            OURS: (0.547, 0.511, 0.580),
            KERNEL: (0.478, 0.438, 0.515),
            DTRAK: (0.455, 0.418, 0.490),
            TRAK: (0.427, 0.394, 0.455),
            NEAREST: (0.338, 0.295, 0.377),
            CREDIT: (0.212, 0.170, 0.255),
            PATCHES: (0.205, 0.166, 0.244),
            PIXELS: (0.195, 0.154, 0.233),
            LABEL: (0.156, 0.119, 0.197),
            TRACIN: (0.073, 0.034, 0.112),
        },
    ),
    Setting(
        "rectified flow on CIFAR-10", False, True,
        "1,000 training images in colour, 100 generated, 128 halves, 2 seeds", "0.731",
        {
            DTRAK: (0.415, 0.381, 0.445),
            TRAK: (0.374, 0.344, 0.402),
            OURS: (0.277, 0.243, 0.308),
            KERNEL: (0.216, 0.170, 0.258),
            PIXELS: (0.140, 0.097, 0.178),
            LABEL: (0.117, 0.081, 0.152),
            PATCHES: (0.110, 0.075, 0.143),
            NEAREST: (0.076, 0.034, 0.112),
            TRACIN: (0.067, 0.021, 0.114),
            CREDIT: (0.042, 0.008, 0.076),
        },
    ),
)  # fmt: skip
# In words, for a screen; the figures behind each stand below.
TRUST = (
    "Checked on four generators that were trained again, it predicted better than pixel distance, "
    "but far from perfectly."
)
SUMMED_TRUST = (
    "Over a whole set of generated images the prediction says less than at one image: of four "
    "generators that were trained again, its order was partly right on two, weakly on one, and on "
    "one not at all. Take the two lists below as a hint."
)
OWNERS_TRUST = (
    "Checked on a VAE that was trained again without each of 40 owners, the order was weakly right."
)
SUMMED = (
    "Summed over a whole set of generated images it says less: 0.339 and −0.035 on the two VAEs, "
    "0.420 and 0.213 on the two flows; pixel distance 0.318, 0.171, −0.167 and 0.013."
)
OWNERS = (
    "Where a VAE was trained again without each of 40 owners, the order of the predicted changes "
    "was weakly that of the measured ones: 0.332, 0.008 to 0.598, of at most 0.773."
)


def nearest_setting(*, grey: bool, detail: float | None) -> Setting:
    """Return the setting most like a run: grey or in colour, with fine detail or without.

    detail: 0…1, of the generated images, see method/scales.py; None counts as fine.
    """
    fine = detail is None or detail > 0.5
    return next(one for one in SETTINGS if (one.grey, one.fine) == (grey, fine))


def agreement() -> str:
    """Say how far it agreed with all generators that were trained again, and pixel distance did."""
    ours = [f"{one.scores[OURS][0]:.3f} of {one.highest} ({one.name})" for one in SETTINGS]
    pixels = [f"{one.scores[PIXELS][0]:.3f}" for one in SETTINGS]
    return (
        "On the generators that were trained again it agreed with the truth at "
        f"{', '.join(ours)}; pixel distance at {', '.join(pixels)}."
    )


def score_rows(setting: Setting) -> pd.DataFrame:
    """Return one row a method, the best first: method, score, low, high."""
    rows = [(method, *score) for method, score in setting.scores.items()]
    return pd.DataFrame(rows, columns=["method", "score", "low", "high"])
