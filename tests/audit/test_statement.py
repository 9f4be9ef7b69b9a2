"""An owner's statement: what it says, and that nothing in it is alive."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gmv_core import Result, SettingsError, SourceError, Workspace, open_run
from gmv_core.audit.evidence import evidence_root, write_evidence
from gmv_core.audit.statement.page import files_digest, statement
from gmv_core.audit.statement.words import GROUP_NAME, commands, shortened
from gmv_core.audit.statement.write import file_name, write_statement, write_statements
from gmv_core.results.shares import group_shares
from gmv_core.settings import CLUSTER, CONVINCING, ValueSettings
from tests.built import HOSTILE, run_by_hand, write_hostile_run, write_run


class Elements(HTMLParser):
    """Collects the elements of a document with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def result(copied: Callable[..., None], tmp_path: Path) -> Result:
    copied(write_run, "run", 6)
    return open_run(Workspace(tmp_path / "home"), "run")


def test_it_says_the_answer_and_how_to_check_it(result: Result, tmp_path: Path) -> None:
    said = Elements(statement(result, "Ada")).text
    assert "of the value (95 % interval" in said
    assert "16 images of 24 in the training set" in said
    assert "The 10 closest training images of each generated image share its credit" in said
    root = write_evidence(result, tmp_path / "e.zip")
    assert root == evidence_root(result)
    assert root in said


def test_another_column(result: Result) -> None:
    assert "by label" in Elements(statement(result, "class0", "label")).text


def test_one_for_each_owner_and_an_index(result: Result, tmp_path: Path) -> None:
    files = write_statements(result, tmp_path / "out")
    names = group_shares(result, "owner")["owner"]
    assert [file.name for file in files] == ["index.html", *map(file_name, names)]
    links = [a["href"] for tag, a in Elements(files[0].read_text()).found if tag == "a"]
    assert all((tmp_path / "out" / str(link)).is_file() for link in links) and len(links) == 2
    before = {file: file.read_bytes() for file in files}
    again = write_statements(replace(result, settings=replace(result.settings, k=3)),
                             tmp_path / "out")  # fmt: skip
    assert set(again) == set(files), "another order of the owners gives the same files"
    write_statements(result, tmp_path / "out")
    assert {file: file.read_bytes() for file in files} == before
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_no_two_names_share_a_file() -> None:
    names = [
        "Ada",
        "ada",
        "Ada ",
        "ADA!",
        "..",
        "../..",
        "日本",
        "日本語",
        "con",
        "a" * 80,
        "a" * 90,
    ]
    files = [file_name(name) for name in names]
    assert len({file.lower() for file in files}) == len(names)
    for file in files:
        assert re.fullmatch(r"[a-z0-9-]{1,60}-[0-9a-f]{8}\.html", file), file
    assert file_name("Ada Löve/lace").startswith("ada-l-ve-lace-")


def test_digests_are_those_of_the_files(result: Result, tmp_path: Path) -> None:
    """As the statement tells the reader to work them out."""
    for images, folder in ((result.training, "train"), (result.generated, "made")):
        done = subprocess.run(
            "find . -name '*.png' -print0 | xargs -0 sha256sum | cut -c1-64 | sort | sha256sum",
            shell=True, cwd=tmp_path / "run" / folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert files_digest(images) == done.stdout.split()[0]
        assert files_digest(images) in Elements(statement(result, "Ada")).text


def test_it_names_the_settings_that_it_was_read_with(result: Result) -> None:
    assert commands(result, "r") == [
        "gmv evidence run evidence.zip", "gmv verify evidence.zip --root r"
    ]  # fmt: skip
    settings = ValueSettings(k=3, temperature="auto", quality_weighting=False,
                             credit=CONVINCING, duplicates=CLUSTER)  # fmt: skip
    assert commands(replace(result, settings=settings), "r")[0] == (
        "gmv evidence run evidence.zip --k 3 --temperature auto --no-weighting "
        "--credit convincing --duplicates cluster"
    )


def test_where_credit_goes_to_nobody_it_says_so(result: Result) -> None:
    paper = Elements(statement(result, "Ada")).text
    assert "gives out all of its credit" in paper and "goes to nobody" not in paper
    strict = replace(result, settings=replace(result.settings, credit=CONVINCING))
    said = Elements(statement(strict, "Ada")).text
    assert "gives out all of its credit" not in said and "goes to nobody" in said


def test_a_statement_is_of_a_whole_run(result: Result) -> None:
    name = result.training.images.read(["name"])["name"][0].as_py()
    with pytest.raises(SettingsError, match="leaves 1 training image out"):
        statement(result.leaving_out([name]), "Ada")


def test_long_names_are_shortened() -> None:
    assert shortened("abc\u202e", 9) == "abc\\u202e"
    assert len(shortened("x" * 500, GROUP_NAME)) == GROUP_NAME
    assert shortened("a" * 50 + "b" * 50, 20) == "a" * 9 + "…" + "b" * 10


def test_hostile_names_stay_text(copied: Callable[..., None], tmp_path: Path) -> None:
    copied(write_hostile_run)
    opened = open_run(Workspace(tmp_path / "home"), "run")
    name = group_shares(opened, "owner")["owner"][0]
    assert HOSTILE.split()[0] in name
    text = statement(opened, name)
    found = Elements(text)
    assert {tag for tag, _ in found.found} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "br", "hr",
        "section", "div", "small", "svg", "line", "circle", "text", "figure", "img", "figcaption",
        "span", "table", "tr", "td", "th", "ul", "li", "code",
    }  # fmt: skip
    for tag, given in found.found:
        assert not [key for key in given if key.startswith("on")]
        assert tag != "img" or str(given["src"]).startswith("data:image/")
        assert "href" not in given
    assert '<img src="http://evil.example/c.png">' in found.text
    assert "\u202e" not in text and "url(" not in text
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_a_run_without_owners_or_null(workspace: Workspace) -> None:
    said = Elements(statement(run_by_hand(workspace), "Ada")).text
    assert "held against no unseen images" in said and "not held against unseen images" in said


def test_what_cannot_be_is_a_sentence(result: Result, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No training image has the owner 'Eve'"):
        statement(result, "Eve")
    with pytest.raises(SourceError, match="cannot be written"):
        write_statement(result, "Ada", tmp_path)
