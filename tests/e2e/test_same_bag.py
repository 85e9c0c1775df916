# SPDX-License-Identifier: MIT
"""One bag of real commands over a few hundred real files, the machine's own headers, makes the
same files on every engine as a plain loop, and a store that goes on runs what changed and nothing
else. What a task's end does to a bag: test_failure_paths.py."""

import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

N_FILES, FILE_MAX = 200, 200_000
ODD = ["a b.h", "it's.h", '"q".h', "$(touch x).h", "`touch y`.h", "-n.h", "--.h", "*.h", "é.h",
       "{item}.h", "a;b&c|d.h", "\\.h", " .h", "~.h", "#.h"]
WAYS = [("local:mode=serve", "shared"), ("local:mode=spawn", "shared"), ("workqueue", "shared"),
        ("workqueue", "staged"), ("ray", "shared")]
BOTH = ("gzip -nkc < {in:data/{item}} > {out:packed/{base}.gz} && "
        "sha256sum < {in:data/{item}} > {out:sums/{base}}")


@pytest.fixture(scope="module")
def headers(tmp_path_factory):
    """A folder of copies, some of them with names that are not made for shells."""
    folder = tmp_path_factory.mktemp("headers")
    found = sorted(path for path in pathlib.Path("/usr/include").rglob("*.h")
                   if path.is_file() and path.stat().st_size <= FILE_MAX)[:N_FILES]
    for i, path in enumerate(found):
        shutil.copyfile(path, folder / (ODD[i] if i < len(ODD) else f"{i:03d}-{path.name}"))
    if len(found) < len(ODD):
        pytest.skip("no headers in /usr/include")
    return folder


@pytest.fixture
def data(tote, headers):
    shutil.copytree(headers, tote.folder / "data")
    return sorted(os.listdir(headers))


def listed(names):
    return "".join(name + "\0" for name in names)


def tree(folder):
    """{name: bytes} of all files below, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if not path.is_dir()}


def untouched(folder):
    """What changes of a file when anybody does more to it than read it."""
    return {path.name: (info.st_ino, info.st_mode, info.st_nlink, info.st_size, info.st_ctime_ns)
            for path in folder.iterdir() for info in [path.stat()]}


def by_hand(folder):
    """The plain loop."""
    files = {}
    for path in folder.iterdir():
        packed = subprocess.run(["gzip", "-nkc"], stdin=open(path, "rb"), capture_output=True,
                                check=True).stdout
        files[f"packed/{path.name}.gz"] = packed
        files["sums/" + path.name] = (hashlib.sha256(path.read_bytes()).hexdigest() +
                                      "  -\n").encode()
    return files


def usable(way, usable_engines):
    engine, data = way
    if engine.partition(":")[0] not in usable_engines:
        pytest.skip(f"engine {engine} is not usable")
    return ["--engine", engine, "--data", data]


# --- every engine as the plain loop ---

@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_the_files_are_those_of_a_plain_loop(tote, data, way, usable_engines):
    done = tote.ok("run", *usable(way, usable_engines), "-0", "--output", "none", "--shell", "--",
                   BOTH, input=listed(data))
    assert f"tote: {len(data)} done of {len(data)}" in done.err
    assert tree(tote.folder / "results") == by_hand(tote.folder / "data")
    assert len(os.listdir(tote.folder / "data")) == len(data)
    tote.assert_recorded_once(len(data))
    tote.assert_nothing_left()


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_files_have_the_modes_that_their_commands_gave(tote, way, usable_engines):
    """By chmod, or by the user's umask."""
    modes = ["755", "644", "600", "444", "775", "711"]
    before = os.umask(0o027)
    try:
        tote.ok("run", *usable(way, usable_engines), "--shell", "--",
                "echo x > {out:{item}}; test {item} = plain || chmod {item} {out:{item}}",
                ":::", "plain", *modes)
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o7777
            for path in (tote.folder / "results").iterdir()} == {
                "plain": 0o640, **{mode: int(mode, 8) for mode in modes}}


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_zfp_without_a_shell(tote, way, usable_engines):
    program = shutil.which("zfp")
    if not program:
        pytest.skip("no program zfp (Debian: apt-get install zfp)")
    (tote.folder / "in").mkdir()
    for i in range(20):
        bits = hashlib.sha512(b"%d" % i).digest() * 64  # 4096 bytes are 1024 floats
        (tote.folder / "in" / f"field {i}.f32").write_bytes(
            b"".join(bits[k:k + 2] + b"\x80\x3f" for k in range(0, len(bits), 4)))
    options = ["-f", "-1", "1024", "-a", "1e-3"]
    tote.ok("run", *usable(way, usable_engines), "--output", "none", "--", program, *options,
            "-i", "{in:in/{item}}", "-z", "{out:{stem}.zfp}",
            ":::", *sorted(os.listdir(tote.folder / "in")))
    (tote.folder / "by-hand").mkdir()
    for path in (tote.folder / "in").iterdir():
        subprocess.run([program, *options, "-i", path, "-z",
                        tote.folder / "by-hand" / f"{path.stem}.zfp"], check=True)
    made = tree(tote.folder / "results")
    assert len(made) == 20 and made == tree(tote.folder / "by-hand")


