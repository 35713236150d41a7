"""Which versions does a conda user get?  The same: environment.yml is made from pyproject.toml and requirements.lock.

    python -m helpers.environment → environment.yml
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {"duckdb": "python-duckdb", "jupyter-client": "jupyter_client"}
FROM_PIP = ("playwright", "beancount")  # not on conda-forge under that name, or not in that version
HEAD = """\
# Made by: python -m helpers.environment
# The same versions as requirements.lock, for: conda env create -f environment.yml
name: finops-tbm-workbook
channels:
  - conda-forge
  - nodefaults
dependencies:
"""


def main() -> None:
    """Writes environment.yml."""
    (ROOT / "environment.yml").write_text(text(), encoding="utf-8", newline="\n")


def text() -> str:
    """The content of environment.yml: the project's direct dependencies, each at its locked version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    direct = sorted(name_of(line) for line in [*project["dependencies"], *project["optional-dependencies"]["test"]])
    conda = [f"{CONDA_NAMES.get(name, name)}={locked[name]}" for name in direct if name not in FROM_PIP]
    from_pip = [f"{name}=={locked[name]}" for name in direct if name in FROM_PIP]
    lines = [f"  - {line}" for line in [f"python{project['requires-python']}", *sorted(conda), "pip", "pip:"]]
    return HEAD + "\n".join([*lines, *(f"      - {line}" for line in [*from_pip, "-e ."])]) + "\n"


def versions(lock: str) -> dict[str, str]:
    """The version of each package in the lock; where Pythons differ, the first."""
    found: dict[str, str] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE):
        found.setdefault(name, version)
    return found


def name_of(requirement: str) -> str:
    """The package's name: pandas for pandas>=3."""
    return re.match(r"[A-Za-z0-9-]+", requirement).group().lower()


if __name__ == "__main__":
    main()
