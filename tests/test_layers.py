"""What imports what: the layers of the design, held as data, and nothing heavy at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1] / "gmv_core"

# From the bottom up. A module imports from lower lines only, or from a group that it stands in.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "types"),
    ("settings",),
    # One step each. A group in SIBLINGS may import among itself; the others know no other stage.
    (
        "to_rgb", "decode", "listing", "arrays", "labels", "loose_files", "zips", "tars", "parquet",
        "npz", "idx", "sources", "glimpse", "network", "embed", "embed_hub", "weights", "distances",
        "metrics", "models", "model_choice", "model_download", "recall", "rerank", "quality",
        "quality_words", "value", "selection", "agreement", "detection", "portraits",
        "portrait_shapes", "portrait_styles", "demo",
    ),
    ("thumbnails",),
    ("lance_table",),
    ("store",),
    ("jobs", "records"),
    ("job_process", "uploads", "survey", "set_report"),
    ("tables",),
    ("index", "summary", "filling"),
    ("matching",),
    ("contributors", "run_blocks", "run_manifest", "candidate_lists", "marks"),
    ("run_values",),
    ("results", "plots", "dropped"),
    ("spread", "noise", "changes", "plots_contributors", "plots_criteria", "criteria",
     "criteria_files"),
    ("low_value", "spoiling"),
    ("pipeline",),
    ("valuation",),
    ("revaluing",),
    ("injection", "comparison"),
    ("criteria_report",),
    ("overview", "removal"),
    ("background",),
    ("showcase",),
    ("cli_output",),
    ("criteria_words",),
    ("cli_criteria",),
    ("cli",),
    ("__main__", "__init__"),
)  # fmt: skip
SIBLINGS = (
    {
        "to_rgb", "decode", "listing", "arrays", "labels", "loose_files", "zips", "tars", "parquet",
        "npz", "idx", "sources", "glimpse",
    },
    {
        "network", "embed", "embed_hub", "weights", "distances", "metrics", "models",
        "model_choice", "model_download",
    },
    {"portraits", "portrait_shapes", "portrait_styles", "demo"},
)  # fmt: skip
HEAVY = (
    "torch", "torchvision", "faiss", "pyiqa", "streamlit", "openvino", "timm", "open_clip", "lance",
    "lpips", "dreamsim", "onnx", "sklearn", "plotly", "matplotlib",
)  # fmt: skip
# Libraries that stages of a pure kind have no business with.
PURE = ("value", "settings", "types", "errors")


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, by their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(str(node.module))
            if node.module == "gmv_core":
                found |= {f"gmv_core.{alias.name}" for alias in node.names}
    return found


def engine_imports(name: str) -> set[str]:
    prefix = "gmv_core."
    known = {path.stem for path in ENGINE.glob("*.py")}
    found = imports(ENGINE / f"{name}.py")
    return {i.removeprefix(prefix) for i in found if i.startswith(prefix)} & known


HEIGHT = {module: height for height, layer in enumerate(LAYERS) for module in layer}


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in ENGINE.glob("*.py")}
    assert modules - set(HEIGHT) == set(), "give these a line in LAYERS"


@pytest.mark.parametrize("module", [m for m in HEIGHT if (ENGINE / f"{m}.py").exists()])
def test_nothing_imports_upwards(module: str) -> None:
    group: set[str] = next((s for s in SIBLINGS if module in s), set())
    upwards = {
        other
        for other in engine_imports(module)
        if HEIGHT[other] >= HEIGHT[module] and other not in group
    }
    assert upwards == set(), f"{module} stands below or beside these"


@pytest.mark.parametrize("group", SIBLINGS)
def test_siblings_do_not_import_in_circles(group: set[str]) -> None:
    left = {m: engine_imports(m) & group for m in group if (ENGINE / f"{m}.py").exists()}
    while left:
        free = {m for m, needs in left.items() if not needs & set(left)}
        assert free, f"a circle among {sorted(left)}"
        left = {m: needs for m, needs in left.items() if m not in free}


def test_the_engine_knows_no_screen() -> None:
    for path in ENGINE.glob("*.py"):
        outside = {name.partition(".")[0] for name in imports(path)}
        assert not outside & {"streamlit", "ui", "pages", "app"}, path.name


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_need_numpy_at_most(module: str) -> None:
    outside = {name.partition(".")[0] for name in imports(ENGINE / f"{module}.py")}
    allowed = {"numpy", "gmv_core", "__future__"} | set(sys.stdlib_module_names)
    assert outside <= allowed


@pytest.mark.parametrize("module", ["gmv_core", "gmv_core.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ENGINE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_nothing_is_pickled() -> None:
    for path in ENGINE.glob("*.py"):
        assert "pickle" not in imports(path), path.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
                assert isinstance(node.value, ast.Constant), path.name
                assert node.value.value is (node.arg == "weights_only"), path.name
