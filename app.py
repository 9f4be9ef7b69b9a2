"""The app: start it with `make demo`, or `streamlit run app.py`."""

import streamlit as st

from ui import shell

st.set_page_config(page_title="Attribution explorer", page_icon="assets/icon.png", layout="wide")
shell.frame()
