"""The app through its programming interface, as `gradio_client` reaches it."""

import base64
import csv
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
from small_run import load_splits
from uploaded_files import bad_files, chest, encoded, good_files

gradio_client = pytest.importorskip("gradio_client", reason="needs the extra 'demo'")

from kerasmedgan.app import private_file  # noqa: E402
from kerasmedgan.app.serve import serve_run  # noqa: E402
from kerasmedgan.data import load_images  # noqa: E402
from kerasmedgan.evaluation import predict  # noqa: E402
from kerasmedgan.images import decode_image  # noqa: E402
from kerasmedgan.serving import Sampler, read_served_run  # noqa: E402


@pytest.fixture(scope="module")
def client(app):
    return gradio_client.Client(app.url, verbose=False, analytics_enabled=False)


def classify(client, *paths):
    files = [gradio_client.handle_file(str(path)) for path in paths]
    return client.predict(files, api_name="/classify")


def write(folder, files):
    paths = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        paths.append(folder / name)
    return paths


def test_twenty_files_have_the_pixels_and_probabilities_of_the_training_path(
    client, small_run, tmp_path
):
    files = good_files()
    for index, (name, data) in enumerate(files.items()):
        folder = tmp_path / ("NORMAL", "PNEUMONIA")[index % 2]
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    paths = sorted(tmp_path.rglob("*.*"))
    answers = {one["file"]: one for one in classify(client, *paths)["images"]}
    assert set(answers) == set(files) and len(files) == 20
    splits = load_images(tmp_path, image_size=32)
    run = read_served_run(small_run)
    models = {name: keras.saving.load_model(small_run / a.model) for name, a in run.arms.items()}
    for part in (splits.train, splits.validation, splits.test):
        expected = {name: predict(model, part).probabilities for name, model in models.items()}
        for row, file in enumerate(part.files):
            answer = answers[file.rpartition("/")[2]]
            pixels = decode_image(base64.b64decode(answer["pixels"]))
            np.testing.assert_array_equal(pixels, part.images[row], file)
            for name in models:
                received = list(answer["arms"][name]["probabilities"].values())
                np.testing.assert_allclose(received, expected[name][row], rtol=0, atol=1e-6)


def test_the_answer_says_decision_threshold_and_calibration(client, small_run, tmp_path):
    source = load_splits(small_run).train
    paths = write(tmp_path, {f"{i}.png": encoded_array(source.images[i]) for i in range(6)})
    answer = classify(client, *paths)
    assert answer["warning"] == "Not for clinical use."
    run = read_served_run(small_run)
    for one in answer["images"]:
        assert one["error"] is None
        assert list(one["arms"]) == ["real", "real+gan"]
        for name, arm in one["arms"].items():
            assert arm["threshold"] == run.arms[name].threshold
            assert sum(arm["calibrated"].values()) == pytest.approx(1)
            above = arm["probabilities"]["PNEUMONIA"] >= arm["threshold"]
            expected = "PNEUMONIA" if above else "NORMAL"
            assert arm["decision"] == (None if one["unlike"] else expected)
    assert any(one["unlike"] is None for one in answer["images"])


def encoded_array(image):
    from PIL import Image

    return encoded(Image.fromarray(image[..., 0]))


def test_bad_uploads_get_a_sentence_each_and_the_app_goes_on(client, tmp_path):
    bad = bad_files()
    paths = write(tmp_path, {name: data for name, (data, _) in bad.items()})
    good = write(tmp_path, {"chest.png": encoded(chest(1)), "black.png": black()})
    answers = {one["file"]: one for one in classify(client, *paths, *good)["images"]}
    for name, (_, words) in bad.items():
        assert words in answers[name]["error"], name
        assert "Traceback" not in answers[name]["error"]
    assert answers["chest.png"]["error"] is None
    assert "almost no contrast" in answers["black.png"]["unlike"]
    decisions = {arm["decision"] for arm in answers["black.png"]["arms"].values()}
    assert decisions == {None}


def black():
    from PIL import Image

    return encoded(Image.new("L", (200, 200), 0))


def test_a_file_of_200_mb_is_refused_and_the_app_goes_on(client, tmp_path):
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    with pytest.raises(Exception, match="(?i)exceed|maximum allowed size|413"):
        classify(client, path)
    (good,) = write(tmp_path, {"chest.png": encoded(chest(1))})
    assert classify(client, good)["images"][0]["error"] is None


