"""The door: who is let in by which rule, and what a slip in the secrets leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from gmv_core.audit.review.people import NAME_CHARACTERS
from gmv_core.errors import AccessError
from gmv_core.store.access import READ_ONLY, Right
from ui.frame.login import name_of, role, secrets

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
        ({"groups": {"staff": True}}, {"claim": "groups", "editors": ["staff"]}, None),
        ({"groups": 7}, {"claim": "groups", "editors": ["7"]}, None),
        ({"groups": [7, "staff"]}, {"claim": "groups", "viewers": ["staff"]}, Right.BRING),
        ({}, {"editors": [], "reviewers": [], "viewers": []}, None),
        ({}, {"viewers": ["*@museum.example"], "reviewers": ["ADA@*"]}, Right.REVIEW),
        ({}, {"viewers": ["ad?@museum.example", "[a-z]da@museum.example", "museum.example"]}, None),
        ({"email": "a@evil.example\n@museum.example"}, {"viewers": ["*@evil.example"]}, None),
        ({"email": ""}, {"viewers": ["@museum.example"]}, None),
        ({"email": None}, RULES, None),
        ({"iat": "yesterday"}, RULES, None),
        ({"iat": NOW - 13 * 3600}, {**RULES, "hours": 0.5}, None),
    ],
)
def test_role(change: dict[str, Any], rules: dict[str, Any], right: Right | None) -> None:
    assert role({**ADA, **change}, rules, NOW) == right


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"editor": ["ada@museum.example"]}, "knows no 'editor'"),
        ({"editors": "ada@museum.example"}, "editors under .access. .* must be a list"),
        ({"viewers": 7}, "viewers under .access. .* must be a list"),
        ({"viewers": ["ok@x.example", 7]}, "viewers under .access. .* must be a list"),
        ({**RULES, "unverified": "false"}, "unverified under .access. .* is 'false'; give true or"),
        ({**RULES, "hours": "12"}, "hours under .access. .* is '12'; give a number above 0"),
        ({**RULES, "hours": 0}, "hours under .access. .* is 0; give a number above 0"),
        ({**RULES, "hours": float("nan")}, "hours under .access. .* is nan"),
        ({**RULES, "claim": ["groups"]}, "claim under .access. .* give a claim's name"),
    ],
)
def test_a_slip_in_the_rules_is_a_sentence(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(AccessError, match=said):
        role(ADA, rules, NOW)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The place of the app's secrets, where nothing lies yet."""
    path = tmp_path / "secrets.toml"
    before = config.get_option
    found = {"secrets.files": [str(path)]}
    monkeypatch.setattr(config, "get_option", lambda key: found.get(key) or before(key))
    return path


def test_secrets_that_cannot_be_read_let_nobody_in(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(st, "secrets", Secrets())
    assert secrets("auth") is None
    file.write_text("[auth\nclient_id =", encoding="utf-8")
    with pytest.raises(AccessError, match="cannot be read, so nobody is let in"):
        secrets("auth")
    file.write_text("[auth]\nclient_id = 'x'", encoding="utf-8")
    assert secrets("auth") == {"client_id": "x"}


def test_a_file_that_may_not_be_read_or_is_no_text_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    for made in (lambda: file.mkdir(), lambda: (file.rmdir(), file.write_bytes(b"\xff\xfe[auth]"))):
        made()
        monkeypatch.setattr(st, "secrets", Secrets())
        with pytest.raises(AccessError, match="cannot be read, so nobody is let in"):
            secrets("auth")


def test_a_file_that_is_named_and_not_there_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "one.toml").write_text("[theme]\nx = 1", encoding="utf-8")
    before = config.get_option
    found = {"secrets.files": [str(tmp_path / "one.toml"), str(tmp_path / "login.toml")]}
    monkeypatch.setattr(config, "get_option", lambda key: found.get(key) or before(key))
    monkeypatch.setattr(config, "is_manually_set", lambda key: key == "secrets.files")
    monkeypatch.setattr(st, "secrets", Secrets())
    with pytest.raises(AccessError, match=r"There is no file login\.toml, which STREAMLIT_SECRETS"):
        secrets("auth")


def test_what_was_read_once_stays_though_the_file_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when an editor writes the file anew: the door is not open in between."""
    file = tmp_path / "secrets.toml"
    file.write_text("[auth]\nclient_id = 'x'", encoding="utf-8")
    before = config.get_option
    found = {"secrets.files": [str(file)], "server.fileWatcherType": "none"}
    monkeypatch.setattr(config, "get_option", lambda key: found.get(key) or before(key))
    monkeypatch.setattr(st, "secrets", Secrets())
    assert secrets("auth") == {"client_id": "x"}
    file.unlink()
    assert secrets("auth") == {"client_id": "x"}


EVE = {"email": "eva@museum.example", "name": "Eva", "iss": "https://login.example", "sub": "17"}


def test_nobody_reviews_under_the_name_of_another() -> None:
    verified = name_of({**EVE, "email_verified": True}, {})
    assert verified == "eva@museum.example" == name_of(EVE, {"unverified": True})
    by_claim = name_of(EVE, {"claim": "groups"})
    assert by_claim.startswith("Eva (") and by_claim != name_of({**EVE, "sub": "18"}, {})
    assert by_claim == name_of({**EVE, "email": "another@museum.example"}, {})
    unnamed = name_of({"iss": "https://login.example", "sub": "17"}, {})
    assert len(unnamed) == 8 and f"({unnamed})" in by_claim
    assert len(name_of({**EVE, "name": "x" * 500}, {})) <= NAME_CHARACTERS


def test_rules_without_a_login_let_nobody_in(app: AppTest) -> None:
    app.secrets["access"] = {"viewers": ["*@museum.example"]}
    app.run()
    (said,) = [error.value for error in app.error]
    assert "has [access] and no [auth], so nobody is let in" in said.replace("\\", "")
    assert not app.title and not app.sidebar.selectbox


@pytest.mark.parametrize("auth", [{}, {"client_id": "x"}, {"redirect_uri": 7}])
def test_a_login_that_is_not_set_up_is_a_sentence(app: AppTest, auth: dict[str, Any]) -> None:
    app.secrets["auth"] = auth
    app.run()
    app.button[0].click().run()
    assert not app.exception
    assert any("The login is not set up" in error.value for error in app.error)


def test_an_unknown_word_for_read_only_is_a_sentence_and_shows_nothing(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, "on")
    app.run()
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert "GMV_READ_ONLY is 'on'; use 1" in said
    assert not app.title and not app.sidebar.selectbox


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
