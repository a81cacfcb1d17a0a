"""What is read of a command line."""

import importlib
import inspect
import logging
import os
import sys
import warnings

import pytest

from jaxgen import main as modes
from jaxgen.commands import flags
from jaxgen.core.errors import UserError

TWICE = {
    "a path": (("--workdir=a", "--workdir", "b"), "--workdir is given twice, as a and as b; give"),
    "a number": (("--num=1", "--num=1"), "--num is given twice, as 1 and as 1; give one"),
    "a list": (("--labels=3,8", "--labels=4"), "--labels is given twice, as 3,8 and as 4; give"),
    "a key": (
        ("--config.seed=1", "--config.data.name=x", "--config.seed=2"),
        "--config.seed is given twice, as 1 and as 2; give one",
    ),
}


@pytest.mark.parametrize(("argv", "message"), TWICE.values(), ids=TWICE)
def test_what_is_given_twice_is_refused(argv, message):
    with pytest.raises(UserError, match=message):
        modes.main(["--mode=sample", *argv])


def test_a_switch_may_be_given_twice():
    given, overrides = flags.parse(["--trust", "--trust", "--config.a=1"], [flags.TRUST])
    assert (given, overrides) == ({"trust": True}, {"a": "1"})


def test_the_console_script_finds_modules_of_the_current_folder(tmp_path, monkeypatch):
    from jaxgen import __main__

    (tmp_path / "my_module_here.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    monkeypatch.setattr(flags, "call", lambda main: __import__("my_module_here"))
    __main__.cli()


def test_help_says_the_default_of_each_mode(capsys):
    modes.main(["--help"])
    sections = capsys.readouterr().out.split("\n--mode=")
    found = {part.partition(":")[0]: part for part in sections}
    for mode, name in (
        ("sample", "samples.png"),
        ("interpolate", "walks.png"),
        ("arithmetic", "arithmetic.png"),
        ("complete", "completions.png"),
        ("colorize", "colorized"),
        ("export", "generator.jaxexport"),
    ):
        (line,) = [line for line in found[mode].splitlines() if line.startswith("  --out=")]
        assert line.endswith(f"({name})")
        assert inspect.signature(run_of(mode)).parameters["out"].default == name


def run_of(mode):
    return getattr(importlib.import_module(f"jaxgen.commands.{mode}"), mode)


def test_arithmetic_takes_as_many_of_each_as_its_help_says(capsys):
    modes.main(["--help"])
    text = capsys.readouterr().out
    assert "--b=B                  as many, whose mean code is B" in text
    with pytest.raises(UserError, match=r"must be equally many .*; they are 2, 1, 0"):
        run_of("arithmetic")("no run", exemplars=([1, 2], [3], []))


def test_what_would_steer_a_terminal_is_written_out(capfd, monkeypatch):
    monkeypatch.setattr(os, "_exit", lambda code: None)
    flags._fail(UserError("x"), "a\x1b[31mb\x07.png 写", 1)
    assert capfd.readouterr().err == "jaxgen: a\\x1b[31mb\\x07.png 写\n"


def test_warnings_are_lines(capsys):
    ours = logging.getLogger("jaxgen")
    before = ours.handlers, ours.propagate
    try:
        flags.say_warnings()
        flags.say_warnings()
        logging.getLogger("jaxgen.data.folder").warning("%d file", 1)
        warnings.warn_explicit("Corrupt EXIF data", UserWarning, "x.py", 1, "PIL.TiffImagePlugin")
    finally:
        ours.handlers, ours.propagate = before
    assert capsys.readouterr().err == "warning: 1 file\n"
