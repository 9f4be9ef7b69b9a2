"""All generated images of a result together: how they stand, and what can be done with them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from ui.frame.markdown import safe
from ui.images.stability import offer_stability
from ui.images.standing import summary
from ui.images.value_again import revalue
from ui.widgets.deleting import delete


def whole_result(result: Result, table: pd.DataFrame) -> None:
    """Draw what is below the image in view. table: of `engine.generated_gallery`."""
    st.header("All generated images of this result")
    summary(table, result.manifest.null)
    for sentence in result.manifest.shifts:
        st.warning(safe(sentence))
    offer_stability(result)
    revalue(result)
    delete(
        "run",
        result.run.name,
        f"{result.run.name} and its values are removed, and with them its generated images, unless "
        f"another result uses them. The training set {result.training.name} is kept.",
    )
