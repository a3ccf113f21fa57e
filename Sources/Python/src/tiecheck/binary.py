"""Where the program `tiecheck` is: in the wheel, or on this machine."""

import os
import shutil
import subprocess
import sys

_names = ("tiecheck.exe", "tiecheck") if os.name == "nt" else ("tiecheck",)


def binary():
    """The path of the program.

    The environment's TIECHECK_BINARY goes first, then the one in this package, then the one on PATH.
    """
    named = os.environ.get("TIECHECK_BINARY")
    if named:
        if not os.path.isfile(named):
            raise FileNotFoundError("TIECHECK_BINARY is %s, and there is no such file" % named)
        return named
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin")
    for name in _names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    for place in os.environ.get("PATH", "").split(os.pathsep):
        path = shutil.which("tiecheck", path=place) if place else None
        # The command that this package installs is a Python script, and would start itself.
        if path and not _is_script(path):
            return path
    raise FileNotFoundError(
        "the program tiecheck is not in this package and not on PATH. Install a wheel that was built for this "
        "machine, or build the program (swift build -c release --product tiecheck) and name it in TIECHECK_BINARY."
    )


def _is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def main():
    """The command `tiecheck`: the program, with these arguments."""
    try:
        path = binary()
    except FileNotFoundError as error:
        print("Error: %s" % error, file=sys.stderr)
        return 70
    arguments = [path] + sys.argv[1:]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(path, arguments)
    return subprocess.run(arguments).returncode
