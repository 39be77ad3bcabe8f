import torch


def endless(batch, size):
    while True:
        yield torch.randn(batch, size).cumsum(dim=1) / size**0.5
