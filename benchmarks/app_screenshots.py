"""Pictures of the app's pages in a real Chromium, at the widths of a desk and of a telephone.

For phantom runs alone: the README shows one of them.

python benchmarks/app_screenshots.py --run runs/phantom --output runs/screenshots
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from kerasmedgan.app.opened_run import open_run
from kerasmedgan.app.serve import serve_run

WIDTHS = (1280, 390)


def take(page: Page, output: Path, width: int) -> None:
    """Uses the app as a person does and takes a picture of each page."""

    def shoot(name: str) -> None:
        # Gradio fades its pages in.
        page.wait_for_timeout(700)
        page.screenshot(path=output / f"{name}_{width}.png", full_page=True)

    shoot("start")
    page.get_by_role("button", name="Phantom, pneumonia").click()
    page.locator(".km-heat").first.wait_for()
    shoot("classify")
    page.get_by_role("button", name="A photograph").click()
    page.get_by_text("Unlike the training images").wait_for()
    shoot("unlike")
    page.get_by_role("tab", name="Generate").click()
    page.get_by_role("button", name="Draw").click()
    page.locator(".km-grid img").first.wait_for()
    shoot("generate")
    for name in ("Compare", "About"):
        page.get_by_role("tab", name=name).click()
        shoot(name.lower())


def main() -> None:
    """Serves the run and takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="a finished phantom run")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    if not open_run(arguments.run).is_phantom:
        sys.exit("Expected a run on phantom images: pictures of others could show a patient.")
    arguments.output.mkdir(parents=True, exist_ok=True)
    app = serve_run(arguments.run, origin="A run on procedural phantom images.", port=0)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(app.url)
            page.get_by_role("tab", name="Classify").wait_for()
            take(page, arguments.output, width)
        browser.close()
    app.close()


if __name__ == "__main__":
    main()
