"""What a workspace on an object store costs: requests of each command, on the demo.

The demo lies in a bucket of moto's S3 server on this machine, and each command is a process of its
own, given once there and once on a copy of the demo in a folder. Writes are PUT, POST and DELETE.
`--often` lists what one command asks for more than twice.

    python -m benchmarks.speed.requests --workspace FINISHED_DEMO --json
    python -m benchmarks.speed.requests --workspace FINISHED_DEMO --only compare --often
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from benchmarks.kit.reporting import Row, finish, parser, print_table, seconds_of
from gmv_core import Workspace, open_run
from gmv_core.demo.make import DEMO_RUN, DEMO_SET, make_demo
from gmv_core.demo.plan import generated_folder

BUCKET = "requests"
# In this order: what comes first is there for what comes later. {out}: a folder for what it writes.
COMMANDS = {
    "list": ("list",),
    "show RUN": ("show", DEMO_RUN),
    "noisy": ("noisy", DEMO_RUN),
    "owner": ("owner", DEMO_RUN, "{owner}"),
    "statement, of one owner": ("statement", DEMO_RUN, "{out}/one.html", "--owner", "{owner}"),
    "statement --all": ("statement", DEMO_RUN, "{out}/all", "--all"),
    "compare": ("compare", DEMO_RUN, DEMO_RUN, "--k", "5"),
    "find": ("find", "{image}", "--run", DEMO_RUN),
    "criteria": ("criteria", DEMO_RUN),
    "export": ("export", DEMO_RUN, "{out}/tables"),
    "evidence": ("evidence", DEMO_RUN, "{out}/evidence.zip"),
    "check RUN": ("check", DEMO_RUN),
    "check SET": ("check", DEMO_SET),
    "label": ("label", DEMO_RUN, "{labels}"),
    "build": ("build", "{images}", "--name", "again"),
    "value --influence": ("value", "{generated}", "--against", "again", "--name", "second",
                          "--influence"),
    "map": ("map", "again"),
    "duplicates": ("duplicates", "again"),
    "add, of 20 images": ("add", "again", "{more}"),
    "remove, of one": ("remove", "again", "{name}"),
    "delete RUN": ("delete", "second"),
}  # fmt: skip


class Counting:
    """A store that counts what it is asked: (method, object) of each request."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        self._store = DomainDispatcherApplication(create_backend_app)
        self._lock, self.asked = Lock(), Counter[tuple[str, str]]()

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:  # noqa: ANN401  (of WSGI)
        with self._lock:
            query = environ.get("QUERY_STRING", "")
            what = environ["PATH_INFO"] + (f"?{query}" if "prefix=" in query else "")
            self.asked[environ["REQUEST_METHOD"], what] += 1
        return self._store(environ, start)

    def taken(self) -> Counter[tuple[str, str]]:
        """Return what was asked since the last call."""
        with self._lock:
            asked, self.asked = self.asked, Counter()
        return asked


@contextmanager
def counting_store() -> Iterator[tuple[Counting, dict[str, str]]]:
    """Hand out a store with an empty bucket, and the environment by which a client finds it."""
    import boto3
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    store = Counting()
    server = make_server("127.0.0.1", 0, store, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    told = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    os.environ.update(told)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    try:
        yield store, told
    finally:
        server.shutdown()


def given_to(commands: Path, workspace: Workspace) -> dict[str, str]:
    """Write what commands are given besides the workspace; return where it lies."""
    result = open_run(workspace, DEMO_RUN)
    owners = result.values_table(("owner", "value")).groupby("owner")["value"].sum()
    images = workspace.beside / "demo-images"
    more, labels = commands / "more", commands / "labels.csv"
    made = sorted(generated_folder().rglob("*.png"))
    more.mkdir()
    for path in made[:20]:
        shutil.copy(path, more / path.name)
    name = result.generated.images.read(["name"])["name"][0].as_py()
    labels.write_text(f"name,label\n{name},cat\n")
    first = sorted(images.rglob("*.png"))[0]
    found = {"images": images, "generated": generated_folder(), "more": more, "labels": labels,
             "image": first, "name": first.relative_to(images), "out": commands / "out",
             "owner": owners.idxmax()}  # fmt: skip
    (commands / "out").mkdir()
    return {key: str(value) for key, value in found.items()}


def upload(workspace: Path) -> None:
    import boto3

    client = boto3.client("s3")
    for part in ("sets", "runs"):
        for file in sorted(path for path in (workspace / part).rglob("*") if path.is_file()):
            client.upload_file(str(file), BUCKET, f"ws/{file.relative_to(workspace).as_posix()}")


def answer(
    words: Sequence[str], given: dict[str, str], home: Path | str, told: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "gmv_core", *(word.format(**given) for word in words),
               "--workspace", str(home), "--json"]  # fmt: skip
    subprocess.run(command, env=told, check=True, stdout=subprocess.DEVNULL)


def measured(options: argparse.Namespace, folder: Path) -> list[Row]:
    home = options.workspace or folder / "demo"
    workspace = Workspace(home)
    make_demo(workspace)
    given, rows = given_to(folder, workspace), list[Row]()
    with counting_store() as (store, told):
        upload(home)
        shutil.copytree(home, folder / "home")
        told = {**os.environ, **told, "XDG_CACHE_HOME": str(folder / "cache")}
        for name, words in COMMANDS.items():
            if options.only and name.partition(" ")[0] not in options.only:
                continue
            store.taken()
            in_folder = seconds_of(partial(answer, words, given, folder / "home", told))
            shutil.rmtree(folder / "out", ignore_errors=True)
            (folder / "out").mkdir()
            there = seconds_of(partial(answer, words, given, f"s3://{BUCKET}/ws", told))
            asked = store.taken()
            writes = sum(n for (method, _), n in asked.items() if method not in ("GET", "HEAD"))
            rows.append(
                {
                    "command": name,
                    "requests": asked.total(),
                    "writes": writes,
                    "seconds": round(there, 1),
                    "in a folder": round(in_folder, 1),
                }
            )
            print(f"{name}: {asked.total()}", file=sys.stderr)
            if options.often:
                for (method, what), n in asked.most_common(options.often):
                    print(f"{n:5} {method:6} {what}", file=sys.stderr)
    return rows


def main() -> None:
    options_of = parser(__doc__ or "")
    options_of.add_argument("--only", nargs="*", default=(), help="commands, by their first word")
    options_of.add_argument("--often", type=int, default=0, help="list what is asked most often")
    options = options_of.parse_args()
    if options.quick:
        options.only = options.only or ("list", "show")
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(options, Path(folder))
    print_table("Requests on an object store, of the demo", rows)
    finish(options, "requests", {"rows": rows})


if __name__ == "__main__":
    main()
