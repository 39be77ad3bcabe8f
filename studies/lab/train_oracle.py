"""The laboratory's second classifier: fully connected, trained on MNIST and on the embedded digits.

    python studies/lab/train_oracle.py --data-dir DIR          (about 2 minutes on one core)

Writes gandiag/weights/lab_oracle.safetensors (half precision) and prints its accuracies. Every fifth of the embedded
digits is kept out of the training.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.data.idx_archives import load_idx_dataset
from gandiag.lab.classifier import OracleClassifier

WEIGHTS = Path(__file__).parents[2] / "gandiag" / "weights" / "lab_oracle.safetensors"
EPOCHS, BATCH, LEARNING_RATE, SHIFT = 8, 128, 1e-3, 2
DIGITS_REPEATED = 8  # 1437 images beside 60,000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    options = parser.parse_args()
    torch.manual_seed(20)
    torch.set_num_threads(1)
    mnist, digits = load_dataset("mnist", options.data_dir), load_dataset("digits")
    held_out = torch.arange(len(digits)) % 5 == 0
    images = torch.cat([mnist.samples, digits.samples[~held_out].repeat(DIGITS_REPEATED, 1, 1, 1)])
    labels = torch.cat([mnist.labels, digits.labels[~held_out].repeat(DIGITS_REPEATED)])
    classifier = OracleClassifier()
    train(classifier, images, labels)
    weights = {name: value.half().contiguous() for name, value in classifier.state_dict().items()}
    classifier.load_state_dict({name: value.float() for name, value in weights.items()})
    test = load_idx_dataset("mnist", split="test", data_dir=options.data_dir)
    kept_out = Dataset("digits", digits.samples[held_out], digits.labels[held_out])
    for dataset in (test, kept_out):
        print(f"{dataset.name}: {accuracy(classifier, dataset):.2%} of {len(dataset)}")
    save_file(weights, WEIGHTS)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes")


def train(classifier: OracleClassifier, images: Tensor, labels: Tensor) -> None:
    """A few epochs of Adam, with images shifted by up to two pixels."""
    steps = EPOCHS * len(images) // BATCH
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        chosen = torch.randint(len(images), (BATCH,))
        across, down = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
        shifted = images[chosen].roll((down, across), dims=(2, 3))
        loss = cross_entropy(classifier(shifted), labels[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()


@torch.no_grad()
def accuracy(classifier: OracleClassifier, dataset: Dataset) -> float:
    return float((classifier(dataset.samples).argmax(dim=1) == dataset.labels).double().mean())


if __name__ == "__main__":
    explain_errors(main)
