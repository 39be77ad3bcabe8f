"""Text-like GAN on soft one-hots: the generator's output layer is its token embedding, transposed."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(13)
VOCAB, EMB, LEN, BATCH = 7, 6, 4, 12


class TiedGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, EMB)
        self.cell = nn.GRUCell(EMB, EMB)
        self.out = nn.Linear(EMB, VOCAB)
        self.out.weight = self.embed.weight  # tied

    def forward(self, h):
        token, steps = self.embed(torch.zeros(len(h), dtype=torch.long)), []
        for _ in range(LEN):
            h = self.cell(token, h)
            probs = F.softmax(self.out(h), dim=-1)
            steps.append(probs)
            token = probs @ self.embed.weight
        return torch.stack(steps, dim=1)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(VOCAB, EMB, bias=False)
        self.again = nn.Linear(EMB, EMB, bias=False)
        self.twice = self.again  # one layer under two names
        self.score = nn.Linear(LEN * EMB, 1)

    def forward(self, x):
        h = torch.relu(self.again(self.proj(x)))
        return self.score(torch.relu(self.twice(h)).flatten(1))


G, D = TiedGenerator(), Critic()
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3)
d_opt = torch.optim.Adam(D.parameters(), lr=1e-3)
# --- attach: G | D
for epoch in range(15):  # --- rounds
    tokens = torch.randint(0, VOCAB, (BATCH, 1)) + torch.arange(LEN)
    real = F.one_hot(tokens % VOCAB, VOCAB).float()
    fake = G(torch.randn(BATCH, EMB))
    d_real, d_fake = D(real), D(fake.detach())
    # --- logits: d_real | d_fake
    d_loss = F.relu(1 - d_real).mean() + F.relu(1 + d_fake).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()

    fake = G(torch.randn(BATCH, EMB))
    g_loss = -D(fake).mean()
    # --- signal: g_loss | fake
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    print(f"epoch {epoch + 1}: d {d_loss.item():.3f} g {g_loss.item():.3f}")
