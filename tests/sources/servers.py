"""Real servers on this machine: an object store that speaks S3, and a web server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "photos"


@contextmanager
def object_store(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start an object store with one empty bucket; s3fs finds it as a user's would be found.

    All stores of a process hold the same objects, so they are forgotten at the end.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    for name, value in told.items():
        patch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    try:
        yield f"s3://{BUCKET}"
    finally:
        urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
        server.stop()


def put(root: Path, prefix: str) -> str:
    """Put a file or all files of a folder into the bucket; return the address of it."""
    client = boto3.client("s3")
    files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
    for file in files:
        inside = "" if file == root else f"/{file.relative_to(root).as_posix()}"
        client.upload_file(str(file), BUCKET, f"{prefix}{inside}")
    return f"s3://{BUCKET}/{prefix}"


@dataclass
class Web:
    """A web server of one folder.

    fails: so many of the next requests are answered by 503. cut: so many of the next bodies end
    half-way. status: what every request is answered by, if not 0. elsewhere: an address to which
    every request is sent on. length: whether it tells how long a file is. seconds: until it
    answers. pages: whether it answers HTML to whatever is asked.
    """

    address: str
    ranges: bool = True
    fails: int = 0
    cut: int = 0
    status: int = 0
    elsewhere: str = ""
    length: bool = True
    seconds: float = 0.0
    pages: bool = False
    sent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def sent_bytes(self) -> int:
        return sum(size for _, size in self.sent)


class _Handler(SimpleHTTPRequestHandler):
    """Sends files, or the part of one that is asked for."""

    def __init__(self, *given: object, web: Web, directory: str) -> None:
        self.web = web
        super().__init__(*given, directory=directory)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        time.sleep(self.web.seconds)
        if self.web.fails > 0:
            self.web.fails -= 1
            self.send_error(503)
            return
        if self.web.status:
            self.send_error(self.web.status)
            return
        if self.web.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.web.elsewhere + self.path)
            self.end_headers()
            return
        if self.web.pages:
            self._page(body=body)
            return
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data, asked = path.read_bytes(), self.headers.get("Range", "")
        first, _, last = asked.removeprefix("bytes=").partition("-")
        whole = not (asked and self.web.ranges)
        end = len(data) if whole else min(len(data), int(last or len(data)) + 1)
        part = data if whole else data[int(first) : end]
        self.send_response(200 if whole else 206)
        self.send_header("ETag", f'"{len(data)}-{os.stat(path).st_mtime_ns}"')
        if self.web.length:
            self.send_header("Content-Length", str(len(part)))
        if self.web.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if not whole:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(data)}")
        self.end_headers()
        if body:
            if self.web.cut > 0 and len(part) > 1:
                self.web.cut -= 1
                part = part[: len(part) // 2]
            self.web.sent.append((self.path, len(part)))
            with suppress(ConnectionError):  # who asked has enough
                self.wfile.write(part)

    def _page(self, *, body: bool) -> None:
        page = b"<!doctype html><title>Please log in</title>" + b" " * 500
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if body:
            self.wfile.write(page)


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer requests on this machine by a handler; give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def web_server(folder: Path) -> Iterator[Web]:
    """Serve a folder on this machine."""
    web = Web("")
    with serving(partial(_Handler, web=web, directory=str(folder))) as web.address:
        yield web
