"""Where data is looked for: the user's folders, then a cache of gandiag's own, into which it is downloaded."""

import os
from http.client import HTTPException
from pathlib import Path

import platformdirs

from gandiag.compatibility import import_torchvision
from gandiag.errors import GandiagError

DATA_VARIABLE = "GANDIAG_DATA"
SPLITS = ("train", "test")


def check_split(name: str, split: str) -> None:
    """Refuse a part that a data set does not have.

    Raises:
        GandiagError: If ``split`` is neither ``"train"`` nor ``"test"``.
    """
    if split not in SPLITS:
        raise GandiagError(f"Unknown split '{split}' of '{name}'; choose one of {', '.join(SPLITS)}.")


def user_cache() -> Path:
    """The folder in which gandiag keeps downloads and unpacked archives."""
    return Path(platformdirs.user_cache_dir("gandiag"))


def named_places(data_dir: str | Path | None) -> list[Path]:
    """The folders that the user names, by argument and by environment, in the order in which they are searched."""
    named = [data_dir, os.environ.get(DATA_VARIABLE)]
    return [Path(place).expanduser() for place in named if place]


def verify(name: str, path: Path, md5: str, whole: str) -> None:
    """Refuse a file that is not what its publisher describes.

    Args:
        name: Of the data set.
        path: The file.
        md5: Its sum.
        whole: What the folder has to hold, in words.

    Raises:
        GandiagError: If the file is missing or has another sum.
    """
    if not path.exists():
        raise GandiagError(f"'{name}' is incomplete: {path} is missing; put {whole} into {path.parent}.")
    if not import_torchvision().datasets.utils.check_integrity(str(path), md5):
        raise GandiagError(
            f"{path} is corrupt or half-written: its MD5 is not {md5}, which '{name}' should have. It was not used; "
            f"delete it and fetch it again."
        )


def download(name: str, addresses: list[str], path: Path, md5: str, data_dir: str | Path | None) -> None:
    """Have torchvision download a file into the cache, from the first address that serves it.

    Raises:
        GandiagError: If none does; it names the ways to provide the data.
    """
    download_url = import_torchvision().datasets.utils.download_url
    failure: Exception | None = None
    for address in addresses:
        try:
            download_url(address, root=str(path.parent), filename=path.name, md5=md5)
            return
        except (OSError, RuntimeError, HTTPException) as error:
            failure = error
    seen = ", ".join(str(place) for place in [*named_places(data_dir), user_cache()])
    raise GandiagError(
        f"'{name}' is not at hand (looked in {seen}) and could not be downloaded ({failure}). Give its folder with "
        f"--data-dir, or in ${DATA_VARIABLE}, or put it into {path.parent}; or use --dataset digits, which is embedded."
    ) from failure


def unpacking_failed(archive: Path, folder: Path, error: OSError) -> GandiagError:
    """One sentence on an archive that could not be unpacked."""
    return GandiagError(
        f"{archive} could not be unpacked into the cache {folder} ({error}); make room or make it writable."
    )
