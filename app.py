"""The app: start it with `make demo`, or `streamlit run app.py`."""

from ui.frame import shell

shell.frame()
