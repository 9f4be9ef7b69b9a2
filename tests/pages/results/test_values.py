"""The page on values: its figures in words, the table, the way to Contributors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, labels_for, open_run, open_source, value
from tests.fakes import fake_embedder, write_images
from tests.pages.conftest import WriteRun, open_page
from ui.analysis.table import _sort_by


@pytest.fixture
def page(app: AppTest, write_run: WriteRun) -> AppTest:
    write_run("first", generated=4)
    return open_page(app, "values")


def shown(app: AppTest) -> list[str]:
    return app.dataframe[0].value["training"].tolist()


def ranked(tmp_path: Path) -> list[str]:
    table = open_run(Workspace(tmp_path / "home"), "first").noisy()
    return table["training"].tolist()


def test_without_a_run_it_says_what_to_do(app: AppTest) -> None:
    open_page(app, "values")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def parts(app: AppTest) -> dict[str, int]:
    """Return what the bar of standings shows: how many of each."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    (bar,) = [f for f in figures if f["data"][0].get("name", "").startswith("contributor: ")]
    return {name: int(n) for name, n in (part["name"].split(": ") for part in bar["data"])}


def test_owners_come_first_and_the_table_last(page: AppTest) -> None:
    assert [head.value for head in page.header] == [
        "Who earns how much", "The most valuable training images", "How many training images earn",
        "How value is distributed", "How concentrated it is", "All training images",
    ]  # fmt: skip


def test_the_standings_add_up(page: AppTest) -> None:
    found = parts(page)
    assert list(found) == ["contributor", "candidate only", "never near"]
    assert sum(found.values()) == 24
    words = " ".join(text.value for text in page.markdown)
    assert "Half of the value goes to the top" in words and "Gini coefficient" in words


def test_every_value_has_an_interval(page: AppTest) -> None:
    table = page.dataframe[0].value
    none = table["interval"][table["standing"] != "contributor"]
    assert none.str.startswith("0 – ").all(), "it got nothing from so few"
    some = table[table["standing"] == "contributor"]
    for told, interval in zip(some["value"], some["interval"], strict=True):
        low, high = map(float, interval.split(" – "))
        assert low <= float(told) <= high > 0


def test_the_table_is_sorted_on_the_server(page: AppTest, tmp_path: Path) -> None:
    by_value = shown(page)
    assert len(by_value) == 24
    page.selectbox(key="sort").select("training").run()
    assert shown(page) == sorted(by_value, reverse=True)
    page.toggle(key="rising").set_value(True).run()
    assert shown(page) == sorted(by_value)
    page.selectbox(key="sort").select("value").run()
    assert not page.exception
    assert shown(page) == ranked(tmp_path)


def test_the_table_is_searched(page: AppTest) -> None:
    page.text_input(key="search").set_value("CLASS1").run()
    assert len(shown(page)) == 8 and all(name.startswith("class1/") for name in shown(page))
    assert "Download the 8 images found:" in [text.value for text in page.markdown]
    page.text_input(key="search").set_value("Ben").run()
    assert set(page.dataframe[0].value["owner"]) == {"Ben"}
    page.text_input(key="search").set_value("no such image").run()
    assert not page.exception and not page.dataframe
    assert "No training image is found" in page.info[-1].value


def test_a_standing_can_be_chosen(page: AppTest) -> None:
    contributors = parts(page)["contributor"]
    page.pills(key="standing").select("contributor").run()
    assert len(shown(page)) == contributors
    assert set(page.dataframe[0].value["standing"]) == {"contributor"}


def test_the_table_has_pages(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.analysis.table.PAGE_ROWS", 10)
    page.run()
    first = shown(page)
    page.pagination[0].set_value(3).run()
    assert not page.exception
    assert (len(first), len(shown(page))) == (10, 4)
    assert not set(first) & set(shown(page))
    page.text_input(key="search").set_value("class2").run()
    assert not page.exception and len(shown(page)) == 8


def test_a_click_on_a_heading_sorts(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"sort": "value", "rising": False}
    monkeypatch.setattr("ui.analysis.table.st.session_state", held)
    _sort_by(["owner", "no such column"])
    assert held == {"sort": "owner", "rising": False}
    _sort_by(["owner"])
    assert held == {"sort": "owner", "rising": True}
    _sort_by([])
    assert held == {"sort": "owner", "rising": True}


def test_a_top_image_opens_reversed_on_contributors(page: AppTest) -> None:
    best = shown(page)[0]
    listed = page.selectbox(key="top-open")
    assert listed.options[0] == best
    listed.select(best).run()
    assert not page.exception
    assert page.title[0].value == "Contributors"
    assert page.selectbox(key="training").value == best


def test_an_image_is_opened_as_it_was_read(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    write_run("second", generated=4)
    asked = {"run": "first", "k": "3", "temperature": "spread", "weighting": "false"}
    for key, text in asked.items():
        app.query_params[key] = text
    page = open_page(app, "values")
    assert page.number_input(key="k").value == 3
    page.selectbox(key="top-open").select(shown(page)[0]).run()
    assert not page.exception
    assert page.title[0].value == "Contributors"
    assert page.number_input(key="k").value == 3
    assert page.segmented_control(key="temperature").value == "spread"
    assert page.toggle(key="weighting").value is False
    assert page.selectbox(key="run").value == "first"


def test_shares_say_who_earns_what(page: AppTest) -> None:
    assert page.segmented_control(key="grouped").options == ["By owner", "By label"]
    captions = " ".join(caption.value for caption in page.caption)
    assert "95 % interval over 400 resamples" in captions


def test_a_set_without_owners_says_how_to_get_them(app: AppTest, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in write_images(tmp_path / "train", 6, labels=1).rglob("*.png"):
        path.rename(flat / path.name)
    build(workspace, open_source(flat), name="flat", embedder=fake_embedder())
    made = open_source(write_images(tmp_path / "made", 2, first_seed=100))
    value(workspace, made, against="flat", name="plain", embedder=fake_embedder())
    open_page(app, "values")
    assert "This training set names no owners and no labels." in app.info[0].value
    assert "Who earns how much" not in [header.value for header in app.header]


def test_names_are_never_markup(app: AppTest, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    source = open_source(write_images(tmp_path / "train", 12))
    labels = tmp_path / "owners.csv"
    with labels.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "owner"])
        rows.writerows([name, "*[x](javascript:1)<b>"] for name in source.names or [])
    build(
        workspace, source, name="odd", labels=labels_for(source, labels), embedder=fake_embedder()
    )
    made = open_source(write_images(tmp_path / "made", 2, first_seed=100))
    value(workspace, made, against="odd", name="odd-run", embedder=fake_embedder())
    open_page(app, "values")
    assert "](javascript" not in " ".join(text.value for text in app.markdown)
