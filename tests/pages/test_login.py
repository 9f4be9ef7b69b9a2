"""The door: who is let in by which rule, and what a slip in the secrets leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from gmv_core.errors import AccessError
from gmv_core.store.access import Right
from ui.frame.login import role, secrets

NOW = 1_800_000_000.0
ADA = {"email": "Ada@Museum.example", "email_verified": True, "iat": NOW - 60, "groups": ["staff"]}
RULES = {"editors": ["eva@museum.example"], "viewers": ["*@museum.example"]}


@pytest.mark.parametrize(
    ("change", "rules", "right"),
    [
        ({}, RULES, Right.BRING),
        ({}, {**RULES, "editors": ["ada@museum.example"]}, Right.EDIT),
        ({}, {"reviewers": ["ada@museum.example"]}, Right.REVIEW),
        ({}, {}, None),
        ({"email": "ada@museum.example.evil"}, RULES, None),
        ({"email": "eva@museum.example"}, RULES, Right.EDIT),
        ({"email_verified": False}, RULES, None),
        ({"email_verified": "true"}, RULES, None),
        ({"email_verified": False}, {**RULES, "unverified": True}, Right.BRING),
        ({"iat": NOW - 13 * 3600}, RULES, None),
        ({"iat": NOW - 13 * 3600}, {**RULES, "hours": 24}, Right.BRING),
        ({"iat": None}, RULES, None),
        ({"email_verified": None}, {"claim": "groups", "editors": ["staff"]}, Right.EDIT),
        ({"groups": None}, {"claim": "groups", "editors": ["staff"]}, None),
        ({"groups": "staff"}, {"claim": "groups", "editors": ["staff"]}, Right.EDIT),
    ],
)
def test_role(change: dict[str, Any], rules: dict[str, Any], right: Right | None) -> None:
    assert role({**ADA, **change}, rules, NOW) == right


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"editor": ["ada@museum.example"]}, "knows no 'editor'"),
        ({"editors": "ada@museum.example"}, "editors under .access. .* must be a list"),
    ],
)
def test_a_slip_in_the_rules_is_a_sentence(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(AccessError, match=said):
        role(ADA, rules, NOW)


def test_secrets_that_cannot_be_read_let_nobody_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secrets.toml"
    before = config.get_option
    found = {"secrets.files": [str(file)]}
    monkeypatch.setattr(config, "get_option", lambda key: found.get(key) or before(key))
    monkeypatch.setattr(st, "secrets", Secrets())
    assert secrets("auth") is None
    file.write_text("[auth\nclient_id =", encoding="utf-8")
    with pytest.raises(AccessError, match="cannot be read, so nobody is let in"):
        secrets("auth")
    file.write_text("[auth]\nclient_id = 'x'", encoding="utf-8")
    assert secrets("auth") == {"client_id": "x"}


def test_nothing_is_shown_before_the_login(app: AppTest) -> None:
    app.secrets["auth"] = {"client_id": "x"}
    app.run()
    assert [title.value for title in app.title] == ["Attribution explorer"]
    assert [button.label for button in app.button] == ["Log in"]
    assert not app.sidebar.selectbox


@pytest.mark.parametrize("auth", ["yes", 1])
def test_secrets_that_are_no_section_let_nobody_in(app: AppTest, auth: object) -> None:
    app.secrets["auth"] = auth
    app.run()
    (said,) = [error.value for error in app.error]
    assert "must be a section" in said
    assert not app.button and not app.title
