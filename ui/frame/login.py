"""The door: who is let in, and what each may do, where `.streamlit/secrets.toml` names a provider.

Streamlit's own login (OpenID Connect) tells who a visitor is; the section [access] of the same file
says who of them may come in. Without the section [auth] there is no login and nothing to ask.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.secrets import StreamlitSecretNotFoundError

from gmv_core.errors import AccessError
from gmv_core.store import access
from gmv_core.store.access import Right
from gmv_core.words import PRODUCT
from ui.frame.markdown import plain

ROLES = {"editors": Right.EDIT, "reviewers": Right.REVIEW, "viewers": Right.BRING}
KEYS = {*ROLES, "claim", "unverified", "hours"}
KINDS = {"claim": "a claim's name", "unverified": "true or false", "hours": "a number above 0"}
ADDRESS = "email"  # the claim that is looked up
HOURS = 12.0  # after which a visitor is asked to log in again
DOCS = "docs/deploy.md says how"


def secrets(section: str) -> Mapping[str, Any] | None:
    """Return a section of the secrets, None where there is none.

    Raises AccessError for secrets that cannot be read, or that were named and are not there: an
    open door must not come of a slip.
    """
    files: list[str] = config.get_option("secrets.files")
    missing = [file for file in files if not _is_there(file)]
    if missing and config.is_manually_set("secrets.files"):
        raise AccessError(
            f"There is no file {Path(missing[0]).name}, which STREAMLIT_SECRETS_FILES names, so "
            f"nobody is let in ({DOCS})."
        )
    try:
        found: Mapping[str, Any] | None = st.secrets.get(section)
    except (StreamlitSecretNotFoundError, OSError, UnicodeDecodeError) as error:
        if len(missing) == len(files):
            return None
        raise AccessError(
            "The file .streamlit/secrets.toml cannot be read, so nobody is let in; mend its TOML "
            f"or its rights ({DOCS})."
        ) from error
    if found is not None and not isinstance(found, Mapping):
        raise AccessError(f"[{section}] in secrets.toml must be a section ({DOCS}).")
    return found


def _is_there(file: str) -> bool:
    try:
        return Path(file).exists()
    except OSError:  # in a folder that may not be looked into
        return True


def has_login() -> bool:
    """Return whether visitors log in; AccessError for rules that nobody could be held to."""
    if secrets("auth") is not None:
        return True
    if secrets("access") is not None:
        raise AccessError(f"secrets.toml has [access] and no [auth], so nobody is let in ({DOCS}).")
    return False


def role(user: Mapping[str, Any], rules: Mapping[str, Any], now: float) -> Right | None:
    """Return what someone who is logged in may do, None where they are not let in.

    user: the claims of the identity token. rules: the section [access]: "editors", "reviewers" and
    "viewers" are lists of addresses, or of patterns as "*@museum.example"; "claim" names another
    claim to look up than the address; "unverified = true" takes addresses that the provider has
    not verified. now: seconds since 1970. Raises AccessError for rules that say anything else.
    """
    _check(rules)
    claim = rules.get("claim", ADDRESS)
    if claim == ADDRESS and not _is_verified(user, rules):
        return None
    issued = user.get("iat")
    if not isinstance(issued, int | float) or now - issued > 3600 * rules.get("hours", HOURS):
        return None
    told = user.get(claim)
    several = told if isinstance(told, list | tuple) else [told]
    names = [name.lower() for name in several if isinstance(name, str)]
    for key, right in ROLES.items():
        listed = [_pattern(one) for one in rules.get(key, ())]
        if any(pattern.fullmatch(name) for name in names for pattern in listed):
            return right
    return None


def _check(rules: Mapping[str, Any]) -> None:
    """Raise AccessError for rules that do not say what they should."""
    unknown = set(rules) - KEYS
    if unknown:
        raise AccessError(f"[access] in secrets.toml knows no {sorted(unknown)[0]!r} ({DOCS}).")
    for key in ROLES:
        listed = rules.get(key, ())
        if not isinstance(listed, list | tuple) or not all(isinstance(o, str) for o in listed):
            raise AccessError(f"{key} under [access] in secrets.toml must be a list ({DOCS}).")
    hours = rules.get("hours", HOURS)
    fine = {
        "claim": isinstance(rules.get("claim", ADDRESS), str),
        "unverified": isinstance(rules.get("unverified", False), bool),
        "hours": isinstance(hours, int | float) and 0 < hours < math.inf,
    }
    for key, is_fine in fine.items():
        if not is_fine:
            raise AccessError(
                f"{key} under [access] in secrets.toml is {rules[key]!r}; give {KINDS[key]} "
                f"({DOCS})."
            )


def _is_verified(user: Mapping[str, Any], rules: Mapping[str, Any]) -> bool:
    return user.get("email_verified") is True or rules.get("unverified") is True


def _pattern(listed: str) -> re.Pattern[str]:
    """Return what an address must match whole: * stands for any letters, all else for itself."""
    return re.compile(".*".join(map(re.escape, listed.lower().split("*"))), re.DOTALL)


def name_of(user: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    """Return the name under which someone's verdicts are kept: nobody can take another's.

    The address where the provider has verified it; else the name with the beginning of a digest of
    who the provider says it is, for people choose their names themselves.
    """
    address = user.get(ADDRESS)
    if isinstance(address, str) and address and _is_verified(user, rules):
        return address
    whom = sha256(f"{user.get('iss')} {user.get('sub')}".encode()).hexdigest()[:8]
    chosen = str(user.get("name") or user.get("preferred_username") or "").strip()
    return f"{chosen[:60]} ({whom})" if chosen else whom


def visitor() -> Right:
    """Return what the visitor of this session may do, without a login everything."""
    return (_role() or Right.LOOK) if has_login() else Right.EDIT


def visitor_name() -> str:
    """Return the name of who is logged in, as `name_of` does, "" where nobody is."""
    if not has_login() or not _logged_in():
        return ""
    return name_of(st.user.to_dict(), secrets("access") or {})


def _logged_in() -> bool:
    return bool(st.user.to_dict().get("is_logged_in"))


def _role() -> Right | None:
    if not _logged_in():
        return None
    return role(st.user.to_dict(), secrets("access") or {}, time.time())


def admitted() -> bool:
    """Return whether the visitor is let in.

    Raises AccessError or SettingsError where what is set for that cannot be.
    """
    access.limit()
    return not has_login() or _role() is not None


def _log_in() -> None:
    try:
        st.login()
    except StreamlitAuthError as error:
        st.error(f"The login is not set up ({plain(str(error))}); {DOCS}.")


def door() -> None:
    """Draw what is seen by someone who is not let in."""
    st.title(PRODUCT)
    if not _logged_in():
        st.markdown("Log in to see which training images a generated image is closest to.")
        st.button("Log in", type="primary", icon=":material/login:", on_click=_log_in)
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
