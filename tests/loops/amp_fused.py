import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(64)


def build():
    g = nn.Sequential(nn.Linear(5, 20), nn.GELU(), nn.Linear(20, 7))
    d = nn.Sequential(nn.Linear(7, 20), nn.GELU(), nn.Linear(20, 1))
    return g, d


def run(bs=16, n_steps=16):  # --- rounds
    g, d = build()
    opts = {
        "g": torch.optim.AdamW(g.parameters(), lr=1e-3, fused=True),
        "d": torch.optim.AdamW(d.parameters(), lr=1e-3, fused=True),
    }
    scalers = {k: torch.amp.GradScaler("cpu", init_scale=512.0, growth_interval=5) for k in opts}
    # --- attach: g | d
    for i in range(n_steps):
        for which, opt in opts.items():
            opt.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                if which == "d":
                    with torch.no_grad():
                        fake = g(torch.randn(bs, 5))
                    s_real, s_fake = d(torch.rand(bs, 7)), d(fake)
                    # --- logits: s_real | s_fake
                    loss = F.relu(1 - s_real).mean() + F.relu(1 + s_fake).mean()
                else:
                    fake = g(torch.randn(bs, 5))
                    loss = -d(fake).mean()
                    # --- signal: loss | fake
            scalers[which].scale(loss).backward()
            scalers[which].step(opt)
            scalers[which].update()
            print(f"{i}/{which}: {loss.item():.4f} (x{scalers[which].get_scale():.0f})")


if __name__ == "__main__":
    run()
