"""Compare: two results side by side, or one that is read in two ways."""

from __future__ import annotations

import streamlit as st

from gmv_core.results.compared.inputs import differences, inputs_sentence, limits, nothing_differs
from ui.compared.beside import WORDS, choose_beside
from ui.compared.exchanged import exchange_section
from ui.compared.two_results import movers_section, quality_section, shares_section, what_differs
from ui.doors import compared
from ui.frame import shell, state
from ui.frame.markdown import safe


def compare() -> None:
    st.title("Compare")
    first = shell.need_run()
    second = choose_beside(first)
    pair = compared.pair(first, second)
    names = first.run.name, second.run.name
    if names[0] == names[1]:
        names = "As read now", WORDS[st.session_state[state.BESIDE_READ]].capitalize()
    if nothing_differs(pair):
        st.info(
            "Nothing differs: the two were made from the same images with the same settings, and "
            "are read alike. Choose another result, or another way to read it.",
            icon=":material/equal:",
        )
        return
    st.markdown(safe(inputs_sentence(pair)))
    for sentence in limits(pair):
        st.caption(safe(sentence))
    what_differs(differences(pair), names)
    shares_section(pair, names)
    exchange_section(pair, names)
    movers_section(pair)
    quality_section(pair, names)


shell.show(compare)
