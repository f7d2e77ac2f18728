"""The examples: as processes run to their end or killed at a line that they print, or here."""

import contextlib
import importlib.util
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments, cwd):
    """Runs an example to its end."""
    return subprocess.run(
        _command(name, arguments),
        cwd=cwd,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def load_example(name):
    """Imports an example as a module."""
    specification = importlib.util.spec_from_file_location(
        name.removesuffix(".py"), EXAMPLES / name
    )
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    return example


def run_here(name, *arguments, cwd):
    """Runs an example in this process, which saves TensorFlow's import: what ends soon.

    An error that is no `SystemExit` is raised.
    """
    printed, complained, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", [name, *map(str, arguments)]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
    ):
        try:
            load_example(name).main()
        except SystemExit as end:
            code = end.code
    if isinstance(code, str):
        complained.write(code)
        code = 1
    return subprocess.CompletedProcess(name, code or 0, printed.getvalue(), complained.getvalue())


def run_until(line_begins, name, *arguments, cwd):
    """Kills an example (SIGKILL) at a line that begins so, if any; returns its lines."""
    lines = []
    with subprocess.Popen(
        _command(name, arguments), cwd=cwd, env=os.environ, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            lines.append(line)
            if line_begins and line.startswith(line_begins):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == (-signal.SIGKILL if line_begins else 0)
    return lines


def _command(name, arguments):
    return [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
