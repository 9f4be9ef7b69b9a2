"""The page on criteria, through app.py: what it says, with and without labels, and starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.criteria.trials.comparison import compare
from gmv_core.criteria.trials.corruption import Injection
from gmv_core.criteria.trials.injection import inject
from gmv_core.jobs import control
from gmv_core.models.catalogue import ModelRow
from gmv_core.store.files import write_json
from tests.built import write_judged_run
from tests.fakes import change_json, fake_embedder, write_images
from tests.pages.conftest import open_page
from ui.frame.markdown import plain


@pytest.fixture(autouse=True)
def distances(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two distances are ready, whatever this machine has."""
    rows = [ModelRow(key, "distance", key, None, "", "", True, "", "") for key in
            ("features", "none")]  # fmt: skip
    monkeypatch.setattr("gmv_core.criteria.trials.derived_runs.list_models", lambda: rows)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """What would have been started as a job: arguments and target."""
    asked: list[tuple[list[str], str]] = []

    def start(_: Workspace, arguments: list[str], *, title: str, target: str) -> None:
        assert title.endswith(" run")
        asked.append((arguments, target))

    monkeypatch.setattr(control, "start", start)
    return asked


def words(app: AppTest) -> str:
    parts: list[Any] = [*app.markdown, *app.caption, *app.info, *app.warning]
    return "\n".join(str(part.value) for part in parts)


def tables(app: AppTest) -> list[list[str]]:
    return [list(table.value.columns) for table in app.table]


def test_a_workspace_without_a_run_says_what_to_do(app: AppTest) -> None:
    open_page(app, "criteria")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_every_check_is_there(app: AppTest, home: Workspace, copied: Callable[..., None]) -> None:
    copied(write_judged_run)
    open_page(app, "criteria")
    assert not app.error
    assert [head.value for head in app.header] == [
        "Same class", "Same attributes", "Noisy and foreign training images", "Cost", "Retraining",
        "Which distance deserves trust here",
    ]  # fmt: skip
    said = words(app)
    assert "None of them proves influence" in said
    assert "not influence: it says" in said
    assert "closest training images have the class of their generated image" in said
    assert r"6 generated images count\." in said
    assert "Ready here: features, none." in said
    heads = tables(app)
    assert heads[0] == ["order", r"k \= 1", r"k \= 5", r"k \= 10"]
    assert heads[2][:3] == ["attribute", "value", "images"]
    assert "distance alone" in heads[3]
    chosen = app.selectbox(key="noise")
    assert (chosen.value, chosen.options) == ("noise", ["noise", "hat"])
    chosen.select("hat").run()
    assert not app.exception and not app.error
    assert app.table[3].value["test"].tolist() == ["hat"]


