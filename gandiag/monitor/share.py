"""How much of the generator's learning signal comes by way of the discriminator."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from torch import Tensor
from torch.autograd.graph import Node

from gandiag.monitor.guard import Guard
from gandiag.monitor.tensors import per_sample_norm

SIGNAL = "signal.adversarial_share"
MOST_NODES = 20_000  # of a graph that is walked
KEY = "gandiag.share"
Slots = list[tuple[int, "SampleGradient"]]


@dataclass(eq=False)
class SampleGradient:
    """What came back into the samples of one forward pass: in all, and by way of a discriminator.

    Attributes:
        total: ∂L/∂sample, with the samples' shape, summed over backward passes.
        through: The part of it that a discriminator sent.
    """

    total: Tensor | None = None
    through: Tensor | None = None

    def receive(self, gradient: Tensor) -> None:
        """As a hook of the samples: what a backward pass brings them in all."""
        self.total = gradient.detach().clone() if self.total is None else self.total + gradient.detach()

    def begin_anew(self) -> None:
        """Forget what came back so far: it was for a discriminator's own step."""
        self.total = self.through = None

    def share(self) -> Tensor | None:
        """Median over samples of ‖through‖ / (‖through‖ + ‖rest‖), in [0, 1]; ``None`` where no discriminator sent any.

        Beside the norm of the sum this stays a share where the parts point away from each other.
        """
        if self.total is None or self.through is None:
            return None
        through, rest = per_sample_norm(self.through), per_sample_norm(self.total - self.through)
        return (through / (through + rest)).nanmedian()


def mark(samples: Tensor) -> SampleGradient | None:
    """Have a generator's output known by its node in the graph, whatever is done with it afterwards.

    Holding the node itself would keep the generator's activations alive.
    """
    if samples.grad_fn is None:
        return None
    gradient = SampleGradient()
    _notes(samples.grad_fn)[KEY] = gradient
    return gradient


def listen_to_discriminator(outputs: Iterable[Tensor], guard: Guard) -> None:
    """Take what one call of a discriminator will send back into marked samples.

    Hooks on the nodes that lead into the samples see it before it is added to what other losses send. Where a loss is
    computed from what the samples were made into on their way to the discriminator, its part passes for the
    discriminator's.
    """
    roots = [tensor.grad_fn for tensor in outputs if tensor.grad_fn is not None]
    for node, slots in _edges_into_samples(roots).items():
        node.register_hook(guard.shield(SIGNAL, partial(_collect, slots)))


def _edges_into_samples(roots: list[Node]) -> dict[Node, Slots]:
    """Nodes that send gradients straight into marked samples, each once for whatever number of calls."""
    found: dict[Node, Slots] = {}
    seen, waiting = set(roots), list(roots)
    while waiting and len(seen) < MOST_NODES:
        node = waiting.pop()
        for slot, (following, _) in enumerate(node.next_functions):
            if following is None:
                continue
            gradient = _notes(following).get(KEY)
            if isinstance(gradient, SampleGradient):
                if KEY not in _notes(node):
                    found.setdefault(node, []).append((slot, gradient))
            elif following not in seen:
                seen.add(following)
                waiting.append(following)
    for node in found:
        _notes(node)[KEY] = True
    return found


def _notes(node: Node) -> dict[str, Any]:
    """What can be noted on a node of the graph; torch's stubs take it for a method."""
    return cast(dict[str, Any], node.metadata)


def _collect(slots: Slots, sent: tuple[Tensor | None, ...], *received: object) -> None:
    """As a node's hook: what it sends into samples."""
    for slot, gradient in slots:
        part = sent[slot]
        if part is not None:
            part = part.detach()
            gradient.through = part.clone() if gradient.through is None else gradient.through + part
