"""Samples as people keep them, read alike; and what cannot be read, said in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gandiag.errors import GandiagError
from gandiag.scoring import Sampling, read_samples

IMAGES = torch.randint(0, 256, (6, 1, 8, 8), generator=torch.Generator().manual_seed(0)).byte()
COLOURED = IMAGES.expand(6, 3, 8, 8)
UNIT = IMAGES.float() / 255


def pictures(folder: Path, images: np.ndarray) -> Path:
    folder.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{index}.png")
    return folder


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def array(path: Path, content: np.ndarray) -> Path:
    np.save(path, content)
    return path


def test_the_same_images_are_read_alike_from_everywhere(tmp_path):
    np.savez(tmp_path / "images.npz", images=IMAGES.numpy(), labels=np.arange(6))
    places = [
        pictures(tmp_path / "folder", IMAGES[:, 0].numpy()),
        tmp_path / "images.npz",
        array(tmp_path / "last.npy", IMAGES.permute(0, 2, 3, 1).numpy()),
        array(tmp_path / "none.npy", UNIT[:, 0].double().numpy()),
        array(tmp_path / "bright.npy", IMAGES.float().numpy()),
        saved(tmp_path / "unit.pt", UNIT),
        saved(tmp_path / "tanh.pt", 2 * UNIT - 1),
        saved(tmp_path / "pair.pt", {"images": IMAGES, "labels": torch.arange(6)}),
    ]
    for place in places:
        torch.testing.assert_close(read_samples(place), UNIT, msg=str(place), rtol=0, atol=1e-6)


def test_colour_pictures_have_three_channels(tmp_path):
    folder = pictures(tmp_path / "folder", COLOURED.permute(0, 2, 3, 1).numpy())
    torch.testing.assert_close(read_samples(folder), COLOURED.float() / 255)


def test_points_stay_as_they_are(tmp_path):
    points = torch.randn(50, 2) * 300
    assert torch.equal(read_samples(saved(tmp_path / "points.pt", points)), points)


class Untold(torch.nn.Module):
    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        return noise.tanh().reshape(-1, 1, 4, 4)


@pytest.fixture
def generator() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 4, 4)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_saved_generator_is_sampled_alike_as_torchscript_and_as_a_module(tmp_path, generator):
    torch.jit.save(torch.jit.trace(generator, torch.randn(2, 5)), str(tmp_path / "script.pt"))
    whole, before = saved(tmp_path / "module.pt", generator), torch.get_rng_state()
    sampling = Sampling(count=600, trust=True)
    first = read_samples(whole, sampling)
    assert first.shape == (600, 1, 4, 4)
    assert torch.equal(first, read_samples(whole, sampling))
    scripted = read_samples(tmp_path / "script.pt", Sampling(latent=(5,), count=600))
    torch.testing.assert_close(scripted, first)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_what_is_not_known_of_a_generator_is_asked_for(tmp_path, generator):
    whole = saved(tmp_path / "module.pt", generator)
    with pytest.raises(GandiagError, match="if it is yours, add --trust"):
        read_samples(whole)
    with pytest.raises(GandiagError, match="give the shape with --latent, as 100 or 100x1x1"):
        read_samples(whole, Sampling(latent=(7,), trust=True))
    torch.jit.save(torch.jit.trace(Untold(), torch.randn(2, 16)), str(tmp_path / "untold.pt"))
    with pytest.raises(GandiagError, match="give it with --latent"):
        read_samples(tmp_path / "untold.pt")


def mixed(folder: Path) -> Path:
    pictures(folder, IMAGES[:, 0].numpy())
    Image.new("RGB", (9, 9)).save(folder / "other.png")
    return folder


def broken(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.png").write_text("no picture")
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def text(path: Path) -> Path:
    path.write_text("hello")
    return path


def two_arrays(path: Path) -> Path:
    np.savez(path, a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    return path


@pytest.mark.parametrize(
    ("make", "name", "sentence"),
    [
        (lambda path: path, "absent", "There is no file or folder"),
        (empty, "empty", "holds no pictures"),
        (mixed, "mixed", "differ"),
        (broken, "broken", "cannot be read as a picture"),
        (text, "a.npy", "cannot be read as a NumPy array"),
        (text, "a.npz", "cannot be read as a NumPy array"),
        (two_arrays, "b.npz", "2 arrays"),
        (text, "a.pt", "a.pt"),
        (text, "a.csv", "is of no kind that holds samples"),
        (lambda path: array(path, np.array(["x"])), "words.npy", "samples are numbers"),
        (lambda path: array(path, np.array([{}], dtype=object)), "objects.npy", "cannot be read as a NumPy array"),
        (lambda path: saved(path, torch.zeros(0, 1, 4, 4)), "none.pt", "holds a tensor with shape"),
        (lambda path: saved(path, torch.zeros(3)), "flat.pt", "holds a tensor with shape"),
        (lambda path: saved(path, torch.full((3, 4), torch.nan)), "nan.pt", "NaN or infinite values in 3 of 3"),
        (lambda path: saved(path, torch.nn.Linear(2, 2).state_dict() | {"x": torch.zeros(2, 2)}), "s.pt", "state dict"),
        (lambda path: saved(path, {"epoch": 3}), "dict.pt", "no samples"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, make, name, sentence):
    with pytest.raises(GandiagError, match=sentence):
        read_samples(make(tmp_path / name))
