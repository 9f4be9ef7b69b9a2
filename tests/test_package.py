"""What is installed: every pin within the range of its package, the app in its place."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gmv_core import place

ROOT = Path(__file__).parents[1]


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.partition("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, _, version in pinned}


def ranges() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    told = [*project["dependencies"], *extras["quality"], *extras["lpips"]]
    return {canonicalize_name(one.name): one for one in map(Requirement, told)}


def test_what_is_pinned_is_what_is_depended_on() -> None:
    assert pins().keys() == ranges().keys()


def test_every_pin_lies_in_its_range() -> None:
    for name, version in pins().items():
        assert ranges()[name].specifier.contains(version), name


def test_the_app_lies_beside_the_package_or_inside_it() -> None:
    folder = place.app_folder()
    for name in ("app.py", "pages/start.py", "ui/frame/shell.py", "assets/icon.png",
                 ".streamlit/config.toml"):  # fmt: skip
        assert (folder / name).is_file(), name


def test_what_the_app_needs_is_packed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert packed == {
        "app.py": "gmv_core/_app/app.py",
        "pages": "gmv_core/_app/pages",
        "ui": "gmv_core/_app/ui",
        "assets": "gmv_core/_app/assets",
        ".streamlit/config.toml": "gmv_core/_app/.streamlit/config.toml",
    }
