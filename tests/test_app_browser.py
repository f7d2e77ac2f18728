"""The app in a real Chromium: what a person sees and does, and what the page asks of whom."""

import csv
import shutil
import zipfile

import pytest
from PIL import Image
from small_run import load_splits
from uploaded_files import bad_files, encoded

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium on this machine: install the Debian package chromium"
)
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, app):
    """Opens the app; at the end no request may have gone to another host."""
    requests, errors, contexts = [], [], []

    def open_at(width):
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        context.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app.url)
        page.get_by_role("tab", name="Classify").wait_for()
        page.set_default_timeout(60_000)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert len(requests) > 10
    own = (app.url, "data:", "blob:")
    assert [url for url in requests if not url.startswith(own)] == []
    assert errors == []


def upload(page, files):
    page.locator("input[type=file]").first.set_input_files(files)


def payload(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def known_images(small_run, count):
    """Files of training images, which the rule passes."""
    images = load_splits(small_run).train.images[:count, ..., 0]
    return [payload(f"scan{i}.png", encoded(Image.fromarray(x))) for i, x in enumerate(images)]


def test_upload_label_and_slider(open_page, small_run):
    page = open_page(1280)
    upload(page, known_images(small_run, 1))
    page.get_by_role("heading", name="scan0.png").wait_for()
    decisions = page.locator(".km-decision").all_inner_texts()
    assert len(decisions) == 2 and set(decisions) <= {"NORMAL", "PNEUMONIA"}
    assert page.locator(".km-arm h4").all_inner_texts() == ["real", "real+gan"]
    text = page.locator(".km-card").inner_text()
    for words in ("calibrated", "uncalibrated", "threshold chosen on validation", "temperature"):
        assert words in text
    heat = page.locator(".km-heat").first
    assert heat.evaluate("x => getComputedStyle(x).opacity") == "0.5"
    slider = page.locator("#km-strength input[type=range]")
    slider.fill("0.9")
    page.wait_for_function("getComputedStyle(document.querySelector('.km-heat')).opacity === '0.9'")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.km-heat')).opacity === '0.75'"
    )


def test_several_files_give_a_table_and_its_csv(open_page, small_run, tmp_path):
    page = open_page(1280)
    bad = payload("=1+2<img src=x onerror=alert(1)>${1}.jpg", b"no picture")
    upload(page, [*known_images(small_run, 3), bad])
    page.get_by_text("4 files. Not for clinical use.").wait_for()
    assert page.locator("img[src=x]").count() == 0
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the table (CSV)").click()
    waiting.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert [row["file"] for row in rows[:3]] == ["scan0.png", "scan1.png", "scan2.png"]
    assert rows[3]["file"].startswith("'=1+2") and "no picture" in rows[3]["note"]
    assert rows[3]["real: decision"] in ("", None)
    assert any(row["real: decision"] in ("NORMAL", "PNEUMONIA") for row in rows[:3])
    assert all("real+gan: calibrated probability of PNEUMONIA" in row for row in rows)


def test_an_unlike_example_gets_no_decision_and_no_numbers(open_page):
    page = open_page(1280)
    page.get_by_role("button", name="A photograph").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Unlike the training images: no decision").wait_for()
    assert page.locator(".km-decision, .km-heat, .km-card table").count() == 0


def test_bad_uploads_are_a_sentence_each_on_the_page(open_page, small_run, tmp_path):
    page = open_page(1280)
    for name, (data, words) in bad_files().items():
        upload(page, [payload(name, data)])
        card = page.locator(".km-card").filter(has=page.get_by_role("heading", name=name))
        card.get_by_text(words).wait_for()
        assert "Traceback" not in page.content()
    large = tmp_path / "film.png"
    with large.open("wb") as file:
        file.truncate(200 << 20)
    upload(page, [str(large)])
    page.get_by_text("exceed the maximum allowed size of 32").first.wait_for()
    upload(page, known_images(small_run, 1))
    page.get_by_role("heading", name="scan0.png").wait_for()


def test_generate_walk_and_download(open_page, tmp_path):
    page = open_page(1280)
    page.get_by_role("tab", name="Generate").click()
    page.get_by_label("Count").fill("5")
    page.get_by_role("button", name="Draw").click()
    page.wait_for_function("document.querySelectorAll('.km-grid img').length === 5")
    assert page.locator(".km-synthetic").inner_text() == "SYNTHETIC"
    page.get_by_role("button", name="Prepare zip").click()
    download = page.get_by_role("link", name="Download zip").or_(
        page.get_by_role("button", name="Download zip")
    )
    playwright.expect(download).to_be_enabled()
    with page.expect_download() as waiting:
        download.click()
    waiting.value.save_as(tmp_path / "synthetic.zip")
    with zipfile.ZipFile(tmp_path / "synthetic.zip") as archive:
        assert "manifest.csv" in archive.namelist()
        assert len(archive.namelist()) == 7
        assert "SYNTHETIC" in Image.open(archive.open("NORMAL/000000.png")).text["Description"]
    page.get_by_text("Walk between two seeds").click()
    page.get_by_role("button", name="Walk", exact=True).click()
    page.get_by_text("From seed 0 to seed 1 in 8 steps").wait_for()
    page.get_by_label("Count").fill("5000")
    page.get_by_role("button", name="Draw").click()
    page.get_by_text("Invalid value for count. Expected an integer from 1 to 1024").wait_for()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_and_every_page_warns(open_page, small_run, width):
    page = open_page(width)
    upload(page, known_images(small_run, 2))
    page.get_by_text("2 files").wait_for()
    for name, words in (
        ("Classify", "2 files"),
        ("Generate", "Choose a count and a seed"),
        ("Compare", "Each arm on the test images"),
        ("About", "How well images unlike"),
    ):
        page.get_by_role("tab", name=name).click()
        page.get_by_text(words).first.wait_for()
        assert page.get_by_text("Not for clinical use").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        sizes = page.evaluate(
            "[...document.images].filter(x => x.offsetParent).map(x => [x.naturalWidth, x.alt])"
        )
        assert all(natural and words for natural, words in sizes), name


def test_the_keyboard_reaches_everything(open_page):
    page = open_page(1280)
    page.get_by_role("button", name="A photograph").wait_for()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(x => x.getAttribute('aria-label') || x.innerText || x.type)"
                "(document.activeElement)"
            )
        )
    reached = {str(name).strip() for name in reached}
    assert {"Classify", "A photograph", "A negative"} <= reached
    assert any("range" in name or "Heat map strength" in name for name in reached), reached
    assert any("pload" in name or "rop File" in name for name in reached), reached


def test_nothing_is_kept_in_the_browser(open_page, small_run):
    page = open_page(1280)
    upload(page, known_images(small_run, 1))
    page.get_by_role("heading", name="scan0.png").wait_for()
    kept = page.evaluate(
        "async () => [Object.entries(localStorage), Object.entries(sessionStorage),"
        " await indexedDB.databases()]"
    )
    assert "scan0" not in str(kept) and kept[2] == [], kept