@pytest.mark.parametrize("tool", ["gzip", "gzip -k", "bzip2", "xz", "bzip2 -k", "xz -k"])
def test_tools_that_refuse_links_take_what_is_staged(tote, data, tool, usable_engines):
    """They replace a plain file with one name, and nothing else; the user's own stays."""
    program = tool.partition(" ")[0]
    if not shutil.which(program):
        pytest.skip(f"no program {program}")
    before = untouched(tote.folder / "data")
    names = data[:12]
    done = tote.ok("run", *usable(("workqueue", "staged"), usable_engines), "-0", "--output",
                   "none", "--shell", "--", f"{tool} {{in:data/{{item}}}} && "
                   "mv {in:data/{item}}.* {out:{item}}", input=listed(names))
    assert f"{len(names)} done of {len(names)}" in done.err
    assert sorted(os.listdir(tote.folder / "results")) == sorted(names)
    for name in names:
        plain = subprocess.run([program, "-dc"], stdin=open(tote.folder / "results" / name, "rb"),
                               capture_output=True, check=True).stdout
        assert plain == (tote.folder / "data" / name).read_bytes()
    assert before == untouched(tote.folder / "data")


def test_standard_output_is_that_of_the_plain_loop(tote, data, engine):
    done = tote.ok("run", "--engine", engine, "--cwd", "start", "-0", "--output", "ordered", "--",
                   "sha256sum", "-z", "data/{item}", input=listed(data))
    plain = subprocess.run(["sha256sum", "-z", *(f"data/{name}" for name in data)],
                           cwd=tote.folder, capture_output=True, text=True, check=True).stdout
    assert done.out == plain


# --- a store goes on ---

class Bag:
    """Files to pack, and what a store has run of them; a task says its item when it runs."""

    def __init__(self, tote, names):
        self.tote, self.names = tote, names
        (tote.folder / "data").mkdir()
        for name in names:
            self.write(name, f"content of {name}\n")

    def write(self, name, text):
        (self.tote.folder / "data" / name).write_text(text)

    def command(self, *more, names=None):
        return ["run", "--store", "s.tote", *more, "--shell", "--",
                "gzip -nkc < {in:data/{item}} > {out:{item}.gz}; echo {item}", ":::",
                *(names or self.names)]

    def run(self, *more, names=None):
        """The items that ran."""
        return sorted(self.tote.ok(*self.command(*more, names=names)).out.splitlines())

    def resume(self, *more):
        return sorted(self.tote.ok("resume", "s.tote", *more).out.splitlines())

    def made(self, name):
        return self.tote.folder / "results" / f"{name}.gz"

    def assert_whole(self, names=None):
        expected = {f"{name}.gz": (self.tote.folder / "data" / name).read_bytes()
                    for name in names or self.names}
        assert {name: gzip.decompress(packed) for name, packed in
                tree(self.tote.folder / "results").items()} == expected


@pytest.fixture
def bag(tote):
    bag = Bag(tote, [f"f{i}" for i in range(12)])
    assert bag.run() == sorted(bag.names)
    bag.assert_whole()
    return bag


FORMS = pytest.mark.parametrize("form", ["run --resume", "resume"])


def go_on(bag, form, *more):
    return bag.resume(*more) if form == "resume" else bag.run("--resume", *more)


@FORMS
def test_nothing_changed_runs_nothing(bag, form):
    times = {name: bag.made(name).stat().st_mtime_ns for name in bag.names}
    assert go_on(bag, form) == []
    assert times == {name: bag.made(name).stat().st_mtime_ns for name in bag.names}


@FORMS
def test_a_changed_input_runs_again_and_replaces_its_file(bag, form):
    bag.write("f3", "other\n")
    bag.write("f7", "content of f8\n")
    assert go_on(bag, form) == ["f3", "f7"]
    bag.assert_whole()
    assert go_on(bag, form) == []