def test_no_files_and_too_many_are_one_sentence(client, tmp_path):
    with pytest.raises(Exception, match="Choose one picture or several"):
        classify(client)
    (path,) = write(tmp_path, {"chest.png": encoded(chest(1))})
    with pytest.raises(Exception, match="At most 64 files are taken at once. Received: 65"):
        classify(client, *[path] * 65)


def test_a_file_of_the_server_that_was_not_uploaded_is_not_read(client, small_run):
    import httpx

    secret = small_run / "results.json"
    with httpx.Client(base_url=client.src, timeout=20, trust_env=False) as web:
        body = {"data": [[{"path": str(secret), "meta": {"_type": "gradio.FileData"}}]]}
        event = web.post("/gradio_api/call/classify", json=body).json()
        answer = web.get(f"/gradio_api/call/classify/{event['event_id']}").text
        assert "event: error" in answer and "balanced_accuracy" not in answer
        assert web.get(f"/gradio_api/file={secret}").status_code in (403, 404)
    assert secret.exists()


def test_gradio_writes_no_file_into_the_package(app):
    """It writes type hints beside a component of one's own, at every import."""
    assert not list(Path(private_file.__file__).parent.glob("*.pyi"))


def test_uploads_are_gone_from_the_disk(client, app, tmp_path):
    paths = write(tmp_path, {"chest.png": encoded(chest(1)), "bad.jpg": b"no picture"})
    classify(client, *paths)
    left = [path for path in app.folder.rglob("*") if path.is_file()]
    assert not [path for path in left if path.suffix in (".png", ".jpg", "")], left


def test_clients_with_the_same_file_do_not_take_it_from_each_other(client, tmp_path):
    (path,) = write(tmp_path, {"chest.png": encoded(chest(1))})
    alone = classify(client, path)["images"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: classify(client, path)["images"], range(12)))
    assert answers == [alone] * 12


def test_generated_images_come_as_a_marked_zip(client, small_run, tmp_path):
    path = client.predict("NORMAL", 5, 7, 0.8, api_name="/generate")
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
        assert [row["seed"] for row in rows] == ["7"] * 5
        assert {row["truncation"] for row in rows} == {"0.8"}
        expected = Sampler.load(small_run).sample(5, seed=7, truncation=0.8)
        for row, image in zip(rows, expected, strict=True):
            data = archive.read(row["file"])
            assert b"SYNTHETIC IMAGE" in data
            np.testing.assert_array_equal(decode_image(data), image)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("NORMAL", 0, 1, 1.0), "count"),
        (("NORMAL", 4, 1, 3.0), "truncation"),
        (("FLU", 4, 1, 1.0), "Expected a class of"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(client, arguments, words):
    with pytest.raises(Exception, match=words) as caught:
        client.predict(*arguments, api_name="/generate")
    assert "Traceback" not in str(caught.value)


def test_programs_see_two_functions_and_no_other(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/classify",
        "/generate",
    }


def test_the_app_is_closed(client):
    import httpx

    assert client.src.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=client.src, timeout=20, trust_env=False) as web:
        config = web.get("/config").json()
        assert config["run_history"] is False
        assert not config.get("footer_links")
        assert web.get("/monitoring").status_code != 200
        assert web.get("/gradio_api/monitoring").status_code != 200
        page = web.get("/")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        for path in ("results.json", "serving.json", "../run/results.json"):
            assert web.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_a_password_is_asked_for(small_run):
    import httpx

    app = serve_run(small_run, origin="a test", port=0, password=("reader", "Rontgen 1895"))
    try:
        with httpx.Client(base_url=app.url, timeout=20, trust_env=False) as web:
            assert web.get("/config").status_code == 401
            assert web.post("/gradio_api/upload", files={"files": b"x"}).status_code == 401
            wrong = {"username": "reader", "password": "guess"}
            assert web.post("/login", data=wrong).status_code == 400
            right = {"username": "reader", "password": "Rontgen 1895"}
            assert web.post("/login", data=right).status_code == 200
    finally:
        app.close()
    assert not app.folder.exists()


def test_others_cannot_reach_it_without_a_password(small_run):
    with pytest.raises(ValueError, match="`host`. Expected 127.0.0.1 where there is no password"):
        serve_run(small_run, origin="a test", host="0.0.0.0", port=0)
