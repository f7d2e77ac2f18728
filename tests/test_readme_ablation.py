"""What the README says of the ablation of the GAN is its result file."""

import json
from pathlib import Path

from kerasmedgan import DCGAN
from kerasmedgan.gan import GEOMETRY, PLAIN

ROOT = Path(__file__).parents[1]
TEXT = " ".join((ROOT / "README.md").read_text().split())
RESULTS = ROOT / "benchmarks/results/gan_ablation"
JUDGE = "classifier/train"
# Column: name of the score, digits.
COLUMNS = {f"{JUDGE}/frechet_ratio": 0, f"{JUDGE}/kid": 2, f"{JUDGE}/coverage": 2}
COLUMNS |= {"texture/train/frechet_ratio": 0}


def read_summary():
    """Returns the rows by config and way to draw."""
    summary = json.loads((RESULTS / "results.json").read_text())["summary"]
    return {(row["config"], row["sampling"]): row for row in summary}


def spread(row, name, digits):
    mean, deviation = row[name], row[f"{name}_std"]
    return f"{mean:.{digits}f}" + ("" if deviation is None else f" ± {deviation:.{digits}f}")


def table_row(config, summary):
    """Writes a config's row: each score with the average and without it."""
    ways = [summary[config, sampling] for sampling in ("images", "no_ema")]
    cells = [spread(row, name, digits) for name, digits in COLUMNS.items() for row in ways]
    return f"| `{config}` | {ways[0]['seeds']} | {' | '.join(cells)} |"


def test_the_table_is_the_result_file():
    summary = read_summary()
    for config, _ in summary:
        assert table_row(config, summary) in TEXT, config


def test_the_default_is_the_config_that_is_told():
    path = ROOT / "benchmarks/gan_ablation.py"
    assert "`geometry`, translation and cutout, is the default" in TEXT
    assert '"geometry": {**PLAIN, "augmentation": GEOMETRY},' in path.read_text()
    config = DCGAN(image_size=32, width=4).get_config()
    on = {name for name, off in PLAIN.items() if config[name] != off}
    assert on == {"augmentation"} and config["ema_decay"] > 0
    assert tuple(config["augmentation"]) == GEOMETRY == ("translation", "cutout")


def test_the_reading_of_the_table_is_the_result_file():
    summary = read_summary()
    plain, default = summary["plain", "no_ema"], summary["geometry", "images"]
    for name, words in (("frechet_ratio", "Frechet distance"), ("kid", "KID")):
        ratio = default[f"{JUDGE}/{name}"] / plain[f"{JUDGE}/{name}"]
        assert f"{ratio:.2f} times the plain DCGAN's {words}" in TEXT
        assert default["seeds"] >= 3 and ratio <= 0.5
    ratio = default["texture/train/frechet_ratio"] / plain["texture/train/frechet_ratio"]
    assert f"{ratio:.2f} times its distance in texture" in TEXT
    assert f"{default[f'{JUDGE}/frechet_ratio']:.0f} times the floor" in TEXT
    runs = [json.loads(path.read_text()) for path in (RESULTS / "scores").glob("r1-*.json")]
    r1 = [run["scores"]["no_ema"][JUDGE]["frechet_ratio"] for run in runs]
    assert len(r1) >= 3
    assert f"R1 penalty went from {min(r1):.0f} to {max(r1):.0f} times the floor" in TEXT
    falling = summary["geometry+decay", "images"]
    told = f"{falling[f'{JUDGE}/frechet_ratio']:.0f} times the floor"
    assert f"the default has {told} and a KID of {falling[f'{JUDGE}/kid']:.2f}" in TEXT
    assert f"covers {default[f'{JUDGE}/coverage']:.2f} of the real images" in TEXT
    alike, own = summary["augmentation", "images"], default["diversity_ratio"]
    told = f"is {alike['diversity_ratio']:.2f} of that of real images, {own:.2f} with `geometry`"
    assert told in TEXT
    truncated = summary["geometry", "truncation_0.7"][f"{JUDGE}/coverage"]
    told = f"from {default[f'{JUDGE}/coverage']:.2f} to {truncated:.2f}"
    assert f"Truncation to 0.7 cost coverage ({told})" in TEXT


def test_what_is_said_of_larger_images_is_their_result_file():
    runs = json.loads((ROOT / "benchmarks/results/larger_images/results.json").read_text())["runs"]
    first, second = runs
    assert (first["image_size"], second["image_size"]) == (128, 256)
    assert f"at 128 px after {first['steps']:,} updates of {first['batch_size']} images" in TEXT
    assert f"from each other is {first['diversity_ratio']:.2f} of that of real ones" in TEXT
    assert f"trained for {second['steps']} updates only" in TEXT
    assert f"more alike ({second['diversity_ratio']:.2f})" in TEXT