@FORMS
def test_an_input_that_was_only_touched_runs_nothing(bag, form):
    os.utime(bag.tote.folder / "data" / "f3")
    assert go_on(bag, form) == []


def test_an_input_that_is_listed_and_gone_is_said_before_anything_runs(bag):
    (bag.tote.folder / "data" / "f3").unlink()
    bag.write("f4", "other\n")
    done = bag.tote.run(*bag.command("--resume"))
    assert done.status == 2 and "f3" in done.sentence, done
    assert done.out == "" and gzip.decompress(bag.made("f4").read_bytes()) == b"content of f4\n"


def test_a_resume_needs_no_input_of_what_is_done(bag):
    (bag.tote.folder / "data" / "f3").unlink()
    bag.write("f4", "other\n")
    assert go_on(bag, "resume") == ["f4"]


def test_an_item_at_the_front_is_all_that_runs(bag):
    bag.write("new", "new\n")
    names = ["new", *bag.names]
    assert bag.run("--resume", names=names) == ["new"]
    bag.assert_whole(names)
    assert bag.tote.json("status", "s.tote")["done"] == len(names)


def test_another_order_and_fewer_items_run_nothing(bag):
    assert bag.run("--resume", names=bag.names[::-1]) == []
    assert bag.run("--resume", names=bag.names[3:5]) == []
    assert bag.tote.json("status", "s.tote")["total"] == 2


@FORMS
def test_a_published_file_that_is_gone_is_made_again(bag, form):
    bag.made("f2").unlink()
    bag.made("f9").unlink()
    assert go_on(bag, form) == ["f2", "f9"]
    bag.assert_whole()


def test_the_whole_folder_of_results_is_gone(bag):
    shutil.rmtree(bag.tote.folder / "results")
    assert bag.resume() == sorted(bag.names)
    bag.assert_whole()


@FORMS
def test_a_published_file_that_was_changed_is_refused(bag, form):
    bag.made("f5").write_bytes(b"mine")
    args = ["resume", "s.tote"] if form == "resume" else bag.command("--resume")
    done = bag.tote.run(*args)
    assert done.status != 0 and done.out == "", done
    assert "f5.gz" in done.err and "--force" in done.err, done
    assert bag.made("f5").read_bytes() == b"mine"
    assert go_on(bag, form, "--force") == ["f5"]
    bag.assert_whole()


@pytest.mark.parametrize("other", ["workqueue", "ray"])
def test_another_engine_goes_on(bag, other, usable_engines):
    if other not in usable_engines:
        pytest.skip(f"engine {other} is not usable")
    bag.write("f1", "other\n")
    assert bag.resume("--engine", other) == ["f1"]
    bag.made("f2").unlink()
    assert bag.run("--resume", "--engine", other) == ["f2"]
    assert bag.resume("--engine", "local") == []
    bag.assert_whole()
    assert [row[0] for row in bag.tote.rows("SELECT engine FROM run ORDER BY id")][1:3] == [
        other, other]


def test_what_failed_runs_again_when_told(tote, usable_engines):
    command = ["--shell", "--", f"[ {{item}} = good ] || [ -e {tote.folder}/now ] || exit 7; "
               "echo {item}; echo {item} > {out:{item}}", ":::", "good", "bad", "worse"]
    done = tote.run("run", "--store", "s.tote", *command)
    assert done.status == 3 and done.out == "good\n"
    (tote.folder / "now").touch()
    assert tote.run("resume", "s.tote").out == ""
    last = usable_engines[-1]
    done = tote.ok("resume", "s.tote", "--retry-failed", "--engine", last)
    assert sorted(done.out.split()) == ["bad", "worse"]
    assert tree(tote.folder / "results") == {
        name: f"{name}\n".encode() for name in ("good", "bad", "worse")}
    status = tote.json("status", "s.tote")
    assert (status["done"], status["failed"], status["total"]) == (3, 0, 3)


def test_two_stores_do_not_overwrite_each_other(bag):
    command = [word.replace("s.tote", "t.tote") for word in bag.command()]
    done = bag.tote.run(*command)
    assert done.status == 2 and "--force" in done.sentence
    bag.assert_whole()
    command = [word.replace("s.tote", "u.tote") for word in bag.command("--force")]
    assert sorted(bag.tote.ok(*command).out.split()) == sorted(bag.names)
    bag.assert_whole()
