"""Labels of runs from the samples that the scripts wrote themselves; knows nothing of gandiag.

``python truth.py SAMPLES`` prints one line a run, and writes ``SAMPLES/truth.csv`` and a picture for each run. A run's
folder holds ``real.npy`` (data), ``gen_STEP.npy`` (1000 samples of the same noise at about 13 moments) and, for
conditional ones, ``gen_labels.npy``. The rule, written before any verdict was seen, is :func:`label`.
"""

import csv
import itertools
import pathlib
import sys

import matplotlib
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# What the pictures and the scripts' own printed losses add to the rule, written before any verdict was seen.
LOOKED = {
    "lsgan_ring_hot_g": (
        "ambiguous", {"healthy", "non_convergence"},
        "all modes at the end, but half of the samples between them, and they come and go",
    ),
    "deep_sigmoid_wine": (
        "vanishing_gradients", {"vanishing_gradients", "mode_collapse"},
        "the printed gradient of the first layer is 1e-9 to 1e-11 throughout; only the last bias moves",
    ),
    "momentum_sgd_1d": (
        "vanishing_gradients", {"vanishing_gradients", "non_convergence", "mode_collapse"},
        "thrown to -53 in the first 150 steps, and not a move after; D's losses are 0.000",
    ),
    "label_flip_swiss_roll": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "the discriminator knows nothing, and the samples wander as one small cloud",
    ),
    "infogan_digits": (
        "mode_collapse", {"mode_collapse", "non_convergence"},
        "ten prototypes, one for each code (ten clusters explain 99.5 % of the samples' variance, of the data's 46 %);"
        " they keep changing",
    ),
    "dropout_heavy_moons": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "D's printed losses are those of one that knows nothing; a thick line wanders across the moons",
    ),
    "linear_critic_rotates": (
        "ambiguous", {"healthy", "non_convergence"},
        "far from the data and too wide, and coming nearer all the time",
    ),
    "scale_255_mnist": (
        "mode_collapse", {"mode_collapse", "vanishing_gradients"},
        "all samples are alike; measured by themselves they move, measured by data of 0 to 255 not",
    ),
    "gauss_mean_oscillates": (
        "non_convergence", {"non_convergence"},
        "the right cloud, as wide as the data, circles them; the clusters that it leaves are its shift",
    ),
    "ring_three_heads": (
        "mode_collapse", {"mode_collapse"},
        "three of eight modes, well made, and settled there; D still tells the difference",
    ),
    "cube_27_default_adam": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "a bent sheet that turns from snapshot to snapshot and never comes to rest on the lattice",
    ),
    "typo_lr_g_wine": (
        "non_convergence", {"non_convergence", "vanishing_gradients", "mode_collapse"},
        "the untrained spot creeps, always the same way, far too slowly; D's losses are 0.001, G's rises to 13",
    ),
    "hot_adam_lissajous": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "thrown about, up to five spreads away; a shape comes and goes, never the curve's",
    ),
    "endless_warmup_petals": (
        "non_convergence", {"non_convergence"},
        "two thirds of the way good enough, then two to four times as far from the data as at its best, in ever other"
        " shapes",
    ),
    "missing_zero_grad_links": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "a small cloud that is thrown to and fro by one to four spreads between snapshots",
    ),
    "momentum_both_gauss6d": (
        "non_convergence", {"non_convergence"},
        "250 times as wide as the data; what looks like getting better is a drift of 5 %",
    ),
    "faint_noise_table": (
        "mode_collapse", {"mode_collapse", "non_convergence"},
        "a single point for all noise from the start; it travels",
    ),
    "cancer30_ralsgan": (
        "non_convergence", {"non_convergence", "mode_collapse"},
        "one profile with little spread around it, another at each snapshot; D's losses go up and down",
    ),
    "instance_noise_stays": (
        "non_convergence", {"non_convergence"},
        "D's losses are those of one that knows nothing throughout; a shapeless cloud that drifts",
    ),
    "flags_fast_g": (
        "mode_collapse", {"mode_collapse", "vanishing_gradients"},
        "the same flat colour for all noise, red or blue in turn",
    ),
    "scheduler_every_batch_digits": (
        "non_convergence", {"non_convergence", "vanishing_gradients"},
        "stands still at the first epochs' noise, as the printed rate falls to 1e-19; no digits",
    ),
    "l1_pairs_digits": (
        "mode_collapse", {"mode_collapse"},
        "the same digit for each label, whatever the noise",
    ),
    "saturating_logit_colour": (
        "ambiguous", {"healthy", "vanishing_gradients"},
        "all colours, but the tiles stay blurred: little changes after the first third, as log(1 - D) nears 0",
    ),
}  # fmt: skip
CLUSTERS = {"lsgan_ring": 8, "wgan_free_grid": 25, "ring": 8, "grid": 25, "momentum_sgd_1d": 8}
CLUSTERS |= {"cube_27": 27, "d_pauses_grid9": 9, "four_corners": 4, "handmade_log_blobs": 6}


