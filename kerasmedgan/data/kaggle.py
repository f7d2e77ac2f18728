"""Stage 1, data: the chest X-ray set of Kermany et al. 2018, downloaded from Kaggle."""

from pathlib import Path

# With its version the handle is served from kagglehub's cache without a network.
HANDLE = "paultimothymooney/chest-xray-pneumonia/versions/2"
# The archive holds the tree a second time in `chest_xray/chest_xray`: never search below this.
_TREE = "chest_xray"


def download_chest_xray() -> Path:
    """Downloads the data set once and returns its folder, which holds `train`, `val`, `test`.

    Raises:
        ConnectionError: if it is not in kagglehub's cache and cannot be downloaded.
    """
    import kagglehub
    import requests
    from kagglehub.exceptions import KaggleApiHTTPError

    try:
        root = Path(kagglehub.dataset_download(HANDLE))
    except (requests.exceptions.RequestException, KaggleApiHTTPError) as error:
        raise ConnectionError(
            "Invalid value for `source`. Expected 'kaggle' to be in kagglehub's cache or a network "
            f"that reaches Kaggle. Received: {type(error).__name__}. Connect to the network, or "
            "download the data set elsewhere and pass the path of its `chest_xray` folder."
        ) from error
    return root / _TREE
