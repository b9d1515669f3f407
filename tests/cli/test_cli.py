"""The command line, in process and as a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite.cli import main
from autograd_lite.drawing import STYLES

DOMKE = "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)"


def run(*args, **options):
    """The program in a process of its own."""
    environment = {**os.environ, **options.pop("env", {})}
    command = [sys.executable, "-W", "error", "-m", "autograd_lite", *args]
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, **options)


def test_help_and_version_as_a_program():
    shown = run("--help")
    assert shown.returncode == 0
    assert b"grad" in shown.stdout
    assert b"chapter7" in shown.stdout
    version = run("--version")
    assert version.returncode == 0
    assert version.stdout.split() == [b"autograd-lite", ag.__version__.encode()]
    assert not shown.stderr
    assert not version.stderr


def test_the_derivative_calculator_as_a_program(tmp_path):
    picture = tmp_path / "g.svg"
    done = run("grad", DOMKE, "x=0.1", "--svg", str(picture))
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == "f     = 10.970524853260402\n∂f/∂x = 33.90776829990312\n"
    assert not done.stderr
    assert ET.parse(picture).getroot().tag.endswith("svg")


def test_a_terminal_without_unicode_gets_an_answer():
    done = run("grad", "x*y", "x=2", "y=3", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.decode("ascii").splitlines() == ["f     = 6", "?f/?x = 3", "?f/?y = 2"]


def test_a_reader_that_stops_reading_is_no_error():
    command = [sys.executable, "-m", "autograd_lite", "grad", "x", "x=1", "--trace"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


def out(capsys, *args):
    """Exit code, stdout and stderr of a command in this process."""
    code = main(list(args))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_value_and_every_partial_derivative(capsys):
    code, text, errors = out(capsys, "grad", "x*sin(y) + 0*unused", "x=2", "y=pi/2", "unused=1", "--digits", "6")
    assert (code, errors) == (0, "")
    assert text.splitlines() == ["f          = 2", "∂f/∂x      = 1", "∂f/∂y      = 1.22465e-16", "∂f/∂unused = 0"]


def test_the_result_is_named_apart_from_the_variables(capsys):
    assert out(capsys, "grad", "f*y", "f=2", "y=3")[1].splitlines()[0] == "z     = 6"
    assert out(capsys, "grad", "beta0*2", "beta0=2")[1].splitlines()[1] == "∂f/∂β₀ = 2"


def test_a_formula_that_is_a_variable_or_a_number(capsys):
    assert out(capsys, "grad", "x", "x=2")[1] == "x     = 2\n∂x/∂x = 1\n"
    assert out(capsys, "grad", "2*3", "x=1")[1] == "f     = 6\n∂f/∂x = 0\n"
    assert out(capsys, "grad", "9**9**9")[1] == "f = inf\n"


def test_a_formula_may_begin_with_a_minus(capsys):
    assert out(capsys, "grad", "-x**2", "x=-3")[1] == "f     = -9\n∂f/∂x = 6\n"
    assert out(capsys, "grad", "x=2", "-x", "--digits", "3")[0] == 2
    assert "usage" in out(capsys, "grad", "-h")[1]


def test_the_trace_and_its_formats(capsys):
    code, text, _ = out(capsys, "grad", DOMKE, "x=0.1", "--trace")
    assert code == 0
    assert text.startswith("Forward pass\n")
    assert "33.90776829990312" in text
    assert out(capsys, "grad", DOMKE, "x=0.1", "--format", "markdown")[1].startswith("**Forward pass**")
    assert out(capsys, "grad", DOMKE, "x=0.1", "--format", "html")[1].startswith('<div class="agl-trace">')
    assert out(capsys, "grad", DOMKE, "x=0.1", "--format", "latex")[1].startswith(r"\begin{aligned}")
    assert "Forward mode: the derivatives with respect to x" in out(capsys, "grad", DOMKE, "x=0.1", "--forward", "x")[1]


def test_json(capsys):
    _, text, _ = out(capsys, "grad", "x*y", "x=2", "y=3", "--format", "json")
    assert json.loads(text) == {"value": 6.0, "gradient": {"x": 3.0, "y": 2.0}}
    _, text, errors = out(capsys, "grad", "log(x)", "x=0", "--format", "json")
    assert json.loads(text) == {"value": "-inf", "gradient": {"x": "inf"}}
    assert errors.startswith("autograd-lite: note: the gradient of leaf 'x' is inf")


@pytest.mark.parametrize("style", [style for style in STYLES if style != "network"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(capsys, tmp_path, style, theme):
    picture = tmp_path / "g.svg"
    code, _, errors = out(capsys, "grad", DOMKE, "x=0.1", "--svg", str(picture), "--style", style, "--theme", theme)
    assert (code, errors) == (0, "")
    ET.parse(picture)


def test_every_style_of_the_registry_can_be_asked_for(capsys, tmp_path):
    picture = tmp_path / "g.svg"
    for style in STYLES:
        assert (
            out(capsys, "grad", "affine([x], [w], b)", "x=1", "w=2", "b=3", "--svg", str(picture), "--style", style)[0]
            == 0
        )
        ET.parse(picture)


def test_the_ending_of_the_picture_is_its_format(capsys, tmp_path, monkeypatch):
    for ending in ("png", "PNG"):
        picture = tmp_path / f"g.{ending}"
        code, _, errors = out(capsys, "grad", "sin(x)", "x=1", "--svg", str(picture))
        if code == 0:
            assert picture.read_bytes().startswith(b"\x89PNG")
        else:
            assert "can't write png" in errors
            assert not picture.exists()
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    for ending in ("png", "pdf", "gif"):
        code, text, errors = out(capsys, "grad", "sin(x)", "x=1", "--svg", str(tmp_path / f"none.{ending}"))
        assert code == 1
        assert "f     = 0.84" in text
        assert f"our own layout can't write {ending}" in errors
        assert not (tmp_path / f"none.{ending}").exists()


@pytest.mark.parametrize(
    ("formula", "born"),
    [("1/x", "div(1.0, 'x' = 0.0) is inf"), ("log(x)", "log('x' = 0.0) is -inf"),
     ("3*sqrt(x)", "sqrt('x' = 0.0) = 0.0: the partial derivative with respect to 'x' is inf")],
)  # fmt: skip
def test_a_pole_is_named_with_its_op(capsys, formula, born):
    code, text, errors = out(capsys, "grad", formula, "x=0")
    assert code == 0
    assert text.startswith("f     = ")
    assert born in errors
    assert "ag." not in errors


def test_the_calculator_needs_no_numpy(tmp_path):
    code = (
        "import sys; sys.modules['numpy'] = None; from autograd_lite.cli import main; "
        "sys.exit(main(['grad', 'x**2', 'x=3', '--svg', 'g.svg', '--trace']) + main(['explore', 'sin(x)*x', 'x=3']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "g.svg").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["grad", "foo(x)", "x=1"], "there is no function 'foo'; did you mean"),
        (["grad", "x +", "x=1"], "this is not a formula"),
        (["grad", "x*y", "x=1"], "there is no variable 'y'; give it a value, as in y=1.5 (column 3)"),
        (["grad", "x", "x"], "'x' is not NAME=NUMBER, as in x=0.1"),
        (["grad", "x", "1x=2"], "is not NAME=NUMBER"),
        (["grad", "x", "x=1", "x=2"], "x is given twice"),
        (["grad", "x", "x=one"], "x: there is no variable 'one'; a number is 1.5 or pi/4"),
        (["grad", "x", "x=one", "one=1.5"], "x: there is no variable 'one'; a number is 1.5 or pi/4"),
        (["grad", "x", "x="], "x= lacks its number: write x=0.1"),
        (["grad", "x=2"], "x=2 is a variable: the formula comes first"),
        (["grad", "x^2", "x=3"], "powers are written **; did you mean x**2 ?"),
        (["explore", "x^2", "x=3"], "powers are written **; did you mean x**2 ?"),
        (["grad", "2x", "x=3"], "did you mean 2*x ?"),
        (["grad", "sin x", "x=3"], "did you mean sin(x) ?"),
        (["grad", "cosx", "x=3"], "did you mean cos(x) ?"),
        (["grad", "x*y+xy", "x=3", "y=2"], "did you mean x*y ?"),
        (["grad", "x*y", "x=3,", "y=2"], "one word of the command, as in x=3"),
        (["grad", "x*y", "x=3;", "y=2"], "one word of the command, as in x=3"),
        (["grad", "x*y", "x=1 y=2"], "one word of the command, as in x=1 y=2"),
        (["grad", "x*y", "x=1,y=2"], "one word of the command, as in x=1 y=2"),
        (["grad", "x*y", "x = 1, y = pi/4"], "one word of the command, as in x = 1 y = pi/4"),
        (["grad", "3,5*x", "x=3"], "decimals have a point"),
        (["grad", "x", "x=3,5"], "decimals have a point"),
        (["grad", "x*y", "x==1", "y=2"], "write x=1\n"),
        (["grad", "x", "x=="], "write x=0.1\n"),
        (["grad", "lambda*2", "lambda=1"], "call it lambda_, in the formula too"),
        (["x*y", "x=1", "y=2"], "write autograd-lite grad 'x*y' x=1 y=2\n"),
        (["grad", "x·y", "x=1", "y=2"], "did you mean x*y ?"),
        (["grad", "np.sin(x)", "x=1"], "did you mean sin(x) ?"),
        (["grad", "SIN(x)", "x=1"], "did you mean sin?"),
        (["grad", "arsinh(x)", "x=1"], "did you mean asinh?"),
        (["grad", "x if x > 0 else -x", "x=1"], "where(x > 0, a, b)"),
        (["grad", "d/dx x^2", "x=1"], "did you mean x**2 ?"),
        (["grad", "x!", "x=1"], "did you mean gamma(x+1) ?"),
        (["grad", "x", "x=1", "--digits", "0"], "--digits is from 1 to 17"),
        (["grad", "x", "x=1", "--forward", "y"], "there is no variable 'y'"),
        (["grad", "3", "x=1", "--forward", "x"], "the formula does not depend on x"),
        (["grad", "__import__('os').system('true')"], "by their names"),
        (["grad", "x\udcff", "x=1"], "surrogates"),
    ],
)
def test_misuse_is_exit_code_2_in_one_line(capsys, args, message):
    code, text, errors = out(capsys, *args)
    assert code == 2
    assert text == ""
    assert message in errors
    assert errors.startswith("autograd-lite: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "args", [[], ["paint"], ["grad"], ["grad", "x", "x=1", "--format", "pdf"], ["grad", "x", "--digits", "many"]]
)
def test_what_argparse_refuses(capsys, args):
    code, text, errors = out(capsys, *args)
    assert code == 2
    assert text == ""
    assert "usage: autograd-lite" in errors
    assert "Traceback" not in errors


def test_a_file_that_cannot_be_written_is_exit_code_1(capsys, tmp_path):
    code, text, errors = out(capsys, "grad", "x*2", "x=1", "--svg", str(tmp_path / "no" / "such" / "g.svg"))
    assert code == 1
    assert "∂f/∂x = 2" in text
    assert "No such file" in errors
    occupied = tmp_path / "file"
    occupied.write_text("")
    code, _, errors = out(capsys, "chapter7", "--out", str(occupied))
    assert code == 1
    assert errors.startswith("autograd-lite: ")


def test_a_format_that_no_program_knows(capsys, tmp_path):
    code, _, errors = out(capsys, "grad", "x*x", "x=1", "--svg", str(tmp_path / "g.xyz"))
    assert (code, "write svg, png or pdf" in errors, "install" in errors) == (1, True, False)


def test_chapter7_takes_the_numbers_of_figures(capsys, tmp_path):
    code, _, _ = out(capsys, "chapter7", "7.3", "7.9", "--out", str(tmp_path))
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure_7_3.svg", "figure_7_9.svg", "index.html"]


def test_chapter7_refuses_a_figure_that_is_not_there(capsys, tmp_path):
    code, _, errors = out(capsys, "chapter7", "--out", str(tmp_path), "--only", "7.4", "7.12")
    assert code == 2
    assert errors.startswith("autograd-lite: there is no figure 7.12 here, only 7.1, 7.2")


def test_chapter7_as_a_program(tmp_path):
    done = run("chapter7", "--out", str(tmp_path / "deep" / "figures"), "--only", "7.4", "7.9")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "deep" / "figures" / "index.html").exists()
    assert b"index.html" in done.stdout
