"""An owner's statement: what it says, and that nothing in it is alive."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gmv_core import Result, SettingsError, SourceError, Workspace, open_run
from gmv_core.audit.evidence import evidence_root, write_evidence
from gmv_core.audit.statement import slug, statement, write_statement, write_statements
from gmv_core.results.shares import group_shares
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
    assert "label “class0”" in Elements(statement(result, "class0", "label")).text


def test_one_for_each_owner_and_an_index(result: Result, tmp_path: Path) -> None:
    files = write_statements(result, tmp_path / "out")
    assert {file.name for file in files} == {"index.html", *(
        f"{place}-{slug(name)}.html"
        for place, name in enumerate(group_shares(result, "owner")["owner"], 1)
    )}  # fmt: skip
    links = [a["href"] for tag, a in Elements(files[0].read_text()).found if tag == "a"]
    assert all((tmp_path / "out" / str(link)).is_file() for link in links) and len(links) == 2


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


@pytest.mark.parametrize(
    ("name", "part"), [("Ada Löve/lace", "ada-l-ve-lace"), ("..", "unnamed"), ("a" * 99, "a" * 60)]
)
def test_slug(name: str, part: str) -> None:
    assert slug(name) == part
