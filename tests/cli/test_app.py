"""The command `app` as a real process, started in a folder that is not the repository's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from benchmarks.kit.app_server import Server, free_port, wait_for
from gmv_core.cli.main import app
from gmv_core.errors import SettingsError
from gmv_core.store.access import READ_ONLY

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("heeded")
def test_the_app_starts_anywhere_on_this_machine_alone_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder"
    elsewhere.mkdir()
    (elsewhere / "json.py").write_text("raise RuntimeError('imported from where it was called')")
    (elsewhere / ".streamlit").mkdir()
    (elsewhere / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    # A desktop, and somebody who never used Streamlit; their browser does nothing.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "xdg-open").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "xdg-open").chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    environment |= {
        "HOME": str(tmp_path),
        "DISPLAY": ":99",
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gmv_core", "app", "--port", str(port),
             "--workspace", "my home"],
            cwd=elsewhere, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(Server(f"http://127.0.0.1:{port}", elsewhere / "my home", process), log)
        served = psutil.Process(process.pid)
        listening = [c.laddr for c in served.net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening == [("127.0.0.1", port)]
        assert served.environ()["GMV_HOME"] == str(elsewhere / "my home")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()


EVIL = (
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1.evil.example",
    "localhost.evil.example:PORT",
    "localhost@evil.example:PORT",
)


def status(port: int, *, host: str, origin: str | None) -> int:
    """Return the server's answer to who asks for a websocket under these names."""
    headers = {"Host": host, "Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
               **({"Origin": origin} if origin else {})}  # fmt: skip
    asked = HTTPConnection("127.0.0.1", port, timeout=30)
    asked.putrequest("GET", "/_stcore/stream", skip_host=True)
    for name, value in headers.items():
        asked.putheader(name, value)
    asked.endheaders()
    answer = asked.getresponse().status
    asked.close()
    return answer


@pytest.mark.parametrize("way", ["gmv", "streamlit"])
def test_a_name_that_is_not_ours_gets_no_connection(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, log = free_port(), tmp_path / "log"
    hosts = {"gmv": "GMV_ALLOWED_HOSTS", "streamlit": "STREAMLIT_SERVER_ALLOWED_HOSTS"}[way]
    told = {"gmv": "one.example, two.example", "streamlit": "127.0.0.1 one.example two.example"}
    command = {
        "gmv": ["-P", "-m", "gmv_core", "app", "--port", str(port), "--workspace", str(tmp_path)],
        "streamlit": ["-m", "streamlit", "run", "app.py", "--server.port", str(port)],
    }[way]
    own = f"127.0.0.1:{port}"
    for names in ({}, {hosts: told[way]}):
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, stdout=output, stderr=output,
                env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **names},
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            wait_for(Server(f"http://{own}", tmp_path, process), log)
            assert status(port, host=own, origin=f"http://{own}") == 101
            assert status(port, host=own, origin=None) == 101
            for evil in (name.replace("PORT", str(port)) for name in EVIL):
                assert status(port, host=evil, origin=f"http://{evil}") == 403, evil
                assert status(port, host=evil, origin=None) == 403, evil
                if way == "gmv":  # it asks nobody for its own address to decide this
                    assert status(port, host=own, origin=f"http://{evil}") == 403, evil
            two = f"two.example:{port}"
            known = status(port, host=two, origin=f"http://{two}")
            assert known == (101 if names else 403)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("word", "limit"), [("", None), ("0", None), ("1", "100"), ("strict", "1")]
)
def test_a_read_only_app_takes_small_uploads_alone(
    word: str, limit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[list[str]]()
    monkeypatch.setattr(os, "execve", lambda _, arguments, __: started.append(arguments))
    monkeypatch.setenv(READ_ONLY, word)
    CliRunner().invoke(app, ["app"])
    (words,) = started
    told = words[words.index("--server.maxUploadSize") + 1] if limit else None
    assert told == limit and ("--server.maxUploadSize" in words) == bool(limit)


def test_an_app_with_an_unknown_word_for_read_only_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("the app was started"))
    monkeypatch.setenv(READ_ONLY, "on")
    answer = CliRunner().invoke(app, ["app"])
    assert isinstance(answer.exception, SettingsError)


@pytest.mark.parametrize("port", ["0", "-5", "65536"])
def test_a_port_that_cannot_be_is_wrong_usage(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("the app was started"))
    answer = CliRunner().invoke(app, ["app", "--port", port])
    assert answer.exit_code == 2 and "than or equal to" in answer.output
