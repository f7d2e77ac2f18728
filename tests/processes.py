"""Scripts: in processes of their own, run to their end or killed at a line they print, or here."""

import contextlib
import gc
import importlib.util
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import tensorflow as tf

EXAMPLES = Path(__file__).parents[1] / "examples"
# Imported once, in a process that has no thread yet and that each script is a fork of.
_IMPORTS = ("keras_tuner", "matplotlib.pyplot", "skimage.feature", "sklearn.metrics", "tensorflow")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_IMPORTS))


class Script:
    """A script in a process of its own, a fork of one that did the long imports.

    Attributes:
        lines: what it prints, as an iterator that ends with the process.
        returncode: `None` until `wait` has returned.
    """

    def __init__(self, path, *arguments, cwd=".", env=os.environ):
        """Starts it."""
        self._errors = tempfile.NamedTemporaryFile("r")
        reader, writer = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(
            target=_run,
            args=(str(path), list(map(str, arguments)), str(cwd), dict(env), writer),
            kwargs={"errors": self._errors.name},
        )
        self._process.start()
        writer.close()
        self.lines = os.fdopen(os.dup(reader.fileno()))
        reader.close()
        self.returncode = None

    def kill(self):
        """Sends SIGKILL."""
        os.kill(self._process.pid, signal.SIGKILL)

    def wait(self):
        """Waits for the end; returns what was complained of."""
        self.lines.close()
        self._process.join()
        self.returncode = self._process.exitcode
        with self._errors:
            return self._errors.read()


def _run(path, arguments, cwd, env, output, *, errors):
    """Becomes `python path arguments`, as far as the script can see."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    with open(errors, "w") as file:
        os.dup2(file.fileno(), 2)
    os.dup2(output.fileno(), 1)
    output.close()
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", 1)
    sys.argv, sys.path[:0] = [path, *arguments], [str(Path(path).parent)]
    save_time()
    runpy.run_path(path, run_name="__main__")


def save_time():
    """Leaves out what takes longer than it saves in the few steps of a test."""
    # Two processes test on two cores: a thread each.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # To optimise a graph takes longer than to run it.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    # A traced graph is a million Python objects, and most of a test is tracing.
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def run_command(name, *arguments, cwd):
    """Runs an example to its end as a user does: nothing was imported, nothing is left out."""
    command = [sys.executable, EXAMPLES / name, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def run(name, *arguments, cwd):
    """Runs an example to its end."""
    script = Script(EXAMPLES / name, *arguments, cwd=cwd)
    printed = script.lines.read()
    complained = script.wait()
    return subprocess.CompletedProcess(name, script.returncode, printed, complained)


def load_example(name):
    """Imports an example as a module."""
    specification = importlib.util.spec_from_file_location(
        name.removesuffix(".py"), EXAMPLES / name
    )
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    return example


def run_here(name, *arguments, cwd):
    """Runs an example in this process: what ends soon.

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


def lines_until(line_begins, path, *arguments, cwd="."):
    """Kills a script (SIGKILL) at a line that begins so, if any; returns its lines."""
    script, lines = Script(path, *arguments, cwd=cwd), []
    for line in script.lines:
        lines.append(line)
        if line_begins and line.startswith(line_begins):
            script.kill()
            break
    complained = script.wait()
    assert script.returncode == (-signal.SIGKILL if line_begins else 0), complained[-3000:]
    return lines


def run_until(line_begins, name, *arguments, cwd):
    """Kills an example at a line that begins so, if any; returns its lines."""
    return lines_until(line_begins, EXAMPLES / name, *arguments, cwd=cwd)
