"""The command `app` as a real process, started in a folder that is not the repository's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from benchmarks.kit.app_server import Server, free_port, wait_for
from gmv_core.cli.main import app

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


@pytest.mark.parametrize("port", ["0", "-5", "65536"])
def test_a_port_that_cannot_be_is_wrong_usage(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("the app was started"))
    answer = CliRunner().invoke(app, ["app", "--port", port])
    assert answer.exit_code == 2 and "than or equal to" in answer.output