def test_k_changes_the_checks_that_depend_on_it(
    app: AppTest, home: Workspace, copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    open_page(app, "criteria")
    before = [table.value.to_dict() for table in app.table]
    app.number_input(key="k").set_value(12).run()
    assert not app.exception
    after = [table.value.to_dict() for table in app.table]
    assert before[:3] == after[:3]  # shares by k hold for every k
    assert before[3] != after[3]


def test_without_labels_it_says_what_to_give(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_images(tmp_path / "flat", 12, labels=1)
    for file in (tmp_path / "flat" / "class0").iterdir():
        file.rename(tmp_path / "flat" / file.name)
    build(home, open_source(tmp_path / "flat"), name="train", embedder=fake_embedder())
    value(home, "train", against="train", name="run", embedder=fake_embedder())
    open_page(app, "criteria")
    assert not app.error
    said = words(app)
    assert "needs labels of both sets" in said
    assert "needs an attribute of both sets" in said
    assert "Whole classes" not in said
    assert "nothing to compare distances by" in said
    assert not any(button.label.startswith("Compare") for button in app.button)
    assert [head.value for head in app.header][3] == "Cost"


def test_labels_are_given_to_a_result_that_has_none(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_images(tmp_path / "train", 24)
    build(home, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())
    write_images(tmp_path / "made", 6, labels=1, first_seed=100)
    for file in (tmp_path / "made" / "class0").iterdir():
        file.rename(tmp_path / "made" / file.name)
    value(home, open_source(tmp_path / "made"), against="train", name="run",
          embedder=fake_embedder())  # fmt: skip
    open_page(app, "criteria")
    assert "needs labels of both sets" in words(app)
    names = [file.name for file in sorted((tmp_path / "made").glob("*.png"))]
    rows = ["name,label", *(f"{name},class{i % 3}" for i, name in enumerate(names))]
    app.file_uploader[0].set_value(("l.csv", "\n".join(rows).encode(), "text/csv")).run()
    app.button(key="give-class").click().run()
    assert not app.exception and not app.error
    assert "needs labels of both sets" not in words(app)
    assert "have the class of their generated image" in words(app)


def test_a_check_has_one_line_and_its_table_folds_away(
    app: AppTest, home: Workspace, copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    open_page(app, "criteria")
    folded = {expander.label for expander in app.expander}
    assert {
        "Class by k, beside its baselines", "Each attribute by k",
        "How well each known noise is found", "Seconds and memory of each stage",
        "What these checks do not prove",
    } <= folded  # fmt: skip
    assert not any(expander.proto.expanded for expander in app.expander)
    said = words(app)
    assert "hat: " in said and "chance 0" in said and "s for each generated image" in said


def test_what_it_starts(
    app: AppTest, home: Workspace, started: list[tuple[list[str], str]], copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    open_page(app, "criteria")
    buttons = {button.label: button for button in app.button}
    buttons["Add pixel L2 as a baseline"].click().run()
    app.segmented_control(key="inject").set_value("blur").run()
    app.number_input(key="spoilt").set_value(10.0).run()
    app.number_input(key="strength-blur").set_value(0.05).run()
    next(b for b in app.button if b.label == "Run the test").click().run()
    next(b for b in app.button if b.label == "Compare the distances at k = 4 and 12").click().run()
    assert not app.exception and not app.error
    assert started == [
        (["criteria", "run", "--pixels"], "run-by-l2"),
        (["criteria", "run", "--inject=blur", "--share=0.1", "--seed=0", "--strength=0.05"],
         "run-blur-0.05-10pct"),
        (["criteria", "run", "--compare", "--k=4", "--k=12"], "run-comparison"),
    ]  # fmt: skip


def test_what_was_found_is_read_back_told_stale_and_deleted(
    app: AppTest, home: Workspace, copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    result = open_run(home, "run")
    inject(home, "run", Injection("noise", 0.5, 0.25), embedder=fake_embedder())
    compare(home, "run", embedder=fake_embedder())
    open_page(app, "criteria")
    assert app.selectbox(key="run").value == "run"  # not one of the runs that judge it
    assert (
        plain("noise, σ = 0.5, in 25\u00a0% of the images") in app.table[3].value["test"].tolist()
    )
    assert "highest class share" in words(app)
    assert "Compare the distances" not in str([button.label for button in app.button])
    change_json(result.run, updated="2999-01-01T00:00:00+00:00")
    app.run()
    assert "was valued again since this was compared" in words(app)
    assert "earlier state of the result" in str(app.table[3].value["test"].tolist())
    next(b for b in app.button if b.label == "Delete them, and what they found").click().run()
    assert not app.exception and not app.error
    assert [run.name for run in home.runs()] == ["run"]
    assert "Not compared yet" in words(app)
    assert open_run(home, "run").manifest.updated.startswith("2999")


def test_names_are_shown_as_they_are(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    folders = {"class0": "*big* [a](b) $x$", "class1": "class1", "class2": "class2"}
    for name, count, seed in (("train", 24, 0), ("made", 6, 100)):
        write_images(tmp_path / name, count, first_seed=seed)
        (tmp_path / name / "class0").rename(tmp_path / name / folders["class0"])
    build(home, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())
    value(home, open_source(tmp_path / "made"), against="train", name="run",
          embedder=fake_embedder())  # fmt: skip
    open_page(app, "criteria")
    shown = app.table[1].value["class"].tolist()
    assert r"\*big\* \[a\]\(b\) \$x\$" in shown


def test_a_job_is_shown_where_it_was_started(
    app: AppTest, home: Workspace, copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    folder = home.root / "jobs" / "20200101-000000-000000-abcd"
    asked = {"title": "Comparing distances on run", "target": "run-comparison", "uploads": "",
             "arguments": ["criteria", "run", "--compare"], "started": "2020", "pid": 0,
             "created": 0.0}  # fmt: skip
    write_json(folder / "job.json", asked)
    open_page(app, "criteria")
    assert "**Comparing distances on run**" in words(app)
    assert "Resume" in [button.label for button in app.button]
    me = psutil.Process()
    write_json(folder / "job.json", {**asked, "pid": me.pid, "created": me.create_time()})
    app.run()
    assert "Cancel" in [button.label for button in app.button]
    assert not [b for b in app.button if b.label.startswith("Compare")], "it is being done"
    injected = ["criteria", "run", "--inject=blur", "--share=0.1"]
    write_json(folder / "job.json", {**asked, "title": "Blur to test", "arguments": injected})
    app.run()
    assert "**Blur to test**" in words(app)
    write_json(folder / "job.json", {**asked, "arguments": ["criteria", "other", "--compare"]})
    app.run()
    assert "Comparing distances" not in words(app)
