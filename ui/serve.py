"""Start Streamlit's server such that it asks no other machine; `gmv app` runs this file."""

from __future__ import annotations

from streamlit import net_util
from streamlit.web import cli


def ask_nobody() -> None:
    """Keep the server from looking for its own address on the internet.

    Where a page of another site tries to connect, Streamlit asks a public server by which address
    it is seen there, to hold the site's name against that.
    """
    net_util.get_external_ip = lambda: None
    net_util.get_internal_ip = lambda: None


if __name__ == "__main__":
    ask_nobody()
    cli.main()
