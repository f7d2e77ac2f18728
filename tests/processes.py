"""The examples as processes: run to their end, or killed at a line that they print."""

import os
import signal
import subprocess
import sys
from pathlib import Path

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
