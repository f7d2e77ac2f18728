"""App, headers: what the browser is told, so that a page can reach no host but its own."""

# Gradio's page builds its templates with `Function` and styles itself in place.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class PrivateHeaders:
    """ASGI middleware that adds `HEADERS` to every answer.

    Args:
        app: the application behind it.
    """

    def __init__(self, app):
        """Wraps an application."""
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        """Passes a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                others = [pair for pair in message["headers"] if pair[0].decode() not in HEADERS]
                message = {**message, "headers": [*others, *ours]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
