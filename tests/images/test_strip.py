"""Pictures for a notebook: bounded, escaped, and never an error."""

from __future__ import annotations

from pathlib import Path

from gmv_core import Workspace, build, open_source
from gmv_core.images.strip import MOST, Picture, strip_html
from gmv_core.types import Embedder
from tests.fakes import draw, png, set_manifest


def test_what_comes_from_a_user_is_escaped() -> None:
    html = strip_html("<script>", [Picture(png(draw(1)), ('"><b>x', "<i>"))])
    assert "<script>" not in html and "<b>x" not in html and "<i>" not in html
    assert "&lt;script&gt;" in html and html.count("data:image/png;base64,") == 1


def test_a_long_strip_is_cut_and_says_so() -> None:
    html = strip_html("many", [Picture(b"", (str(i),)) for i in range(MOST + 1000)])
    assert "… and 1,000 more" in html
    assert html.count("<br>") == MOST


def test_a_set_draws_itself_whatever_its_state(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    images = workspace.image_set("faces")
    assert "There is no set named &#x27;faces&#x27;" in images._repr_html_()
    images.write_manifest(set_manifest("faces"))
    assert "is unfinished" in images._repr_html_()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "<b>.png").write_bytes(png(draw(1)))
    build(workspace, open_source(tmp_path / "a"), name="one", embedder=embedder)
    html = workspace.image_set("one")._repr_html_()
    assert "one: 1 image" in html and "&lt;b&gt;.png" in html and "data:image/" in html
    workspace.image_set("one").images.drop()
    assert (
        "The table images.lance of &#x27;one&#x27; is missing"
        in workspace.image_set("one")._repr_html_()
    )
