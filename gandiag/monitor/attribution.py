"""What belongs to whom in a discriminator's gradient: its loss on real and on generated samples, penalties, leaks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils.hooks import RemovableHandle

from gandiag.monitor.calls import Call, kinds_of
from gandiag.monitor.guard import Guard
from gandiag.monitor.hooks import at_end_of_backward
from gandiag.monitor.norms import Number, gradient_norms
from gandiag.monitor.provenance import Kind

MOST_NODES = 20_000  # of a graph that is walked
Parts = dict[int, Tensor]
"""Index of a parameter → a part of its gradient."""


@dataclass(frozen=True)
class Attributed:
    """Norms, one a parameter, of the parts of one gradient; ``None`` where a part is not known.

    Attributes:
        real: What came by the logits of real samples.
        fake: What came by those of generated ones, for the discriminator's own loss.
        penalty: What came by neither.
        leaked: What the generator's backward pass, or an earlier one, had left there.
        undetached: Whether the discriminator's own loss flows on into the generator.
    """

    real: list[Number] | None = None
    fake: list[Number] | None = None
    penalty: list[Number] | None = None
    leaked: list[Number] | None = None
    undetached: bool = False


@dataclass(eq=False)
class Share:
    """What one call of the discriminator contributes to its gradient.

    Attributes:
        call: The call.
        sent: Backward pass → what it sent into the parameters by this call.
        reached: The backward passes that came to its output.
        went_on: Those that went on from its input into a generator.
    """

    call: Call
    sent: dict[int, Parts] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)
    went_on: set[int] = field(default_factory=set)

    def collect(self, slots: list[tuple[int, int]], sent: tuple[Tensor | None, ...], *received: object) -> None:
        """As a node's hook: add what it sends into parameters."""
        parts = self.sent.setdefault(backward_pass(), {})
        for slot, parameter in slots:
            gradient = sent[slot]
            if gradient is not None:
                gradient = gradient.detach()
                parts[parameter] = parts[parameter] + gradient if parameter in parts else gradient.clone()

    def go_on(self, gradient: Tensor) -> None:
        """As a hook of its input: a backward pass goes on into the generator."""
        self.went_on.add(backward_pass())


