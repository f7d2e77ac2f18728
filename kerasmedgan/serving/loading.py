"""Stage 7, serving: checked bytes become a Keras model, without a look at the file again."""

import tempfile
from pathlib import Path

import keras

from kerasmedgan.serving.manifest import ServedRun, ServingError


def load_checked_model(run: ServedRun, file: str, kind: type[keras.Model]) -> keras.Model:
    """Loads a model of the run after its sha256 was checked.

    The checked bytes go into a folder of their own, since Keras loads by path and the file could
    change meanwhile. `safe_mode` refuses code in the file; nothing is compiled.

    Args:
        run: names the file and its sha256.
        file: path below the run's folder.
        kind: the class of the model.

    Raises:
        ServingError: if the file is missing, not the one that the run wrote, or of another kind.
    """
    data = run.read_checked(file)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        copy.write_bytes(data)
        model = keras.saving.load_model(copy, safe_mode=True, compile=False)
    if not isinstance(model, kind):
        raise ServingError(
            f"Cannot serve {file}. Expected a {kind.__name__}. Received: a {type(model).__name__}. "
            "Make the run anew."
        )
    return model