def sliced(a, b, directions):
    """1-Wasserstein distance, mean over directions, of equally many points."""
    grid = np.linspace(0, 1, 400)
    return np.mean([np.abs(np.quantile(a @ d, grid) - np.quantile(b @ d, grid)).mean() for d in directions])


def spread(x):
    """Mean distance between two points."""
    half = len(x) // 2
    return np.linalg.norm(x[:half] - x[half : 2 * half], axis=1).mean()


def neighbour(x):
    """Median distance to the nearest other point."""
    return np.median(NearestNeighbors(n_neighbors=2).fit(x).kneighbors(x)[0][:, 1])


def measure(folder):
    """All that the rule reads, by name."""
    rng = np.random.default_rng(0)
    real = np.load(folder / "real.npy")
    real = real.reshape(len(real), -1).astype(np.float64)
    real = real[rng.permutation(len(real))]
    files = sorted(folder.glob("gen_0*.npy"))
    steps = [int(f.stem[4:]) for f in files]
    fakes = [np.load(f).astype(np.float64) for f in files]
    fakes = [f.reshape(len(f), -1) for f in fakes]
    row = {"snapshots": len(files), "last_step": steps[-1], "finite": all(np.isfinite(f).all() for f in fakes)}
    if not row["finite"]:
        return row, fakes, real
    if real.shape[1] > 20:
        pca = PCA(20, random_state=0).fit(real)
        residual = np.linalg.norm(fakes[-1] - pca.inverse_transform(pca.transform(fakes[-1])), axis=1).mean()
        base = np.linalg.norm(real - pca.inverse_transform(pca.transform(real)), axis=1).mean()
        row["off_manifold"] = residual / base  # 1 as real; large: pixels that no data has
        real, fakes = pca.transform(real), [pca.transform(f) for f in fakes]
    elif real.shape[1] > 2:
        scale = real.std(0)
        real, fakes = real / scale, [f / scale for f in fakes]
    half = min(len(real) // 2, 1000)
    a, b = real[:half], real[half : 2 * half]
    same = [f[:half] for f in fakes]
    directions = rng.normal(size=(64, real.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    scale = spread(real)
    distance = np.array([sliced(f, a, directions) for f in same]) / scale
    row["floor"] = sliced(b, a, directions) / scale
    row["at_mean"] = sliced(np.broadcast_to(a.mean(0), a.shape), a, directions) / scale
    row["start"], row["best"], row["final"] = distance[0], distance.min(), distance[-1]
    row["distances"] = " ".join(f"{d:.3f}" for d in distance)
    row["spread"] = spread(same[-1]) / scale
    row["spreads"] = " ".join(f"{spread(f) / scale:.2f}" for f in same)
    row["spread_best"] = max(spread(f) for f in same) / scale
    row["neighbour"] = neighbour(same[-1]) / neighbour(b)
    nn = NearestNeighbors(n_neighbors=6).fit(a)
    radius = nn.kneighbors(a)[0][:, -1]

    def cover(x):
        near = NearestNeighbors(n_neighbors=1).fit(x).kneighbors(a)[0][:, 0]
        return (near <= radius).mean()

    def precision(x):
        d, i = nn.kneighbors(x)
        return (d <= radius[i]).any(1).mean()

    row["coverage"], row["coverage_floor"] = cover(same[-1]), cover(b)
    row["precision"], row["precision_floor"] = precision(same[-1]), precision(b)
    k = next((v for n, v in CLUSTERS.items() if folder.name.startswith(n)), 15)
    km = KMeans(k, n_init=4, random_state=0).fit(real)
    owner = km.labels_
    away = np.linalg.norm(real - km.cluster_centers_[owner], axis=1)
    reach = np.array([np.quantile(away[owner == j], 0.99) for j in range(k)])
    shares = np.bincount(owner, minlength=k) / len(owner)

    def present(x):
        d = np.linalg.norm(x[:, None] - km.cluster_centers_[None], axis=2)
        j = d.argmin(1)
        near = d[np.arange(len(x)), j] <= 1.3 * reach[j]
        return np.bincount(j[near], minlength=k) / len(x) >= 0.2 * shares

    found = np.array([present(f) for f in fakes])
    row["clusters"], row["clusters_of"] = int(found[-1].sum()), k
    row["clusters_over_time"] = " ".join(map(str, found.sum(1)))
    tail = max(2, len(fakes) // 3)
    row["clusters_ever_in_tail"] = int(found[-tail:].any(0).sum())
    moves = [np.linalg.norm(q - p, axis=1).mean() / scale for p, q in itertools.pairwise(fakes)]
    row["movements"] = " ".join(f"{v:.3f}" for v in moves)
    row["movement"] = float(np.median(moves[-tail:]))
    row["movement_first"] = moves[0]
    row["tail_worst"] = distance[-tail:].max()
    before = distance[-2 * tail : -tail].mean()
    row["tail_gain"] = 1 - distance[-tail:].mean() / before
    row["improving"] = bool(row["tail_gain"] >= 0.1 and row["tail_worst"] < before)
    labels = folder / "gen_labels.npy"
    if labels.exists():
        y, ry = np.load(labels), np.load(folder / "real_labels.npy")
        original = np.load(folder / "real.npy")
        original = original.reshape(len(original), -1)
        last = np.load(files[-1]).reshape(len(y), -1)
        row["spread_in_class"] = np.mean([spread(last[y == c]) / spread(original[ry == c]) for c in np.unique(y)])
    return row, fakes, real


def label(m):
    """``(label, accepted)`` of the measurements: the rule.

    ``q`` is the distance to the data, 0 as good as other real data, 1 as a generator that makes nothing but their mean.

    * not finite: non_convergence; so are samples more than 10 spreads away, whatever else holds.
    * good: q < 0.35, coverage > 0.25 of its floor, 0.8 of the clusters, spread and in-class spread > 0.6. It is
      healthy, unless the distance in the last third was over 0.6 once (then it oscillates: ambiguous).
    * collapsed: spread < 0.35, or in-class spread < 0.35, or neighbours nearer than 0.15 of the real (copies), or
      clusters < 0.7 while precision > 0.3 (good samples of few kinds), or clusters < 0.7 now and 1.3 times as many
      over the last third (cycling).
    * frozen: movement in the last third < 0.03 between snapshots, while not good.
    * improving: the mean distance in the last third is 0.1 below that of the third before, and the worst below it too.
    * astray: movement > 0.1, not good and not improving.
    * a run with none of these is ambiguous; one that improves and is neither collapsed nor frozen, too.

    Frozen and collapsed at once: both are accepted; which is named first goes by whether it ever had spread.
    """
    if not m["finite"]:
        return "non_convergence", {"non_convergence"}
    q = (m["final"] - m["floor"]) / (m["at_mean"] - m["floor"])
    worst = (m["tail_worst"] - m["floor"]) / (m["at_mean"] - m["floor"])
    m["q"], m["q_worst"] = q, worst
    clusters = m["clusters"] / m["clusters_of"]
    in_class = m.get("spread_in_class", 1.0)
    good = q < 0.35 and m["coverage"] > 0.25 * m["coverage_floor"] and clusters >= 0.8
    good = good and m["spread"] > 0.6 and in_class > 0.6
    if good:
        return ("healthy", {"healthy"}) if worst < 0.6 else ("ambiguous", {"healthy", "non_convergence"})
    accepted = []
    collapsed = m["spread"] < 0.35 or in_class < 0.35 or m["neighbour"] < 0.15
    collapsed |= clusters < 0.7 and m["precision"] > 0.3
    collapsed |= clusters < 0.7 and m["clusters_ever_in_tail"] >= 1.3 * m["clusters"] and m["clusters"] > 0
    frozen = m["movement"] < 0.03
    if collapsed:
        accepted.append("mode_collapse")
    if frozen:
        accepted.insert(0 if m["spread_best"] < 0.35 else len(accepted), "vanishing_gradients")
    if m["final"] > 10 or (m["movement"] > 0.1 and not m["improving"]):
        accepted.append("non_convergence")
    if not accepted or (m["improving"] and not collapsed and not frozen):
        return "ambiguous", set(accepted)
    return accepted[0], set(accepted)


def picture(folder, fakes, real, path):
    """Real data, and the samples at three moments."""
    raw = np.load(folder / "real.npy")
    files = sorted(folder.glob("gen_0*.npy"))
    chosen = [folder / "real.npy", files[len(files) // 3], files[2 * len(files) // 3], files[-1]]
    fig, axes = plt.subplots(1, 4, figsize=(16, 4.2))
    for ax, f in zip(axes, chosen, strict=True):
        x = np.nan_to_num(np.load(f), nan=0, posinf=0, neginf=0)
        if raw.ndim == 4:
            x = x[np.random.default_rng(1).permutation(len(x))[:64]] if f.name == "real.npy" else x[:64]
            _, c, h, w = x.shape
            x = x.reshape(8, 8, c, h, w).transpose(0, 3, 1, 4, 2).reshape(8 * h, 8 * w, c)
            lo, hi = raw.min(), raw.max()
            ax.imshow(np.clip((x - lo) / (hi - lo), 0, 1).squeeze(), cmap="gray")
        elif raw.ndim == 2 and raw.shape[1] == 1:
            ax.hist(x[:, 0], bins=60, density=True)
        elif raw.ndim == 2 and raw.shape[1] == 2:
            ax.scatter(x[:1000, 0], x[:1000, 1], s=3)
            if f.name != "real.npy":
                ax.scatter(raw[:500, 0], raw[:500, 1], s=1, alpha=0.3)
        elif raw.shape[1] >= 30:
            ax.plot(x[:16].T, lw=0.7)
        else:
            p = PCA(2).fit(raw)
            for data in (raw, x):
                q = p.transform(data[:500])
                ax.scatter(q[:, 0], q[:, 1], s=3)
        ax.set_title(f.stem)
    fig.suptitle(folder.name)
    fig.savefig(path, dpi=60)
    plt.close(fig)


def main(root):
    root = pathlib.Path(root)
    rows = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and (p / "real.npy").exists()):
        try:
            m, fakes, real = measure(folder)
            name, accepted = label(m)
            by_rule = name
            name, accepted, look = LOOKED.get(folder.name, (name, accepted, ""))
        except Exception as error:  # a run that is still being written
            print(folder.name, "not measured:", error)
            continue
        picture(folder, fakes, real, root / f"{folder.name}.png")
        m = {k: (float(f"{v:.3g}") if isinstance(v, (float, np.floating)) else v) for k, v in m.items()}
        accepted = "|".join(sorted(accepted))
        rows.append({"script": folder.name, "label": name, "accepted": accepted, "by_rule": by_rule, "look": look, **m})
        print(folder.name, name, accepted, {k: m[k] for k in m if k not in ("snapshots", "last_step", "finite")})
    names = list(dict.fromkeys(k for r in rows for k in r))
    with open(root / "truth.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, names)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1])
