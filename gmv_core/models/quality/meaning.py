"""What a quality metric measures, in words, and where it means little."""

from __future__ import annotations

PHOTOGRAPH_PX = 96  # below it a metric that was trained on photographs sees upscaling, not content
MANIQA_PX = 224


def meaning(metric: str, side_px: int) -> str:
    """Say what q measures. side_px: the typical shorter side of the generated previews."""
    if metric == "none":
        return "No metric was used: every generated image has quality 1."
    if metric == "realism":
        return (
            "Realism is closeness to the training images, not beauty: 1 where an image lies well "
            "inside the region that the training images fill, near 0 where it lies far outside. "
            "It compares embeddings, so it works at any image size."
        )
    told = f"{metric} rates photographs by their looks alone; it has not seen the training images. "
    if side_px < PHOTOGRAPH_PX:
        return (
            f"{told}These images have {side_px} px, and under {PHOTOGRAPH_PX} px its numbers mean "
            "nothing: value them again with the metric realism, or read the values without "
            "weighting."
        )
    if metric == "maniqa" and side_px < MANIQA_PX:
        return (
            f"{told}These images have {side_px} px and are enlarged to the {MANIQA_PX} px that it "
            "needs, so read it as a rough order."
        )
    return f"{told}It sees the stored previews, here {side_px} px on the shorter side."
