"""A finished run in the browser: classify, generate, compare. Not for clinical use.

With no argument it first trains on procedural phantom images for about a minute and shows how far
it is. It answers on this machine alone; a password is needed to let others reach it.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from kerasmedgan.app.access import check_host
from kerasmedgan.app.waiting import WaitingPage

TRAINING = Path(__file__).with_name("end_to_end.py")
DEFAULT_RUN = Path("runs") / "gradio_app-phantom"
PHANTOM = (
    "This is the embedded demo: a smoke run on procedural phantom images, trained in about a "
    "minute. Its numbers say nothing about patients. Serve a run of your own with --run."
)
PASSWORD = "KERASMEDGAN_APP_PASSWORD"


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--run", type=Path, help="folder of a finished run or study (default: a phantom run)")
    add("--host", default="127.0.0.1", help="address to answer on; others need --user")
    add("--port", type=int, default=7860, help="0 takes any that is free (default: 7860)")
    add("--user", help=f"ask for this user and the password in ${PASSWORD}")
    add("--certificate", nargs=2, metavar=("FILE", "KEY"), help="TLS certificate and its key")
    return parser.parse_args()


def read_password(user: str | None) -> tuple[str, str] | None:
    """Returns user and password; a password on the command line could be read by others."""
    if user is None:
        return None
    password = os.environ.get(PASSWORD)
    if not password:
        raise ValueError(f"Expected a password in ${PASSWORD} beside --user. Received: none.")
    return user, password


def train_phantom(output: Path, host: str, port: int) -> int:
    """Trains the phantom smoke run; returns the port that the waiting page had."""
    page = WaitingPage(host, port, PHANTOM)
    print(f"Training on phantom images first. See http://{host}:{page.port}", flush=True)
    command = [sys.executable, TRAINING, "--smoke", "--output", output]
    command += ["--resume"] if (output / "config.json").exists() else []
    training = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    try:
        for text in training.stdout:
            show_progress(text.rstrip(), page)
    finally:
        training.terminate()
        page.close()
    if training.wait():
        raise OSError("The training of the phantom run failed; its last lines say why.")
    return page.port


def show_progress(line: str, page) -> None:
    """Shows a line of the training on the terminal and on the page."""
    # Of a progress bar that draws over itself, the last state.
    line = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[^\r]*\r|\x08", "", line).strip()
    if not line:
        return
    found = re.match(r"\[(\d)/(\d)\] (.*)", line)
    share = None if not found else (int(found[1]) - 0.7) / int(found[2])
    page.update(line, stage=found and f"Stage {found[1]} of {found[2]}: {found[3]}", share=share)
    print(line, flush=True)


def main() -> None:
    """Trains if there is no run, then serves until interrupted."""
    arguments = parse_arguments()
    port, run = arguments.port, arguments.run
    try:
        password = read_password(arguments.user)
        check_host(arguments.host, password)
        if run is None:
            run = DEFAULT_RUN
            if not (run / "serving.json").exists():
                port = train_phantom(run, arguments.host, port)
        # Gradio needs the extra "demo".
        from kerasmedgan.app.serve import serve_run

        origin = PHANTOM if arguments.run is None else f"Run: {run.resolve().name}."
        app = serve_run(
            run,
            origin=origin,
            host=arguments.host,
            port=port,
            password=password,
            certificate=arguments.certificate,
        )
    except ModuleNotFoundError as error:
        sys.exit(f"gradio_app.py: error: {error}. Install it with: pip install -e '.[demo]'")
    except (ValueError, OSError) as error:
        sys.exit(f"gradio_app.py: error: {error}")
    # A service is ended so; its uploads and downloads must go all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(f"Not for clinical use. Open {app.url} (end with Ctrl-C)", flush=True)
    try:
        app.wait()
    finally:
        app.close()


if __name__ == "__main__":
    main()
