"""App, about: data, licence, numbers and limits, from the run's own files."""

from kerasmedgan.app.markup import bullet_list, escape, paragraphs, table
from kerasmedgan.app.opened_run import OpenedRun
from kerasmedgan.files import read_json
from kerasmedgan.serving import served_cells, served_generators

NOT_CLINICAL = "Not for clinical use. For research and teaching only."
_SOURCES = {
    "phantom": (
        "Procedural phantom chest X-rays: drawn by this package, measured on nobody. They are for "
        "demos and tests; no number from them says anything about patients.",
        "Apache-2.0, as this package.",
    ),
    "kaggle": (
        "Pediatric chest X-rays of Kermany D., Zhang K., Goldbaum M., Mendeley Data, "
        "doi:10.17632/rscbjbr9sj.",
        "CC BY 4.0.",
    ),
}
_FOLDER = "Not recorded in the run: that of the images in this folder holds."
_LIMITS = (
    "Nothing here was validated on patients, and no authority approved it.",
    "A heat map shows what moved a classifier, not where a disease is.",
    "The rule for unlike images catches other patterns of light and dark. It was not made to catch "
    "X-rays of other body parts, poor exposures or diseases that were not trained on, and an X-ray "
    "turned upside down often passes where chests were taken in many poses.",
    "Probabilities were calibrated on validation images. On images of another hospital they may be "
    "far off.",
    "A generator recombines what its training images show, and may reproduce one of them.",
)


def describe_run(run: OpenedRun) -> str:
    """Returns what the page says about the run."""
    return (
        '<div class="km-text">'
        f"<h3>Data</h3>{_data(run)}"
        f"<h3>What was trained</h3>{_training(run)}"
        f"<h3>How well images unlike the training images are flagged</h3>{_likeness(run)}"
        f"<h3>Limits</h3>{bullet_list(_LIMITS)}"
        f"<h3>Privacy</h3>{paragraphs(_PRIVACY)}"
        f"<h3>Files and versions</h3>{_versions(run)}"
        "</div>"
    )


_PRIVACY = (
    "Uploads are read into memory, deleted from the disk before they are classified, and forgotten "
    "when the answer is sent. Nothing is sent to another host, and nothing is kept in the browser."
)


def _data(run: OpenedRun) -> str:
    settings = run.config.get("data", run.config)
    source = settings["source"]
    name = source.replace("\\", "/").rstrip("/").rpartition("/")[2]
    what, licence = _SOURCES.get(source, (f"The images of the folder {name}.", _FOLDER))
    counts = run.results["data"]
    classes = list(next(iter(counts.values())))
    rows = [[split, *(of[c] for c in classes)] for split, of in counts.items()]
    report = read_json(run.directory / "data_report.json")
    rows += [[f"patients, {split}", *of.values()] for split, of in report["patients"].items()]
    shown = f"{run.served.image_size} x {run.served.image_size} pixels"
    return paragraphs(
        what, f"Licence: {licence}", f"Resized to {shown} for classifier and GAN."
    ) + table(["images", *classes], rows, caption="Images and patients of each split")


def _training(run: OpenedRun) -> str:
    rows = [
        [
            name,
            cell["seed"],
            cell["updates"],
            sum(cell["train"]["real"].values()),
            sum(cell["train"]["synthetic"].values()),
            f"{cell['test']['auc']:.3f}",
            f"{cell['test']['accuracy']:.3f}",
        ]
        for name, cell in served_cells(run.results).items()
    ]
    header = ["arm", "seed", "updates", "real", "synthetic", "test AUC", "test accuracy"]
    gans = (
        f"A DCGAN of class {one['class']} was trained for {one['steps']} updates."
        for one in served_generators(run.results)
    )
    title = "Classifiers and their training images"
    return table(header, rows, caption=title, words=True) + paragraphs(*gans)


def _likeness(run: OpenedRun) -> str:
    measured = run.served.likeness
    wrongly = (
        f"Of {measured['count']} {measured['split']} images, which the rule was not learned from, "
        f"{measured['wrongly_flagged']:.1%} were wrongly flagged."
    )
    rows = [
        [name, kind["count"], f"{kind['share']:.1%}"] for name, kind in measured["caught"].items()
    ]
    return paragraphs(wrongly) + table(
        ["other images", "count", "caught"], rows, caption="Other images, share caught"
    )


def _versions(run: OpenedRun) -> str:
    environment = {k: v for k, v in run.results["environment"].items() if v is not None}
    digests = {f"sha256 of {file}": digest for file, digest in run.served.sha256.items()}
    rows = [
        *environment.items(),
        ("command", run.results["command"]),
        *((name, digest[:16] + "…") for name, digest in digests.items()),
    ]
    checked = "Each model was loaded after its sha256 was found to be the one the run wrote."
    return f"<p>{escape(checked)}</p>" + table(["what", "value"], rows, words=True)
