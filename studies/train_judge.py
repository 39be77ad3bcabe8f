"""Train the judge: which digit does a generated image show, on MNIST's scale and on the embedded digits' scale?

The judge must bear sharp MNIST images and the blurred, frame-filling images of the embedded digits. It therefore sees
MNIST under random affine changes, MNIST reduced to the embedded digits' 8×8 and enlarged again, and half of the
embedded digits; the other half is held out. Writes the weights, the model card and the real sets' feature statistics
into the package.

    python studies/train_judge.py --data-dir DIR          (about 12 minutes on 2 cores)
"""

import argparse
import hashlib
import json
import math
import platform
from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.metrics import confusion_matrix
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample, interpolate
from tqdm import trange

import gandiag
from gandiag.data import Dataset, load_digits, load_idx_dataset
from gandiag.metrics.diversity import intra_class_distances
from gandiag.nets.judge import Judge

WEIGHTS = Path(gandiag.__file__).parent / "weights"
BATCH_SIZE = 256
DIGITS_PER_BATCH = 32
LOW_RESOLUTION_SHARE = 0.25
LARGEST_LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--epochs", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    train = load_idx_dataset("mnist", "train", options.data_dir)
    test = load_idx_dataset("mnist", "test", options.data_dir)
    digits_train, digits_test = split_digits(load_digits(), options.seed)
    judge = fit(train, digits_train, options.epochs)

    WEIGHTS.mkdir(exist_ok=True)
    state = {name: value.contiguous() for name, value in judge.state_dict().items()}
    save_file(state, WEIGHTS / "mnist_judge.safetensors")
    save_file(statistics(judge, [train, load_digits()]), WEIGHTS / "real_statistics.safetensors")
    card = {
        "what": "Classifier of 28×28 handwritten digits; its penultimate layer is the feature space of fid_judge.",
        "accuracy_mnist_test": accuracy(judge, test),
        "accuracy_digits_held_out": accuracy(judge, digits_test),
        "digits_held_out": len(digits_test),
        "confusion_mnist_test": confusion(judge, test),
        "confusion_digits_held_out": confusion(judge, digits_test),
        "confusion_axes": "rows: true class, columns: predicted class, counts",
        "training_data": "MNIST train (60,000) and half of scikit-learn's digits (898)",
        "parameters": sum(parameter.numel() for parameter in judge.parameters()),
        "command": f"python studies/train_judge.py --epochs {options.epochs} --seed {options.seed}",
        "seed": options.seed,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "sha256": hashlib.sha256((WEIGHTS / "mnist_judge.safetensors").read_bytes()).hexdigest(),
    }
    (WEIGHTS / "mnist_judge.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"MNIST test {card['accuracy_mnist_test']:.4f}, digits held out {card['accuracy_digits_held_out']:.4f}")


def split_digits(digits: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """Halve the embedded digits, the same way for the same seed."""
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))
    first, second = order[: len(digits) // 2], order[len(digits) // 2 :]
    return (
        Dataset("digits", digits.samples[first], digits.labels[first]),
        Dataset("digits", digits.samples[second], digits.labels[second]),
    )


def fit(train: Dataset, digits: Dataset, epochs: int) -> Judge:
    """Train with AdamW under a cosine schedule and return the average of the last steps' weights."""
    judge = Judge().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        judge, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(judge.parameters(), lr=LARGEST_LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = math.ceil(len(train) / BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LARGEST_LEARNING_RATE, epochs * batches)
    for _ in trange(epochs, desc="training the judge", unit="epoch"):
        for indices in torch.randperm(len(train)).split(BATCH_SIZE):
            images, labels = batch(train, digits, indices)
            loss = cross_entropy(judge(images), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(judge)
    averaged = average.module
    assert isinstance(averaged, Judge)
    return averaged.eval()


def batch(train: Dataset, digits: Dataset, indices: Tensor) -> tuple[Tensor, Tensor]:
    """MNIST images, some of them in the embedded digits' manner, and embedded digits; all slightly deformed."""
    images = train.samples[indices]
    low = int(LOW_RESOLUTION_SHARE * len(images))
    images = torch.cat([in_the_manner_of_digits(images[:low]), images[low:]])
    chosen = torch.randint(len(digits), (DIGITS_PER_BATCH,))
    images = torch.cat([images, digits.samples[chosen]])
    return deform(images), torch.cat([train.labels[indices], digits.labels[chosen]])


def in_the_manner_of_digits(images: Tensor) -> Tensor:
    """Crop MNIST's margin away, reduce to 8×8 by area, and enlarge as the embedded digits are."""
    small = interpolate(images[:, :, 3:25, 3:25], size=(8, 8), mode="area")
    return interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)


def deform(images: Tensor) -> Tensor:
    """Rotate by up to 15°, scale by up to 15 %, shear by up to 0.2 and shift by up to 2.5 pixels."""
    count = len(images)
    angle = math.radians(15) * (2 * torch.rand(count) - 1)
    scale = 1 + 0.15 * (2 * torch.rand(count, 2) - 1)
    shear = 0.2 * (2 * torch.rand(count) - 1)
    shift = 2.5 / 14 * (2 * torch.rand(count, 2) - 1)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([scale[:, 0] * cos, -sin + shear, shift[:, 0]], dim=1),
        torch.stack([sin, scale[:, 1] * cos, shift[:, 1]], dim=1),
    ]
    grid = affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


@torch.no_grad()
def statistics(judge: Judge, datasets: list[Dataset]) -> dict[str, Tensor]:
    """The feature moments, class shares and mean pairwise distances of real sets, for use without the sets."""
    gathered = {}
    for dataset in datasets:
        features = torch.cat([judge.features(images) for images in dataset.samples.split(1000)]).double()
        chosen = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))[:5000]
        subset, classes = features[chosen], dataset.labels[chosen]
        gathered[f"{dataset.name}.count"] = torch.tensor(float(len(features)), dtype=torch.float64)
        gathered[f"{dataset.name}.mean"] = features.mean(dim=0)
        gathered[f"{dataset.name}.covariance"] = features.T.cov()
        gathered[f"{dataset.name}.class_shares"] = dataset.labels.bincount(minlength=10).double() / len(dataset)
        gathered[f"{dataset.name}.pairwise_distance"] = nn.functional.pdist(subset).mean()
        gathered[f"{dataset.name}.class_distances"] = intra_class_distances(subset, classes, 10)
    return gathered


@torch.no_grad()
def predictions(judge: Judge, dataset: Dataset) -> Tensor:
    return torch.cat([judge(images).argmax(dim=1) for images in dataset.samples.split(1000)])


def accuracy(judge: Judge, dataset: Dataset) -> float:
    return (predictions(judge, dataset) == dataset.labels).double().mean().item()


def confusion(judge: Judge, dataset: Dataset) -> list[list[int]]:
    counts: list[list[int]] = confusion_matrix(dataset.labels, predictions(judge, dataset)).tolist()
    return counts


if __name__ == "__main__":
    main()
