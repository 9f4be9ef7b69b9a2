"""Login against a real OpenID provider: who is let in, as what, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.kit.app_server import Server, free_port, running, settled

USERS = {
    "eva": ("eva@museum.example", True),
    "vera": ("vera@museum.example", True),
    "mallory": ("mallory@elsewhere.example", True),
    "faker": ("eva@museum.example", False),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an OpenID provider that lets everyone choose who they are."""
    port = free_port()
    users = [
        {"sub": sub, "email": email, "email_verified": verified}
        for sub, (email, verified) in USERS.items()
    ]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for user in users:
        command += ["--user-claims", json.dumps(user)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        address = f"http://localhost:{port}"
        until = time.monotonic() + 30
        while True:
            try:
                urlopen(f"{address}/.well-known/openid-configuration", timeout=2).close()
                break
            except (URLError, ConnectionError, TimeoutError):
                assert time.monotonic() < until and process.poll() is None
                time.sleep(0.1)
        yield address
        process.terminate()


@pytest.fixture(scope="module")
def locked(
    demo: Server, provider: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The app on a copy of the demo, with a login."""
    folder = tmp_path_factory.mktemp("locked")
    shutil.copytree(demo.home, folder / "home")
    port = free_port()
    (folder / "secrets.toml").write_text(
        f"""
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "explorer"
client_secret = "secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[access]
editors = ["eva@museum.example"]
viewers = ["*@museum.example"]
""",
        encoding="utf-8",
    )
    variables = {"STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml")}
    with running(folder / "home", folder / "server.log", port=port, variables=variables) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def log_in(page: Page, server: Server, sub: str, address: str = "") -> None:
    page.goto(f"{server.url}/{address}")
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Attribution explorer")
    expect(page.get_by_role("link", name="Contributors")).to_have_count(0)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=sub, exact=True).click()
    page.wait_for_url(f"{server.url}/**")
    settled(page)


def who(page: Page, name: str, role: str) -> Locator:
    # A word joiner keeps the address from becoming a link.
    return page.get_by_text(re.compile(rf"{name}@\W?museum\.example, {role}"))


def test_an_editor_is_let_in_and_a_viewer_too_until_they_log_out(
    page: Page, locked: Server
) -> None:
    log_in(page, locked, "eva")
    expect(who(page, "eva", "editor")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()  # the provider's own page
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    log_in(page, locked, "vera")
    expect(who(page, "vera", "viewer")).to_be_visible()


def test_a_viewer_cannot_mark_and_an_editor_can(page: Page, locked: Server) -> None:
    log_in(page, locked, "vera")
    page.goto(f"{locked.url}/noisy")
    settled(page)
    mark = page.get_by_role("button", name="Mark all")
    expect(mark.first).to_be_disabled()
    page.context.clear_cookies()
    log_in(page, locked, "eva")
    page.goto(f"{locked.url}/noisy")
    settled(page)
    expect(mark.first).to_be_enabled()


@pytest.mark.parametrize("sub", ["mallory", "faker"])
def test_a_stranger_and_an_address_that_is_not_verified_are_not_let_in(
    page: Page, locked: Server, sub: str
) -> None:
    log_in(page, locked, sub)
    expect(page.get_by_text("you are not on this app's list")).to_be_visible()
    expect(page.get_by_role("link", name="Contributors")).to_have_count(0)
    page.goto(f"{locked.url}/contributors?run=demo-run")
    settled(page)
    expect(page.get_by_text("you are not on this app's list")).to_be_visible()
    expect(page.get_by_test_id("stImage")).to_have_count(0)
