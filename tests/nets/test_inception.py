"""Inception with locally made random weights: the layout, the preprocessing, and what is said without weights."""

import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from gandiag.errors import GandiagError
from gandiag.nets.inception import load_inception

fidelity = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A file of random weights in the published layout; their variances keep the signal alive through the depth."""
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(fidelity, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(fidelity.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        network = fidelity.FeatureExtractorInceptionV3("random", ["2048"])
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    torch.save(network.state_dict(), path)
    return path


def test_features_are_torch_fidelitys_of_the_same_bytes(weights):
    images = torch.rand(2, 3, 32, 32).mul(255).round() / 255
    theirs = fidelity.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], str(weights))
    expected = theirs((images * 255).round().byte())[0]
    ours = load_inception(weights)(images)
    assert ours.shape == (2, 2048)
    assert torch.equal(ours, expected)
    assert float(ours.std()) > 0


def test_grey_images_are_repeated_and_other_shapes_refused(weights):
    inception = load_inception(weights)
    grey = torch.rand(1, 1, 28, 28)
    assert torch.equal(inception(grey), inception(grey.expand(1, 3, 28, 28)))
    assert len(inception.sha256) == 64
    with pytest.raises(GandiagError, match="1 or 3"):
        inception(torch.rand(1, 2, 28, 28))


def test_without_weights_it_is_one_clear_sentence(tmp_path, monkeypatch):
    with pytest.raises(GandiagError, match="There is no file"):
        load_inception(tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(GandiagError, match="no file of tensors"):
        load_inception(tmp_path / "text.pth")
    torch.save({"layer": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(GandiagError, match="does not hold Inception's weights"):
        load_inception(tmp_path / "other.pth")

    def no_network(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(fidelity, "load_state_dict_from_url", no_network)
    with pytest.raises(GandiagError, match=r"cannot be downloaded .* --inception-weights"):
        load_inception()


def test_without_torch_fidelity_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(GandiagError, match=r"pip install 'gandiag\[inception\]'"):
        load_inception()
