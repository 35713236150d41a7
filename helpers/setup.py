"""Is the project's own environment there?  .venv, made from requirements.lock, made again when the lock changes.

    python3 -m helpers.setup     standard library only; says the line to run where something of the system is missing
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
PIP = ("-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input")


def main(root=ROOT):
    """Makes the environment unless it is there; 0, or 1 after a line that says what is missing.

    An old Python hands over to the newest that runs here.
    """
    newer = newest() if sys.version_info[:2] < OLDEST else ""
    if newer:
        return subprocess.call([newer, "-m", "helpers.setup"], cwd=str(root))
    missing = what_is_missing()
    if missing:
        print(missing, file=sys.stderr)
        return 1
    if is_ready(root):
        return 0
    if not is_own(root):
        print("setup: .venv is a link, or a folder that no environment is in; expected none, or one of Python's; "
              "move it away, then run it again", file=sys.stderr)
        return 1
    print("Setting up .venv from requirements.lock; this takes some minutes, once.", flush=True)
    try:
        make(root)
    except subprocess.CalledProcessError as stop:
        told = f"setup: {stop.cmd[0]} ended with {stop.returncode}; see the lines above, then run it again"
        print(told, file=sys.stderr)
        return 1
    return 0


def what_is_missing(version=sys.version_info[:2], has_pip=None):
    """What to run before the environment can be made, in one line; "" when nothing is missing."""
    if version < OLDEST:
        return (f"setup: this is Python {version[0]}.{version[1]}, and no newer one is on the path; expected 3.11 or "
                "newer; install one, or name it, like: make report PYTHON=/opt/python3.12/bin/python3")
    if not (_has_pip() if has_pip is None else has_pip):
        package = f"python{version[0]}.{version[1]}-venv"
        return f"setup: Python comes without venv here; run:  {_sudo()}apt-get install -y {package}"
    return ""


def newest():
    """The newest Python on the path that is new enough and can make environments, or ""."""
    for name in ["python3.%d" % minor for minor in range(20, OLDEST[1] - 1, -1)]:
        if shutil.which(name) and not subprocess.call([name, "-c", "import ensurepip"], stderr=subprocess.DEVNULL):
            return name
    return ""


def is_ready(root):
    """Whether the environment was made from this lock, here, by this version of Python."""
    stamp = root / ".venv" / "stamp"
    return stamp.is_file() and stamp.read_text() == fingerprint(root) and python(root).exists()


def is_own(root):
    """Whether .venv may be made anew: it is not there, is empty, or is an environment of Python."""
    folder = root / ".venv"
    if folder.is_symlink() or folder.exists() and not folder.is_dir():
        return False
    marked = any((folder / name).is_file() for name in ("pyvenv.cfg", "stamp"))
    return not folder.exists() or marked or not any(folder.iterdir())


def make(root):
    """Makes the environment anew; its stamp comes last, so that half an environment is never taken for one."""
    shutil.rmtree(root / ".venv", ignore_errors=True)
    _run(root, sys.executable, "-m", "venv", ".venv")
    _run(root, python(root), *PIP, "--require-hashes", "-r", "requirements.lock")
    _run(root, python(root), *PIP, "--no-deps", "--no-build-isolation", "-e", ".")
    (root / ".venv" / "stamp").write_text(fingerprint(root))


def fingerprint(root):
    """What the environment is made from: the lock and the project's declaration, place and Python's version."""
    parts = [(root / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")]
    parts += [str(root).encode(), ".".join(map(str, sys.version_info[:2])).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def python(root):
    """The environment's interpreter."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _has_pip():
    try:
        import ensurepip  # noqa: F401  (Debian takes it out of its Python)
    except ImportError:
        return False
    return True


def _sudo():
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "


def _run(root, *command):
    subprocess.run([str(part) for part in command], cwd=root, check=True)


if __name__ == "__main__":
    sys.exit(main())
