"""The package as a whole: what its import pulls in, and that data flows one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A module imports only from floors below its own, or from its own sub-package.
FLOORS = [
    {"files", "fingerprints", "headers", "environment", "distribution"}
    | {"command_line", "rules", "temporary_session"},
    {"images", "run_folder", "resume", "multi_worker"},
    {"data", "gan", "manifest"},
    {"augmentation", "classical", "classifier"},
    {"quality"},
    {"synthesis", "evaluation", "likeness"},
    {"calibration"},
    {"study", "serving", "callbacks"},
    {"report"},
    {"tuning"},
    {"app"},
]
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
FOLDERS = {"kerasmedgan": "", "callbacks": "callbacks", "tuning": "tuning"}


def modules():
    """Yields (part, file) of every module below the public names."""
    for folder, part in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = path.relative_to(ROOT / folder)
            if part or relative != Path("__init__.py"):
                yield part or relative.parts[0].removesuffix(".py"), path


def imported_parts(path):
    """Yields the parts of kerasmedgan that a file imports; the public names count as "study"."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            assert package not in ("callbacks", "tuning"), f"{path} imports {name} as a copy"
            if package == "kerasmedgan":
                assert rest, f"{path} imports the public names"
                yield rest.partition(".")[0]


@pytest.mark.parametrize(
    ("part", "path"), [pytest.param(*m, id=str(m[1].relative_to(ROOT))) for m in modules()]
)
def test_data_flows_one_way(part, path):
    for imported in imported_parts(path):
        assert imported == part or FLOOR_OF[imported] < FLOOR_OF[part]


def test_every_module_is_on_a_floor():
    assert {part for part, _ in modules()} <= set(FLOOR_OF)


def test_gradio_is_imported_by_the_app_alone():
    importers = {part for part, path in modules() if "import gradio" in path.read_text()}
    assert importers == {"app"}


def test_examples_import_no_private_name():
    for path in (ROOT / "examples").glob("*.py"):
        assert "._" not in path.read_text()


def test_light_import_and_public_names(tmp_path):
    script = (
        "import sys, kerasmedgan\n"
        "heavy = {'matplotlib', 'gradio', 'kagglehub', 'keras_tuner', 'tensorflow'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from kerasmedgan import DCGAN, load_images\n"
        "assert not {'gradio', 'kagglehub', 'keras_tuner'} & set(sys.modules)\n"
        "assert 'DCGAN' in dir(kerasmedgan) and not hasattr(kerasmedgan, 'GAN')\n"
        "from kerasmedgan.callbacks import SampleGrid, SyntheticExport\n"
        "from kerasmedgan.tuning import ClassifierHyperModel\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
