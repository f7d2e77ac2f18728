"""App, serving: the pages on an address of this machine, closed to all others."""

import os
import shutil
import tempfile
from pathlib import Path

# Read by Gradio when it is imported.
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1"
)

import gradio as gr  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from kerasmedgan.app.access import LOCAL_HOSTS, check_host  # noqa: E402
from kerasmedgan.app.headers import PrivateHeaders  # noqa: E402
from kerasmedgan.app.opened_run import open_run  # noqa: E402
from kerasmedgan.app.pages import build_pages  # noqa: E402
from kerasmedgan.app.private_file import keep_uploads_apart  # noqa: E402
from kerasmedgan.app.style import CSS, theme  # noqa: E402
from kerasmedgan.serving.uploads import MAX_UPLOAD_BYTES  # noqa: E402

_UPLOADS = "GRADIO_TEMP_DIR"


class RunningApp:
    """An app that answers; `close` ends it and removes its files.

    Gradio finds the folder of uploads by the process's environment, so that of several apps in
    one process the last that was started takes uploads, until it is closed.

    Attributes:
        url: its address.
        folder: where uploads lie until they are read, and downloads until the app ends.
    """

    def __init__(self, blocks: gr.Blocks, url: str, folder: Path, earlier: str | None):
        """Takes what `serve_run` started, and the folder of uploads before it."""
        self.url = url
        self._earlier = earlier
        self.folder = folder
        self._blocks = blocks

    def wait(self) -> None:
        """Returns when the app is closed or interrupted."""
        self._blocks.block_thread()

    def close(self) -> None:
        """Ends the app and removes every file that it kept."""
        self._blocks.close(verbose=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._earlier is None:
            os.environ.pop(_UPLOADS, None)
        else:
            os.environ[_UPLOADS] = self._earlier


def serve_run(
    directory: str | os.PathLike,
    *,
    origin: str,
    host: str = "127.0.0.1",
    port: int = 7860,
    password: tuple[str, str] | None = None,
    certificate: tuple[str, str] | None = None,
) -> RunningApp:
    """Serves a finished run.

    No share link, no analytics, no history in the browser, no monitoring page, no request to
    another host; uploads live in a folder of this process alone until they are read.

    Args:
        directory: the run's folder.
        origin: one sentence that says what run this is.
        host: 127.0.0.1, or an address of this machine for others to reach.
        port: 0 takes any that is free.
        password: user and password that are asked for; must be given where others can reach it.
        certificate: files of a TLS certificate and its key.

    Raises:
        ValueError: if others can reach the app and there is no password.
        ServingError: as in `open_run`.
        OSError: if the port is taken.
    """
    check_host(host, password)
    folder = Path(tempfile.mkdtemp(prefix="kerasmedgan-app-"))
    try:
        return _start(directory, origin, host, port, password, certificate, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _start(directory, origin, host, port, password, certificate, folder) -> RunningApp:
    uploads, downloads = folder / "uploads", folder / "downloads"
    uploads.mkdir(), downloads.mkdir()
    keep_uploads_apart()
    earlier = os.environ.get(_UPLOADS)
    os.environ[_UPLOADS] = str(uploads)
    # Gradio asks itself whether it answers; a proxy must not be asked.
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        os.environ[name] = ",".join(filter(None, (known, *LOCAL_HOSTS)))
    blocks = build_pages(open_run(directory), origin=origin, downloads=downloads)
    blocks.queue(default_concurrency_limit=1, max_size=256)
    file, key = certificate or (None, None)
    _, url, _ = blocks.launch(
        server_name=host,
        server_port=port or _free_port(host),
        auth=password,
        share=False,
        inbrowser=False,
        show_error=False,
        quiet=True,
        prevent_thread_lock=True,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        ssr_mode=False,
        footer_links=[],
        max_file_size=MAX_UPLOAD_BYTES,
        allowed_paths=[str(downloads)],
        app_kwargs={"middleware": [Middleware(PrivateHeaders)], "docs_url": None},
        ssl_certfile=file,
        ssl_keyfile=key,
        ssl_verify=False,
        theme=theme(),
        css=CSS,
    )
    return RunningApp(blocks, url, folder, earlier)


def _free_port(host: str) -> int:
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
