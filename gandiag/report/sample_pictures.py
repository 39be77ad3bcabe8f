"""Samples drawn: images as one sharp grid, points as a scatter plot with equal axes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from gandiag.report import canvas
from gandiag.report.panels import Moment

GAP = 2
MAX_SIDE = 128
MAX_DRAWN_POINTS = 2000

Limits = tuple[tuple[float, float], tuple[float, float]]


def is_images(samples: np.ndarray) -> bool:
    """Whether samples are images ``(n, height, width)`` or ``(n, height, width, 3)``."""
    return samples.dtype == np.uint8 and (samples.ndim == 3 or (samples.ndim == 4 and samples.shape[-1] in (1, 3)))


def is_points(samples: np.ndarray) -> bool:
    """Whether samples are points ``(n, 2)``."""
    return np.issubdtype(samples.dtype, np.floating) and samples.ndim == 2 and samples.shape[1] == 2


def sample_png(samples: np.ndarray, limits: Limits | None = None, *, small: bool = False) -> bytes | None:
    """Samples as PNG; ``None`` where they are neither images nor points."""
    if not samples.size:
        return None
    if is_images(samples):
        return canvas.encode(Image.fromarray(grid(samples, small=small)))
    if is_points(samples):
        with canvas.house_style():
            figure = canvas.blank(1.7, 1.7) if small else canvas.blank(3.5, 3.5)
            draw_points(figure.subplots(), samples, limits or point_limits([samples]), bare=small)
        return canvas.png(figure)
    return None


def grid(images: np.ndarray, *, small: bool = False) -> np.ndarray:
    """The first images, enlarged by whole pixels and tiled on white.

    Args:
        images: Images with shape ``(n, height, width)`` or ``(n, height, width, channels)``.
        small: Whether a thumbnail is wanted: fewer images, not enlarged.

    Returns:
        One picture with shape ``(height, width[, 3])``.
    """
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    side = max(images.shape[1:3])
    columns = 5 if small else (6 if side <= 48 else 4 if side <= 96 else 3)
    columns = min(columns, int(np.ceil(np.sqrt(len(images)))))
    images = np.stack([_resized(image, side, small=small) for image in images[: columns * columns]])
    return tiled(images, columns)


def tiled(images: np.ndarray, columns: int) -> np.ndarray:
    """Images in rows, on white.

    Args:
        images: uint8 with shape ``(n, height, width)`` or ``(n, height, width, 3)``.
        columns: Images in a row; the last row may have fewer.

    Returns:
        One picture with shape ``(height, width[, 3])``.
    """
    height, width = images.shape[1:3]
    rows = -(-len(images) // columns)
    picture = np.full(
        (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *images.shape[3:]), 255, dtype=np.uint8
    )
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        picture[top : top + height, left : left + width] = image
    return picture


def _resized(image: np.ndarray, side: int, *, small: bool) -> np.ndarray:
    target = 32 if small else MAX_SIDE
    if side > target:
        shape = [max(1, round(length * target / side)) for length in image.shape[:2]]
        return np.asarray(Image.fromarray(image).resize((shape[1], shape[0]), Image.Resampling.LANCZOS))
    factor = 1 if small else max(1, 84 // side)
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def point_limits(clouds: Sequence[np.ndarray]) -> Limits:
    """A square window around all finite points; the farthest thousandth may lie outside it."""
    points = np.concatenate([cloud.astype(float) for cloud in clouds])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return (-1.0, 1.0), (-1.0, 1.0)
    low, high = np.quantile(points.clip(-1e30, 1e30), [0.001, 0.999], axis=0)
    half = max(float((high - low).max()) * 0.56, 1e-6 * float(np.abs(high).max()), 1e-6)
    center = (low + high) / 2
    return (float(center[0] - half), float(center[0] + half)), (float(center[1] - half), float(center[1] + half))


def draw_points(axes: Axes, points: np.ndarray, limits: Limits, *, bare: bool = False) -> None:
    """Draw points into axes, both directions on one scale."""
    finite = points[np.isfinite(points).all(axis=1)][:MAX_DRAWN_POINTS]
    axes.grid(visible=not bare, axis="both")
    axes.scatter(finite[:, 0], finite[:, 1], s=4 if bare else 9, color=canvas.PALETTE[0], alpha=0.45, linewidths=0)
    axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
    if bare:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    lost = len(points) - int(np.isfinite(points).all(axis=1).sum())
    if lost:
        axes.text(0.5, 1.01, f"{lost:,} not finite", transform=axes.transAxes, ha="center", color=canvas.ALARM)


def samples_side_by_side(moments: list[Moment]) -> Figure | None:
    """Samples of several moments in one figure; ``None`` where none can be drawn."""
    drawable = [one for one in moments if one.samples.size and (is_images(one.samples) or is_points(one.samples))]
    if not drawable:
        return None
    clouds = [one.samples for one in drawable if is_points(one.samples)]
    with canvas.house_style():
        figure = canvas.blank(3.6 * len(drawable), 3.9)
        for axes, one in zip(figure.subplots(1, len(drawable), squeeze=False).ravel(), drawable, strict=True):
            if is_points(one.samples):
                draw_points(axes, one.samples, point_limits(clouds))
            else:
                axes.imshow(grid(one.samples), cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
                axes.set_axis_off()
            axes.set_title(f"{one.label}, iteration {one.iteration:,}")
    return figure
