"""A hub of data sets on this machine: the calls of its API that reading needs, over HTTP.

As the hub documents them: https://huggingface.co/docs/hub/api. Files come from another path, as the
real one sends them from its store. What is private is "not found" to whoever shows no token.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.sources.servers import serving

PAGE = 5  # entries of a listing at once
TOKEN = "hf_secret"


@dataclass
class Hub:
    """root: a folder with <owner>/<name>/<revision>/…, the data sets.

    private, gated: names of data sets; of a gated one everybody sees the list. seconds: until a
    file is sent. fails: so many of the next requests are answered by 503. asked: method and path of
    each request; at_once: files that were sent at the same time, at most.
    """

    address: str
    root: Path
    private: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    seconds: float = 0.0
    fails: int = 0
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    sending: int = 0
    lock: Lock = field(default_factory=Lock)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *given: object, hub: Hub) -> None:
        self.hub = hub
        super().__init__(*given)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        where = urlsplit(self.path)
        parts = [unquote(part) for part in where.path.strip("/").split("/")]
        self.hub.asked.append(f"{self.command} {where.path}")
        if self.hub.fails > 0:
            self.hub.fails -= 1
            self._refuse(503, "")
        elif parts[0] == "store":
            self._send(self.hub.root.joinpath(*parts[1:]))
        elif parts[:2] == ["api", "datasets"]:
            self._api("/".join(parts[2:4]), parts[4:], parse_qs(where.query))
        elif parts[0] == "datasets" and parts[3] == "resolve":
            name = "/".join(parts[1:3])
            if name in self.hub.gated and not self._is_known():
                self._refuse(403, "GatedRepo")
            elif folder := self._let_in(name, parts[4]):
                self._move_on(folder.joinpath(*parts[5:]))
        else:
            self._refuse(404, "")

    def _api(self, name: str, parts: list[str], given: dict[str, list[str]]) -> None:
        kind, revision = parts[:2] if parts else ("revision", "main")
        folder = self._let_in(name, revision)
        if folder is None:
            return
        if kind == "revision":
            self._json({"id": name, "sha": "0" * 40, "siblings": []})
        elif kind == "tree":
            inside = folder.joinpath(*"/".join(parts[2:]).split("/"))
            if inside.is_dir():
                self._list(folder, inside, given)
            else:
                self._refuse(404, "EntryNotFound")
        else:
            self._refuse(404, "")

    def _is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _let_in(self, name: str, revision: str) -> Path | None:
        known = self._is_known()
        folder = self.hub.root / name
        if not known and (name in self.hub.private or not folder.is_dir()):
            self._refuse(401, "RepoNotFound")
        elif not folder.is_dir():
            self._refuse(404, "RepoNotFound")
        elif not (folder / revision).is_dir():
            self._refuse(404, "RevisionNotFound")
        else:
            return folder / revision
        return None

    def _list(self, root: Path, inside: Path, given: dict[str, list[str]]) -> None:
        deep = given.get("recursive", ["False"])[0].lower() == "true"
        found = sorted(inside.rglob("*") if deep else inside.iterdir())
        start = int(given.get("cursor", ["0"])[0])
        entries = [_entry(path, root) for path in found[start : start + PAGE]]
        further = {}
        if start + PAGE < len(found):
            path = urlsplit(self.path).path
            query = f"recursive={deep}&expand=False&cursor={start + PAGE}"
            further["Link"] = f'<{self.hub.address}{path}?{query}>; rel="next"'
        self._json(entries, further)

    def _move_on(self, file: Path) -> None:
        if not file.is_file():
            self._refuse(404, "EntryNotFound")
            return
        self.send_response(302)
        inside = quote(file.relative_to(self.hub.root).as_posix())
        self.send_header("Location", f"/store/{inside}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, file: Path) -> None:
        with self.hub.lock:
            self.hub.sending += 1
            self.hub.at_once = max(self.hub.at_once, self.hub.sending)
        time.sleep(self.hub.seconds)
        data, asked = file.read_bytes(), self.headers.get("Range", "")
        first, _, last = asked.removeprefix("bytes=").partition("-")
        part = data[int(first or 0) : int(last or len(data)) + 1]
        self.send_response(206 if asked else 200)
        if asked:
            end = int(first) + len(part) - 1
            self.send_header("Content-Range", f"bytes {first}-{end}/{len(data)}")
        self._body(part)
        with self.hub.lock:
            self.hub.sending -= 1

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self._body(b"{}")

    def _json(self, value: object, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, said in (headers or {}).items():
            self.send_header(name, said)
        self.send_header("Content-Type", "application/json")
        self._body(json.dumps(value).encode())

    def _body(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _entry(path: Path, root: Path) -> dict[str, object]:
    inside = path.relative_to(root).as_posix()
    if path.is_dir():
        return {"type": "directory", "oid": "0" * 40, "size": 0, "path": inside}
    data = path.read_bytes()
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return {"type": "file", "oid": digest, "size": len(data), "path": inside}


@contextmanager
def hub_of(root: Path) -> Iterator[Hub]:
    """Serve data sets on this machine."""
    hub = Hub("", root)
    with serving(partial(_Handler, hub=hub)) as hub.address:
        yield hub
