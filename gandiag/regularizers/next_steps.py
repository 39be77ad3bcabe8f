"""An optimizer's next steps as functions of the gradients, so that a loss can be differentiated through them."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from gandiag.errors import GandiagError

Step = Callable[[Tensor, Tensor], Tensor]

TINY = 1e-30
"""Under the root of Adam's mean square: where no gradient ever was, the root has no slope."""
PLAIN = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False, "maximize": False}


class NextSteps:
    """The steps that an optimizer would take next; it and its state stay as they are.

    Each parameter moves by the settings of its own group. One that the optimizer does not hold, or that has no
    gradient, stays where it is, as in a real step.

    Args:
        optimizer: :class:`torch.optim.Adam`, ``AdamW`` or ``SGD``, or the step size of plain gradient descent.
        parameters: Those to move.

    Raises:
        GandiagError: If it is another optimizer, or one that holds none of the parameters.
    """

    def __init__(self, optimizer: float | Optimizer, parameters: Sequence[Tensor]) -> None:
        self._steps = _steps_of(optimizer, parameters)

    def __call__(self, values: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> list[Tensor]:
        """The values one step further."""
        return [
            value if step is None or gradient is None else step(value, gradient)
            for step, value, gradient in zip(self._steps, values, gradients, strict=True)
        ]


def _steps_of(optimizer: float | Optimizer, parameters: Sequence[Tensor]) -> list[Step | None]:
    """One a parameter; ``None`` for those that the optimizer does not hold."""
    if isinstance(optimizer, Real | Tensor):
        return [_DescentStep({**PLAIN, "lr": optimizer}, {}) for _ in parameters]
    # By its exact type: a subclass may step in another way, as AdamW does beside Adam.
    if not isinstance(optimizer, Optimizer) or type(optimizer) not in (Adam, AdamW, SGD):
        raise GandiagError(
            f"Steps can be looked ahead of Adam, AdamW, SGD or plain gradient descent, not of "
            f"{type(optimizer).__name__}; give the discriminator's optimizer if it is one of them, or a learning rate."
        )
    groups = {parameter: group for group in optimizer.param_groups for parameter in group["params"]}
    if not any(parameter in groups for parameter in parameters):
        raise GandiagError(
            f"The {type(optimizer).__name__} to look ahead with steps none of the discriminator's parameters that "
            f"require gradients; give the discriminator's own optimizer."
        )
    return [
        _step_of(optimizer, parameter, groups[parameter]) if parameter in groups else None for parameter in parameters
    ]


def _step_of(optimizer: Optimizer, parameter: Tensor, group: Mapping[str, Any]) -> Step:
    state = optimizer.state.get(parameter, {})
    if isinstance(optimizer, SGD):
        return _DescentStep(group, state)
    return _AdamStep(
        group, state, parameter, isinstance(optimizer, AdamW) or group.get("decoupled_weight_decay", False)
    )


class _DescentStep:
    """One parameter's next steps by gradient descent, with momentum and weight decay as :class:`torch.optim.SGD`."""

    def __init__(self, group: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        self._group = group
        self._velocity: Tensor | None = state.get("momentum_buffer")

    def __call__(self, value: Tensor, gradient: Tensor) -> Tensor:
        group = self._group
        if group["maximize"]:
            gradient = -gradient
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * value
        if group["momentum"]:
            gradient = self._accumulated(gradient, group["momentum"])
        moved: Tensor = value - group["lr"] * gradient
        return moved

    def _accumulated(self, gradient: Tensor, momentum: float) -> Tensor:
        if self._velocity is None:
            self._velocity = gradient
        else:
            self._velocity = momentum * self._velocity + (1 - self._group["dampening"]) * gradient
        return gradient + momentum * self._velocity if self._group["nesterov"] else self._velocity


class _AdamStep:
    r"""One parameter's next steps by Adam, or by AdamW, whose decay is decoupled from the gradient.

    Adam's decay adds :math:`\lambda \theta` to the gradient, AdamW's multiplies :math:`\theta` by
    :math:`1 - \eta \lambda`.

    References:
        | Adam: A Method for Stochastic Optimization (Kingma and Ba, 2015), Algorithm 1
        | https://arxiv.org/abs/1412.6980
        | Decoupled Weight Decay Regularization (Loshchilov and Hutter, 2019), Algorithm 2
        | https://arxiv.org/abs/1711.05101
    """

    def __init__(self, group: Mapping[str, Any], state: Mapping[str, Any], parameter: Tensor, decoupled: bool) -> None:
        self._group, self._decoupled = group, decoupled
        self._count = int(state.get("step", 0))
        self._mean: Tensor = state.get("exp_avg", torch.zeros_like(parameter))
        self._square: Tensor = state.get("exp_avg_sq", torch.zeros_like(parameter))
        self._largest: Tensor = state.get("max_exp_avg_sq", torch.zeros_like(parameter))

    def __call__(self, value: Tensor, gradient: Tensor) -> Tensor:
        group = self._group
        rate, (first, second), decay = group["lr"], group["betas"], group["weight_decay"]
        if group["maximize"]:
            gradient = -gradient
        if self._decoupled:
            value = value * (1 - rate * decay)
        else:
            gradient = gradient + decay * value
        self._count += 1
        self._mean = first * self._mean + (1 - first) * gradient
        self._square = second * self._square + (1 - second) * gradient * gradient
        self._largest = torch.maximum(self._largest, self._square) if group["amsgrad"] else self._square
        size = (self._largest / (1 - second**self._count) + TINY).sqrt() + group["eps"]
        moved: Tensor = value - rate * self._mean / (1 - first**self._count) / size
        return moved
