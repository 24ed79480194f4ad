"""One picture of quality against cost; ours in red."""

from collections.abc import Mapping

Points = Mapping[str, tuple[float, float]]
"""Method -> (seconds a megapixel, PSNR)."""


def quality_against_cost(path: str, panels: Mapping[str, Points]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(1, len(panels), figsize=(6.5 * len(panels), 4.5), squeeze=False)
    for axes, (title, points) in zip(grid[0], panels.items(), strict=True):
        for name, (seconds, psnr) in points.items():
            axes.plot(seconds, psnr, "o", color="tab:red" if name.startswith("vaeedit") else "tab:blue")
            axes.annotate(
                name, (seconds, psnr), textcoords="offset points", xytext=(3, 6), fontsize=8, rotation=40
            )
        axes.set(xscale="log", xlabel="seconds a megapixel of output", ylabel="PSNR, dB", title=title)
        axes.grid(alpha=0.3)
        axes.margins(x=0.3, y=0.35)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
