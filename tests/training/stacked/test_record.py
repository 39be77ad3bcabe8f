"""Norms member by member, also where their squares leave single precision."""

import pytest
import torch

from gandiag.training.stacked.record import member_norms


@pytest.mark.parametrize("size", [1.0, 1e-25, 1e25])
def test_norms_of_any_size_are_those_of_double_precision(size):
    tensors = [torch.randn(3, 4, 5) * size, torch.randn(3, 1, 5)]
    expected = torch.stack([one.double().flatten(1).norm(dim=1) for one in tensors], dim=1)
    torch.testing.assert_close(member_norms(tensors).double(), expected, rtol=1e-5, atol=0)


def test_only_what_is_not_a_number_is_none():
    tensors = [torch.tensor([[[1e25]], [[torch.nan]], [[torch.inf]]])]
    assert torch.isfinite(member_norms(tensors)).flatten().tolist() == [True, False, False]
