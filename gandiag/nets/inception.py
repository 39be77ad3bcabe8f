"""Inception-v3 as FID is published with: for those who have, or can download, its weights."""

import hashlib
import pickle
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError

FEATURE_COUNT = 2048
BATCH = 50


class Inception(nn.Module):
    """The pool features of the TensorFlow Inception of 2015 that FID and KID are published with.

    Images are rounded to 8 bits, as PNG files hold them; a single channel is repeated three times; then torch-fidelity
    resizes to 299 × 299 bilinearly as TensorFlow 1 did (without antialiasing) and scales to (x − 128) / 128.

    Attributes:
        num_features: 2048.
        sha256: Hash of the weights: values by other weights are not comparable.
    """

    num_features = FEATURE_COUNT

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor.eval().requires_grad_(False)
        self.sha256 = _hash(extractor)

    def forward(self, images: Tensor) -> Tensor:
        """Features with shape :math:`(n, 2048)` of images :math:`(n, c, h, w)` in [0, 1], c = 1 or 3.

        Raises:
            GandiagError: If the images have another shape.
        """
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise GandiagError(f"Inception looks at images (n, 1 or 3, h, w); these have shape {tuple(images.shape)}.")
        bytes_ = (images * 255).round().clamp(0, 255).byte().expand(-1, 3, -1, -1)
        return torch.cat([self.extractor(batch)[0] for batch in bytes_.split(BATCH)])


def load_inception(weights: Path | None = None, device: torch.device | str = "cpu") -> Inception:
    """Inception with weights from a file, or by torch-fidelity's own download.

    Args:
        weights: ``weights-inception-2015-12-05-6726825d.pth`` of torch-fidelity's releases, or weights of the same
            layout; ``None`` downloads them, 91 MB, into torch's cache.
        device: Where it computes.

    Raises:
        GandiagError: If torch-fidelity is not installed, or the weights can be neither read nor downloaded.
    """
    try:
        network = import_module("torch_fidelity.feature_extractor_inceptionv3").FeatureExtractorInceptionV3
    except ImportError as error:
        raise GandiagError(
            "Inception needs torch-fidelity, which is not installed: pip install 'gandiag[inception]'"
        ) from error
    if weights is not None:
        _check_file(weights)
    try:
        extractor = network("inception-v3-compat", [str(FEATURE_COUNT)], None if weights is None else str(weights))
    except (URLError, OSError) as error:
        raise GandiagError(
            f"Inception's weights cannot be downloaded ({error}); give a file that holds them with "
            f"--inception-weights, or choose other features."
        ) from error
    except (RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise GandiagError(f"{weights or 'The download'} does not hold Inception's weights ({reason})") from error
    return Inception(extractor).to(device)


def _check_file(weights: Path) -> None:
    """Refuse what is absent, or holds more than tensors: torch-fidelity would run the code in it."""
    if not weights.is_file():
        raise GandiagError(f"There is no file {weights} of Inception's weights.")
    try:
        torch.load(weights, map_location="meta", weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise GandiagError(f"{weights} does not hold Inception's weights: it is no file of tensors.") from error


def _hash(module: nn.Module) -> str:
    digest = hashlib.sha256()
    state: dict[str, Any] = module.state_dict()
    for name in sorted(state):
        digest.update(name.encode() + state[name].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
