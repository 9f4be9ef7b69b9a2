"""Contributors: one generated image beside its closest training images."""

from __future__ import annotations

import streamlit as st

from ui import engine, shell, state
from ui.cards import image_row


def contributors() -> None:
    st.title("Contributors")
    result = shell.need_run()
    key = engine.key(result)
    generated = engine.generated_table(key, result)
    for sentence in result.manifest["shifts"]:
        st.warning(sentence)
    names = generated["generated"].tolist()
    image = st.selectbox("Generated image", names, **state.in_url(state.IMAGE))
    row = names.index(image)
    facts = generated.iloc[row]
    found = engine.contributors(key, result, image)
    tiny = result.training.manifest()["typical"]["side_px"][1] <= 64
    left, right = st.columns([1, 3])
    with left:
        image_row(
            engine.previews(key, result, "generated", (row,)),
            [(image, f"quality {facts['quality']:.3g}")],
            side_px=200,
            tiny=tiny,
        )
        st.caption(
            f"Its quality is shared among {facts['effective_contributors']:.3g} effective "
            f"contributors of {result.settings.k}.",
            help="The number of equally weighted contributors that would share it as evenly.",
        )
    with right:
        image_row(
            engine.previews(key, result, "training", tuple(c.row for c in found)),
            [
                (f"{c.rank}. {c.label or c.training}", f"{c.distance:.3g} away · {c.weight:.0%}"
                 + (f" · {c.owner}" if c.owner else ""))
                for c in found
            ],
            side_px=140,
            tiny=tiny,
        )  # fmt: skip


shell.show(contributors)
