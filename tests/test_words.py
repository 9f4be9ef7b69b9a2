"""Numbers as words."""

from __future__ import annotations

import pytest

from gmv_core.words import hundredths, number


@pytest.mark.parametrize(
    ("value", "word"),
    [(0.12345, "0.123"), (-0.5, "−0.5"), (-1234.5, "−1,234"), (-0.0, "0"), (None, "–"),
     (float("nan"), "–")],
)  # fmt: skip
def test_a_negative_number_has_a_minus_and_no_hyphen(value: float | None, word: str) -> None:
    assert number(value) == word


def test_hundredths_of_either_sign() -> None:
    assert [hundredths(x) for x in (-1.234, 0.001, -0.001)] == ["−1.23", "< 0.01", "> −0.01"]
