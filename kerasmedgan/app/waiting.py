"""App, waiting: a page that shows how far a training is, until the app takes its address."""

import html
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LINES = 12
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>kerasmedgan: getting ready</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font-family: system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ background: #f3f3f3; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
progress {{ width: 100%; height: 1.2rem; }}
</style></head><body>
<h1>Getting ready</h1>
<p><strong>Not for clinical use.</strong></p>
<p>{what}</p>
<p role="status">{stage}</p>
<progress max="1" value="{share}" aria-label="progress"></progress>
<pre>{lines}</pre>
<p>This page goes on by itself.</p>
<script>
setInterval(async () => {{
  try {{
    const page = await (await fetch(location.href, {{cache: "no-store"}})).text();
    if (!page.includes("getting ready")) {{ location.reload(); return; }}
    const other = new DOMParser().parseFromString(page, "text/html");
    document.body.querySelectorAll("p, progress, pre").forEach((part, index) => {{
      part.replaceWith(other.body.querySelectorAll("p, progress, pre")[index].cloneNode(true));
    }});
  }} catch {{ /* between this page and the app nobody answers */ }}
}}, 1000);
</script></body></html>
"""


class WaitingPage:
    """Serves one page on an address of this machine.

    Args:
        host: address to serve on.
        port: 0 takes any that is free; see `port` afterwards.
        what: one sentence that says what is waited for.

    Raises:
        OSError: if the port is taken.
    """

    def __init__(self, host: str, port: int, what: str):
        """Begins to serve."""
        self._what, self._stage, self._share, self._lines = what, "Starting.", 0.0, []
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                body = page.render().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Stays quiet."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def update(self, line: str, *, stage: str | None = None, share: float | None = None) -> None:
        """Adds a line; changes the stage and the bar where they are given."""
        self._lines = [*self._lines, line][-_LINES:]
        self._stage = stage or self._stage
        self._share = self._share if share is None else share

    def render(self) -> str:
        """Returns the page."""
        return _PAGE.format(
            what=html.escape(self._what),
            stage=html.escape(self._stage),
            share=f"{self._share:.3f}",
            lines=html.escape("\n".join(self._lines)),
        )

    def close(self) -> None:
        """Frees the address."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
