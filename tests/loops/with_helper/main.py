"""A script that imports a module beside it and pickles a class of its own."""

import pickle
import sys

import networks
import torch


class Settings:
    steps = 18


print(sys.argv[1:], __name__, pickle.loads(pickle.dumps(Settings())).steps)
torch.manual_seed(10)
models = {"gen": networks.make(3, 6), "dis": networks.make(6, 1)}
optims = {k: torch.optim.Adam(m.parameters(), lr=1e-3) for k, m in models.items()}
for _ in range(Settings.steps):
    fake = models["gen"](torch.randn(8, 3))
    optims["dis"].zero_grad()
    (models["dis"](fake.detach()).pow(2).mean() + (models["dis"](torch.randn(8, 6)) - 1).pow(2).mean()).backward(
        retain_graph=True
    )
    optims["dis"].step()
    optims["gen"].zero_grad()
    (models["dis"](fake) - 1).pow(2).mean().backward()
    optims["gen"].step()
print("done")
