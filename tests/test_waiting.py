import socket
import urllib.request

import pytest

from kerasmedgan.app.waiting import WaitingPage


def get(page):
    # Not through a proxy that the machine may have.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{page.port}/", timeout=5).read().decode()


@pytest.fixture
def page():
    page = WaitingPage("127.0.0.1", 0, "A smoke run <first>.")
    yield page
    page.close()


def test_it_shows_what_is_waited_for_and_how_far_it_is(page):
    assert "A smoke run &lt;first&gt;." in get(page)
    assert "Not for clinical use." in get(page)
    page.update("[1/3] train", stage="Stage 1 of 3", share=0.1)
    for number in range(20):
        page.update(f"line {number} <b>")
    text = get(page)
    assert "Stage 1 of 3" in text and 'value="0.100"' in text
    assert "line 19 &lt;b&gt;" in text and "line 1 &lt;" not in text


def test_its_address_is_free_when_it_is_closed():
    page = WaitingPage("127.0.0.1", 0, "x")
    get(page)
    page.close()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", page.port))


def test_a_taken_address_is_refused(page):
    with pytest.raises(OSError, match="in use"):
        WaitingPage("127.0.0.1", page.port, "x")
