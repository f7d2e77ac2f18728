"""App, access: who may reach the app, known before anything heavy is imported."""

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


def check_host(host: str, password: tuple[str, str] | None) -> None:
    """Raises `ValueError` where others could reach an app without a password."""
    if host not in LOCAL_HOSTS and not password:
        raise ValueError(
            "Invalid value for `host`. Expected 127.0.0.1 where there is no password. Received: "
            f"{host}. Set a password, or keep the app on this machine."
        )
