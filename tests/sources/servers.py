"""Real servers on this machine: an object store that speaks S3, and a web server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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
    """A web server of one folder. fails: so many of the next requests are answered by 503."""

    address: str
    ranges: bool = True
    fails: int = 0
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
        if self.web.fails > 0:
            self.web.fails -= 1
            self.send_error(503)
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
        self.send_header("Content-Length", str(len(part)))
        if self.web.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if not whole:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(data)}")
        self.end_headers()
        if body:
            self.web.sent.append((self.path, len(part)))
            self.wfile.write(part)


@contextmanager
def web_server(folder: Path) -> Iterator[Web]:
    """Serve a folder on this machine."""
    web = Web("")
    handler = partial(_Handler, web=web, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    web.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
