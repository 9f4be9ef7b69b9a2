"""The door: who is let in, and what each may do, where `.streamlit/secrets.toml` names a provider.

Streamlit's own login (OpenID Connect) tells who a visitor is; the section [access] of the same file
says who of them may come in. Without the section [auth] there is no login and nothing to ask.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import StreamlitSecretNotFoundError

from gmv_core.errors import AccessError
from gmv_core.store import access
from gmv_core.store.access import Right
from gmv_core.words import PRODUCT
from ui.frame.markdown import plain

ROLES = {"editors": Right.EDIT, "reviewers": Right.REVIEW, "viewers": Right.BRING}
KEYS = {*ROLES, "claim", "unverified", "hours"}
HOURS = 12.0  # after which a visitor is asked to log in again
DOCS = "docs/deploy.md says how"


def secrets(section: str) -> Mapping[str, Any] | None:
    """Return a section of the secrets, None where there is none.

    Raises AccessError for secrets that cannot be read: an open door must not come of a slip.
    """
    try:
        found: Mapping[str, Any] | None = st.secrets.get(section)
    except StreamlitSecretNotFoundError as error:
        files: list[str] = config.get_option("secrets.files")
        if not any(Path(file).exists() for file in files):
            return None
        raise AccessError(
            "The file .streamlit/secrets.toml cannot be read, so nobody is let in; mend its TOML "
            f"({DOCS})."
        ) from error
    if found is not None and not isinstance(found, Mapping):
        raise AccessError(f"[{section}] in secrets.toml must be a section ({DOCS}).")
    return found


def role(user: Mapping[str, Any], rules: Mapping[str, Any], now: float) -> Right | None:
    """Return what someone who is logged in may do, None where they are not let in.

    user: the claims of the identity token. rules: the section [access]: "editors", "reviewers" and
    "viewers" are lists of addresses, or of patterns as "*@museum.example"; "claim" names another
    claim to look up than the address; "unverified = true" takes addresses that the provider has
    not verified. now: seconds since 1970. Raises AccessError for rules that say anything else.
    """
    unknown = set(rules) - KEYS
    if unknown:
        raise AccessError(f"[access] in secrets.toml knows no {sorted(unknown)[0]!r} ({DOCS}).")
    claim = rules.get("claim", "email")
    if claim == "email" and user.get("email_verified") is not True and not rules.get("unverified"):
        return None
    if now - float(user.get("iat") or 0) > 3600 * float(rules.get("hours", HOURS)):
        return None
    told = user.get(claim)
    names = [told] if isinstance(told, str) else [n for n in told or () if isinstance(n, str)]
    for key, right in ROLES.items():
        listed = rules.get(key, ())
        if isinstance(listed, str) or not all(isinstance(one, str) for one in listed):
            raise AccessError(f"{key} under [access] in secrets.toml must be a list ({DOCS}).")
        patterns = [one.lower() for one in listed]
        if any(fnmatchcase(name.lower(), p) for name in names for p in patterns):
            return right
    return None


def visitor() -> Right:
    """Return what the visitor of this session may do, without a login everything."""
    if secrets("auth") is None:
        return Right.EDIT
    return _role() or Right.LOOK


def visitor_name() -> str:
    """Return the address, else the name, of who is logged in, "" where nobody is."""
    user = st.user.to_dict() if secrets("auth") is not None else {}
    return str(user.get("email") or user.get("name") or user.get("sub") or "")


def _logged_in() -> bool:
    return bool(st.user.to_dict().get("is_logged_in"))


def _role() -> Right | None:
    if not _logged_in():
        return None
    return role(st.user.to_dict(), secrets("access") or {}, time.time())


def admitted() -> bool:
    """Return whether the visitor is let in."""
    return secrets("auth") is None or _role() is not None


def door() -> None:
    """Draw what is seen by someone who is not let in."""
    st.title(PRODUCT)
    if not _logged_in():
        st.markdown("Log in to see which training images a generated image is closest to.")
        st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
    else:
        st.warning(
            f"You are logged in as {plain(visitor_name())}, but you are not on this app's list, "
            "your address is not verified, or your login is too old. Log in again, or ask whoever "
            "runs this app.",
            icon=":material/lock:",
        )
        st.button("Log out", icon=":material/logout:", on_click=st.logout)


def standing() -> None:
    """Say in the sidebar who is logged in, and what cannot be done here."""
    name = visitor_name()
    with st.sidebar:
        if access.limit() < Right.EDIT:
            st.caption(":material/lock: Read-only: look at everything, nothing can be changed.")
        if name:
            words = {Right.EDIT: "editor", Right.REVIEW: "reviewer"}
            st.caption(f":material/person: {plain(name)}, {words.get(visitor(), 'viewer')}")
            st.button("Log out", icon=":material/logout:", on_click=st.logout)


access.ask_visitor(visitor)