class Attribution:
    """Takes one discriminator's gradient apart between two of its steps.

    Hooks on the graph's nodes see what each call sends into each parameter before it is added up. Nothing is computed
    anew, and nothing is changed. Kept to a few iterations: the parts are as large as the gradient.

    Args:
        parameters: The discriminator's.
        after_backward: Called when a backward pass that reached the discriminator is over.
        guard: Keeps errors in hooks from the training loop.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], after_backward: Callable[[], None], guard: Guard) -> None:
        self._parameters = parameters
        self._guard = guard
        self._after_backward = after_backward
        self._shares: list[Share] = []
        self._handles: list[RemovableHandle] = []
        self._filling: set[int] = set()
        self._began: int | None = None
        self._left_over: Parts = {}
        self._total: Parts = {}

    def after_forward(self, call: Call, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Listen to what will come back through one call."""
        if not self._handles:
            self._listen_to_parameters()
        share = Share(call)
        self._shares.append(share)
        roots = [tensor.grad_fn for tensor in outputs if tensor.grad_fn is not None]
        index = {id(parameter): index for index, parameter in enumerate(self._parameters)}
        for node, slots in parameter_edges(roots, index).items():
            node.register_hook(self._guard.shield("attribution", partial(share.collect, slots)))
        for tensor in outputs:
            if tensor.requires_grad:
                hook = self._reached if tensor.shape == call.logits.shape else self._begin
                tensor.register_hook(self._guard.shield("attribution", partial(hook, share)))
        for tensor in inputs:
            if tensor.grad_fn is not None:
                tensor.register_hook(self._guard.shield("attribution", share.go_on))

    def _listen_to_parameters(self) -> None:
        """Hear of backward passes that come by no output, as penalties do."""
        ended = self._guard.shield("attribution", self._await_end)
        self._handles = [p.register_post_accumulate_grad_hook(ended) for p in self._parameters if p.requires_grad]

    def _await_end(self, parameter: Tensor) -> None:
        if (now := backward_pass()) not in self._filling:
            self._filling.add(now)
            at_end_of_backward(self._guard.shield("attribution", self._pass_ended))

    def _reached(self, share: Share, gradient: Tensor) -> None:
        """A backward pass has come to a call's judgement."""
        share.reached.add(backward_pass())
        share.call.logit_gradient = gradient.detach().clone()
        self._begin(share, gradient)

    def _begin(self, share: Share, gradient: Tensor) -> None:
        """A backward pass has come to one of a call's outputs, and not yet to any parameter behind it."""
        now = backward_pass()
        # A pass that fills no gradients, as a penalty's first one, does not begin the discriminator's own.
        if not share.call.through_generator and self._began != now and self._began not in self._filling:
            self._left_over, self._began = self._gradients(), now

    def _pass_ended(self) -> None:
        self._total = self._gradients()
        self._after_backward()

    def _gradients(self) -> Parts:
        found = enumerate(parameter.grad for parameter in self._parameters)
        return {index: gradient.detach().clone() for index, gradient in found if gradient is not None}

    def begin_anew(self) -> None:
        """Forget what came back so far: a step was taken on it."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._shares, self._began, self._total = [], [], None, {}
        self._filling.clear()

    def finish(self, owned: Sequence[int]) -> Attributed:
        """Take the gradient apart and begin anew: the discriminator is about to step.

        Args:
            owned: Indices of the parameters that will step; what came into others, as a head's, is no part of it.
        """
        shares = [share for share in self._shares if share.reached]
        filling, left_over, total, began = frozenset(self._filling), self._left_over, self._total, self._began
        self.begin_anew()
        kinds = kinds_of([share.call for share in shares], generator_passes=0)
        real, fake = ([s for s, k in zip(shares, kinds, strict=True) if k is kind] for kind in (Kind.DATA, Kind.FAKE))
        own = own_calls(real, fake)
        if not own or began is None or Kind.ROWS in kinds:
            return Attributed()
        early = [share for share in fake if max(share.reached) < began]
        others = _filled([share for share in fake if share not in own and share not in early], filling)
        leaked = _combined([left_over, *others], _filled([share for share in own if share in early], filling))
        undetached = any(share.reached & share.went_on & filling for share in own)
        if any(share.call.penalised for share in (*real, *own)):
            # The penalty comes by the same nodes as the loss.
            return Attributed(leaked=_norms(leaked, owned), undetached=undetached)
        on_real, on_fake = _combined(_filled(real, filling)), _combined(_filled(own, filling))
        rest = _combined([total], [on_real, on_fake, leaked])
        norms = [_norms(part, owned) for part in (on_real, on_fake, rest, leaked)]
        return Attributed(norms[0], norms[1], norms[2] if Kind.MIXED in kinds else None, norms[3], undetached)


def backward_pass() -> int:
    """The number of the backward pass now running; later ones have greater numbers."""
    return torch._C._current_graph_task_id()


def _filled(shares: Sequence[Share], filling: frozenset[int]) -> list[Parts]:
    """What some calls sent in the passes that filled gradients, one element a pass."""
    return [parts for share in shares for number, parts in share.sent.items() if number in filling]


def own_calls(real: list[Share], fake: list[Share]) -> list[Share]:
    """The calls on generated samples for the discriminator's own loss; empty where there are none or it is not certain.

    Detached samples are judged for nothing else. Where there are none, those that were not detached are: unless there
    are more of them than real batches, some of which then belong to the generator's loss.
    """
    detached = [share for share in fake if not share.call.through_generator]
    return (detached or (fake if len(fake) <= len(real) else [])) if real else []


def parameter_edges(roots: Sequence[Node], index: dict[int, int]) -> dict[Node, list[tuple[int, int]]]:
    """Nodes of a graph that send gradients straight into parameters, with (place among its outputs, parameter).

    Args:
        roots: Where to begin.
        index: Identity of each parameter → its index.
    """
    found: dict[Node, list[tuple[int, int]]] = {}
    seen, waiting = set(roots), list(roots)
    while waiting and len(seen) < MOST_NODES:
        node = waiting.pop()
        for slot, (following, _) in enumerate(node.next_functions):
            if following is None:
                continue
            leaf = getattr(following, "variable", None)
            if leaf is not None and id(leaf) in index:
                found.setdefault(node, []).append((slot, index[id(leaf)]))
            elif following not in seen:
                seen.add(following)
                waiting.append(following)
    return found


def parameters_beside(judgement: Tensor, parameters: Sequence[nn.Parameter]) -> frozenset[int] | None:
    """Indices of the parameters that a discriminator's judgement does not depend on: of heads for something else.

    Such are those of InfoGAN's Q, where it is a part of the discriminator.

    Args:
        judgement: The discriminator's output, with its graph.
        parameters: All of its parameters.

    Returns:
        ``None`` where it depends on none that asks for a gradient: then it is frozen just now.
    """
    index = {id(parameter): index for index, parameter in enumerate(parameters)}
    roots = [] if judgement.grad_fn is None else [judgement.grad_fn]
    reached = {parameter for slots in parameter_edges(roots, index).values() for _, parameter in slots}
    if not reached:
        return None
    return frozenset(i for i, parameter in enumerate(parameters) if parameter.requires_grad and i not in reached)


def _combined(added: Sequence[Parts], subtracted: Sequence[Parts] = ()) -> Parts:
    """Sum of the first less the sum of the second."""
    total: Parts = {}
    for sign, several in ((1, added), (-1, subtracted)):
        for index, part in (item for parts in several for item in parts.items()):
            total[index] = total[index] + sign * part if index in total else sign * part
    return total


def _norms(parts: Parts, owned: Sequence[int]) -> list[Number]:
    stepped = frozenset(owned)
    return gradient_norms([part for index, part in parts.items() if index in stepped])
