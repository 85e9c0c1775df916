#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Joins what an HTML report carries beside its tables: the style, and one script of Vega, Vega-Lite,
Vega-Embed, the interpreter, the specifications and page.js. Also writes the assembler file that
puts them into the tote program, and the policy, which allows these two texts by hash and nothing else.

    join.py CHARTS OUT [--dev]      --dev: also what the tests need (axe-core)

The libraries are fetched by `npm ci` as package-lock.json pins them, into OUT.npm, once. Without npm,
or if that fails, there is no script, and the page says why: the build goes on. Not for what a chart
shows (*.vl.json) nor for how they are drawn (page.js)."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

LIBRARIES = ("vega/build/vega.min.js", "vega-lite/build/vega-lite.min.js",
             "vega-embed/build/vega-embed.min.js")
INTERPRETER = "vega-interpreter/build/vega-interpreter.js"
BUNDLED = "vega|d3-|topojson-client|fast-json-patch|json-stringify|semver|tslib|delaunator|robust-|internmap"
LOCKED = ("package.json", "package-lock.json")
HOW = "make charts"
FAILED = "npm could not fetch the chart libraries where tote was built: make charts, with a network"
TRY_AGAIN_S = 600  # after a fetch that failed: every build comes by here


class Without(Exception):
    """Why there are no charts, for people."""


# --- the libraries ---

def fetch(charts, folder, wants_dev):
    """A folder node_modules as the lock says; runs npm only if it is not there yet."""
    wanted = hashlib.sha256(b"".join((charts / name).read_bytes() for name in LOCKED)).hexdigest()
    marks = [folder / f"fetched-{kind}" for kind in (["dev"] if wants_dev else ["plain", "dev"])]
    if any(mark.is_file() and mark.read_text() == wanted for mark in marks):
        return folder / "node_modules"
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        raise Without(f"no Node.js where tote was built: {HOW}")
    log = folder / "npm.log"
    if log.is_file() and time.time() - log.stat().st_mtime < TRY_AGAIN_S:
        raise Without(FAILED)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in LOCKED:
        shutil.copyfile(charts / name, folder / name)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
         "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", *([] if wants_dev else ["--omit=dev"])],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        log.write_text(done.stdout + done.stderr)
        raise Without(FAILED)
    marks[0].write_text(wanted)
    return folder / "node_modules"


def once(pattern, into, text):
    text, n = re.subn(pattern, into, text, flags=re.M)
    if n != 1:
        raise SystemExit(f"join.py: {INTERPRETER} is not as it was: /{pattern}/ matches {n} times")
    return text


def interpreter(path):
    """It comes as a module only; what it imports is in vega's bundle."""
    text = path.read_text(encoding="utf-8")
    text = once(r"^import (\{[^}]*\}) from 'vega-util';$", r"const \1 = vega;", text)
    text = once(r"^export \{ expression as expressionInterpreter \};$",
                "return { expressionInterpreter: expression };", text)
    return "const toteInterpreter = (() => {\n" + text + "\n})();"


# --- the parts ---

def as_script(value):
    """JSON that is safe within a script element."""
    text = json.dumps(value, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def specifications(charts):
    found = {}
    for path in sorted(charts.glob("*.vl.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        if not one.get("title") or not one.get("description"):
            raise SystemExit(f"join.py: {path.name} has no title or no description")
        found[path.name.removesuffix(".vl.json")] = one
    return found


def licences(modules):
    """Of all that is within the bundles, as their licences ask for; equal ones once."""
    texts = {}
    for path in sorted(modules.glob("*/LICENSE*")):
        if re.match(BUNDLED, path.parent.name):
            text = path.read_text(encoding="utf-8").replace("*/", "* /").strip()
            texts.setdefault(text, []).append(path.parent.name)
    return "\n\n".join(", ".join(names) + ":\n" + text for text, names in texts.items())


def script(charts, modules):
    def source(name):
        text = (modules / name).read_text(encoding="utf-8")
        return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.M).strip()

    config = json.loads((charts / "config.json").read_text(encoding="utf-8"))
    parts = ["/*!\n" + licences(modules) + "\n*/", *(source(name) for name in LIBRARIES),
             interpreter(modules / INTERPRETER),
             f"const toteCharts = {as_script(specifications(charts))};",
             f"const toteConfig = {as_script(config)};",
             (charts / "page.js").read_text(encoding="utf-8")]
    text = "\n".join(parts)
    # What would end the element, or begin a comment in it; only ever within a string or a pattern.
    return re.sub(r"<(?=/script|script|!--)", r"\\x3c", text, flags=re.I)


def hash_of(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style, code):
    return ("default-src 'none'; base-uri 'none'; form-action 'none'; "
            f"style-src {hash_of(style)}; script-src {hash_of(code) if code else chr(39) + 'none' + chr(39)}")


def assembler(out, names):
    """Names it by their digests, so that it is newer when they are."""
    lines = ["/* Made by charts/join.py: the parts of an HTML report, as texts. */",
             '.section .rodata, "a"']
    for name in names:
        path = out / name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        symbol = "tote_page_" + name.partition(".")[0]
        lines += [f"/* {digest} */", f".globl {symbol}", f".hidden {symbol}", f"{symbol}:",
                  f".incbin {json.dumps(str(path.resolve()))}", ".byte 0"]
    return "\n".join([*lines, '.section .note.GNU-stack, "", %progbits', ""])


def read(path):
    return path.read_text(encoding="utf-8") if path.is_file() else None


def write(path, text):
    """Only what has changed, so that nothing is built again for nothing."""
    if read(path) != text:
        path.write_text(text, encoding="utf-8")


def main():
    charts, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(exist_ok=True)
    code = why = ""
    try:
        modules = fetch(charts, out.with_name(out.name + ".npm"), "--dev" in sys.argv)
        code = script(charts, modules)
    except Without as reason:
        why = str(reason)
        if read(out / "without.txt") != why:
            print(f"charts: HTML reports will have tables, but no charts: {why}", file=sys.stderr)
    style = (charts / "page.css").read_text(encoding="utf-8")
    texts = {"style.css": style, "script.js": code, "policy.txt": policy(style, code),
             "without.txt": why}
    for name, text in texts.items():
        write(out / name, text)
    write(out.with_name("page.S"), assembler(out, texts))


main()
