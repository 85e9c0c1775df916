# SPDX-License-Identifier: MIT
"""The virtual environment of tote-engine-ray: finds it, makes it, removes it, goes on in it.
Not for anything that needs Ray itself: this file runs in the system's Python, and in 50 ms."""

import fcntl
import glob
import os
import re
import sys

from tote_engine import Failure

PYTHON_LEAST = (3, 10)  # Ray's own demand
MEND = "tote engines setup ray"
GUARD = "TOTE_RAY_ENVIRONMENT"  # set across the exec, so that a broken environment is no loop
REQUIREMENTS = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                            "tote-engine-ray.requirements.txt")  # fmt: skip


def home():
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # as the XDG specification has it
        base = os.path.expanduser("~/.local/share")
    return os.path.join(base, "tote", "engines", "ray")


def python():
    return os.path.join(home(), "bin", "python")


def _marker():
    """A copy of the requirements that were installed, written last: an environment without one
    is half made. (A virtual environment cannot be made elsewhere and renamed into place.)"""
    return os.path.join(home(), "installed.txt")


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _version_there():
    """Of Ray, from its metadata on disk, for the Python that the environment runs now; after an
    upgrade of the system that may be another than the one it was made with."""
    lib = os.path.join(home(), "lib", os.path.basename(os.path.realpath(python())))
    found = glob.glob(os.path.join(glob.escape(lib), "site-packages", "ray-*.dist-info"))
    return os.path.basename(found[0])[len("ray-") : -len(".dist-info")] if found else ""


def _version_pinned():
    return re.search(rb"^ray==(\S+)", _read(REQUIREMENTS), re.MULTILINE).group(1).decode()


def find():
    """(version, why it is not usable or "", the one command that mends it or "")"""
    pinned, there, marker = _version_pinned(), _version_there(), _read(_marker())
    if there and there != pinned:
        return there, f"Ray {there} is there, this engine is written for {pinned}", MEND
    if not os.path.isdir(home()):
        return "", f"Ray {pinned} is not installed for tote", MEND
    if not there or not marker or not os.access(python(), os.X_OK):
        return "", f"the environment of Ray in {home()} is incomplete", MEND
    if marker != _read(REQUIREMENTS):
        return there, "the packages that Ray needs are of other versions than pinned", MEND
    return there, "", ""


def enter(settings):
    """Returns in the environment's Python, with settings in os.environ; starts the program
    again if need be. Nobody else's Ray or Python settings come along."""
    if os.environ.pop(GUARD, "") == home():
        return
    _, why, mend = find()
    if why:
        raise Failure(f"{why}: {mend}")
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("RAY_", "PYTHON"))}  # fmt: skip
    env.update(settings)
    env[GUARD] = home()
    os.execve(python(), [python(), "-s", os.path.realpath(sys.argv[0])], env)


def _lock(folder):
    """Held until the program and the pip that it started have ended. On the folder itself, so
    that nothing is left behind."""
    while True:
        os.makedirs(folder, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another setup or removal to end")
            fcntl.flock(fd, fcntl.LOCK_EX)
        if os.path.isdir(folder) and os.path.samestat(os.fstat(fd), os.stat(folder)):
            return fd
        os.close(fd)  # a removal took the folder away


def say(text):
    print(f"tote-engine-ray: {text}", file=sys.stderr, flush=True)


def _run(argv, lock, verbose):
    import subprocess

    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    quiet = None if verbose else subprocess.PIPE
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=2 if verbose else quiet,
                          stderr=subprocess.STDOUT, env=env, pass_fds=[lock])  # fmt: skip
    if done.returncode != 0:
        sys.stderr.write((done.stdout or b"").decode(errors="replace"))
        raise Failure(f"'{' '.join(argv[:4])} ...' failed with status {done.returncode}; its "
                      f"output is above. Then try again: {MEND}")  # fmt: skip


def _check_python():
    import importlib.util

    if sys.version_info < PYTHON_LEAST:
        raise Failure(f"Ray needs Python {PYTHON_LEAST[0]}.{PYTHON_LEAST[1]} or newer, "
                      f"{sys.executable} is {sys.version.split()[0]}")  # fmt: skip
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise Failure(f"{sys.executable} cannot make virtual environments: "
                      "apt-get install python3-venv")  # fmt: skip


def _megabytes(folder):
    sizes = (os.lstat(os.path.join(path, name)).st_blocks * 512
             for path, _, names in os.walk(folder) for name in names)  # fmt: skip
    return round(sum(sizes) / 1e6)


def _make(lock, verbose):
    _run([sys.executable, "-m", "venv", home()], lock, verbose)
    pip = [python(), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:",
           "--no-input", "--disable-pip-version-check", "--progress-bar=off", "-r", REQUIREMENTS]  # fmt: skip
    _run(pip, lock, verbose)
    _run([python(), "-c", "import ray"], lock, verbose)
    with open(_marker() + ".new", "wb") as file:
        file.write(_read(REQUIREMENTS))
    os.rename(_marker() + ".new", _marker())


def setup(verbose):
    import shutil
    import time

    start = time.monotonic()
    _check_python()
    try:
        lock = _lock(os.path.dirname(home()))
    except OSError as error:
        raise Failure(f"cannot make {os.path.dirname(home())}: {error.strerror}") from None
    version, why, _ = find()
    if not why:
        say(f"Ray {version} is already there, {_megabytes(home())} MB in {home()}")
        return
    say(f"installing Ray {_version_pinned()} from PyPI into {home()}")
    shutil.rmtree(home(), ignore_errors=True)
    try:
        _make(lock, verbose)
    except BaseException:
        shutil.rmtree(home(), ignore_errors=True)
        raise
    seconds = time.monotonic() - start
    say(f"Ray {_version_pinned()} is there: {_megabytes(home())} MB, took {seconds:.1f} s")


def remove(verbose):
    import shutil

    if not os.path.isdir(home()):
        say("Ray is not there")
        return
    _lock(os.path.dirname(home()))
    megabytes = _megabytes(home())
    try:
        shutil.rmtree(home())
        for folder in (os.path.dirname(home()), os.path.dirname(os.path.dirname(home()))):
            os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        if os.path.isdir(home()):
            raise Failure(f"cannot remove {home()}: {error.strerror}") from None
    say(f"removed Ray, {megabytes} MB")
