"""The app: declares the pages. Start it with `make demo`, or `streamlit run app.py`."""

import streamlit as st

st.set_page_config(page_title="Attribution explorer", page_icon="assets/icon.png", layout="wide")
st.navigation([st.Page("pages/start.py", title="Start", icon=":material/home:")]).run()
