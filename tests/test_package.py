"""What is installed: every pin within the range of its package, the app inside the package."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gmv_core import place

ROOT = Path(__file__).parents[1]
APP = ("app.py", "pages", "ui", "assets", ".streamlit")
# Without a pin in requirements.txt: not installed where the tests run, or pinned for them alone.
UNPINNED = {"dreamsim", "gcsfs", "s3fs", "aiohttp", "ray"}


# Draws every page of an empty workspace in the place where the package lies.
VISIT = """
import sys
from streamlit.testing.v1 import AppTest
import gmv_core
from gmv_core.demo.plan import generated_folder
from gmv_core.place import app_folder

place = app_folder()
sys.path.insert(0, str(place))  # as `streamlit run` does
for page in sorted((place / "pages").glob("*.py")):
    app = AppTest.from_file(str(place / "app.py"), default_timeout=60)
    app.switch_page(f"pages/{page.name}").run()
    assert app.title and not app.exception and not app.error, (page, app.exception, app.error)
import ui
assert (generated_folder() / "labels.csv").is_file()
for found in (gmv_core.__file__, ui.__file__, str(generated_folder()), str(place)):
    print(found)
"""


def pins(name: str = "requirements.txt") -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pinned = {}
    for requirement in (Requirement(line) for line in lines if not line.startswith(("#", "-r"))):
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        pinned[canonicalize_name(requirement.name)] = pin.version
    return pinned


def ranges() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    required = [*project["dependencies"], *(one for extra in extras for one in extra)]
    return {canonicalize_name(one.name): one for one in map(Requirement, required)}


def imported() -> set[str]:
    """Return the top-level modules that the engine and the app import from other projects."""
    found = set()
    for path in [ROOT / "app.py", *(p for d in ("gmv_core", "ui", "pages")
                                    for p in (ROOT / d).rglob("*.py"))]:  # fmt: skip
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"gmv_core", "ui", "pages"}


def test_what_is_pinned_is_what_is_depended_on() -> None:
    assert pins().keys() == ranges().keys() - UNPINNED


def test_every_pin_lies_in_its_range() -> None:
    for name, version in pins().items():
        assert ranges()[name].specifier.contains(version), name


def test_what_is_imported_is_depended_on() -> None:
    projects = packages_distributions()
    for module in imported():
        owners = {canonicalize_name(name) for name in projects.get(module, [module])}
        assert owners & ranges().keys(), f"{module} comes with {owners}"


def test_the_app_lies_beside_the_package_or_inside_it() -> None:
    for name in APP:
        assert (place.app_folder() / name).exists(), name


def test_the_wheel_holds_the_engine_and_the_app_and_no_other_name(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    (info,) = {name.partition("/")[0] for name in names} - {"gmv_core"}
    assert info.startswith("gmv_explorer-") and info.endswith(".dist-info")
    for name in ("gmv_core", *APP):
        inside = "" if name == "gmv_core" else "gmv_core/_app/"
        files = [ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*")
        expected = {
            inside + path.relative_to(ROOT).as_posix()
            for path in files
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected and not expected - names, name
    assert not [name for name in names if name.endswith(".pyc")]


def test_every_page_is_drawn_where_only_the_wheel_is(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    environment = {**os.environ, "PYTHONPATH": str(installed), "GMV_HOME": str(tmp_path / "home")}
    visit = subprocess.run(
        [sys.executable, "-P", "-c", VISIT],
        cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert visit.returncode == 0, visit.stderr
    engine, ui, generated, app = visit.stdout.split("\n")[:4]
    inside = installed / "gmv_core" / "_app"
    assert (engine, app) == (str(installed / "gmv_core" / "__init__.py"), str(inside))
    assert ui == str(inside / "ui" / "__init__.py")
    assert generated == str(inside / "assets" / "demo" / "generated")


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions that a lock has of each package; several where Pythons need others."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    versions = dict[str, set[str]]()
    for number, line in enumerate(lines):
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix(" \\"))
            (pin,) = requirement.specifier
            versions.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
            assert lines[number + 1].strip().startswith("--hash=sha256:"), line
    return versions


def test_the_locks_have_every_pin_and_a_hash_for_each_package() -> None:
    packages, with_tools = locked("requirements.lock"), locked("requirements-dev.lock")
    for name, version in pins().items():
        assert packages[name] == {version}, name
    for name, version in pins("requirements-dev.txt").items():
        assert with_tools[name] == {version}, name
    # What the tests run with is what is installed without them.
    for name, versions in packages.items():
        assert with_tools[name] == versions, name
