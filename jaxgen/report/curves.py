"""Line charts as inline SVG, drawn without a plotting library."""

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

Series = Sequence[tuple[int, float]]  # (step, value), steps ascending
Band = tuple[float, float, float, float]  # (step, mean, lowest, highest)

_WIDTH, _HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 10, 26
_POINTS = 240  # a curve's mean line; its band has twice as many
_COLOURS = 6


def chart(
    title: str,
    curves: Mapping[str, Series],
    colours: Mapping[str, int],
    notes: Sequence[str] = (),
) -> str:
    """A chart as HTML: title, legend, one curve per name over the training step, and notes.

    Long curves become means over equal numbers of points, with the range of each as a band. The
    vertical axis is logarithmic where all values are positive and span more than a factor of 300.
    colours: index of each name, so that a player keeps its colour over all charts.
    """
    finite = {
        name: [(step, value) for step, value in curve if math.isfinite(value)]
        for name, curve in curves.items()
    }
    finite = {name: curve for name, curve in finite.items() if curve}
    last = {name: curve[-1] for name, curve in finite.items()}
    bands = {name: thin(curve, _POINTS) for name, curve in finite.items()}
    return band_chart(title, bands, colours, first=_first(finite.values()), last=last, notes=notes)


def band_chart(
    title: str,
    bands: Mapping[str, Sequence[Band]],
    colours: Mapping[str, int],
    *,
    first: float | None = None,
    last: Mapping[str, tuple[float, float]] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """`chart` of curves that have a range already: finite (step, mean, lowest, highest).

    first: step at which the axis begins. last: (step, value) at which a curve ends, for the axis
    and the legend. By default those of `bands`.
    """
    bands = {name: band for name, band in bands.items() if band}
    if not bands:
        return ""
    colours = {name: colours.get(name, 0) % _COLOURS for name in bands}
    last = last or {name: band[-1][:2] for name, band in bands.items()}
    values = [value for band in bands.values() for point in band for value in point[2:]]
    log = min(values) > 0 and max(values) > 300 * min(values)
    scale = math.log10 if log else float
    low, high = _padded(scale(min(values)), scale(max(values)))
    first = _first(bands.values()) if first is None else first
    end = max(max(step for step, _ in last.values()), first + 1)

    def x(step: float) -> float:
        return _LEFT + (step - first) / (end - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - scale(value)) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    drawn = "".join(_curve(name, band, colours[name], x, y) for name, band in bands.items())
    note = '<span class="note">log scale</span>' if log else ""
    said = "".join(f'<p class="note">{html.escape(text)}</p>' for text in notes)
    return (
        f'<figure class="chart"><figcaption><h3>{html.escape(title)}</h3>{note}'
        f'<div class="legend">{_legend(last, colours)}</div></figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(title)}">'
        f"{_axes(first, end, low, high, log, x)}{drawn}"
        f'<line class="cursor" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/></svg>{said}</figure>'
    )


def _legend(last: Mapping[str, tuple[float, float]], colours: Mapping[str, int]) -> str:
    return "".join(
        f'<span class="key c{colours[name]}"><i></i>{html.escape(name)}'
        f'<b data-of="{html.escape(name)}">{number(value)}</b></span>'
        for name, (_, value) in last.items()
    )


def _first(curves: Iterable[Sequence]) -> float:
    return min((curve[0][0] for curve in curves), default=0)


def thin(curve: Series, points: int) -> list[Band]:
    """(step, mean, lowest, highest) of at most `points` runs of neighbouring points."""
    size = math.ceil(len(curve) / points)
    runs = (curve[start : start + size] for start in range(0, len(curve), size))
    return [
        (
            sum(step for step, _ in run) / len(run),
            math.fsum(value for _, value in run) / len(run),
            min(value for _, value in run),
            max(value for _, value in run),
        )
        for run in runs
    ]


def number(value: float) -> str:
    """At most four significant digits, thousands apart, and no exponent where it can be spared."""
    if not math.isfinite(value):
        return str(value)
    if value == round(value) and abs(value) < 1e7:
        return f"{value:,.0f}"
    if 1e-3 <= abs(value) < 1e5:
        digits = max(0, 3 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.3g}"


def _curve(
    name: str,
    points: Sequence[Band],
    colour: int,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    line = " ".join(f"{x(step):.1f},{y(mean):.1f}" for step, mean, _, _ in points)
    band = ""
    if any(low < high for _, _, low, high in points):
        edge = [(step, high) for step, _, _, high in points]
        edge += [(step, low) for step, _, low, _ in reversed(points)]
        corners = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in edge)
        band = f'<polygon class="band c{colour}" points="{corners}"/>'
    steps = " ".join(f"{step:.0f}" for step, _, _, _ in points)
    means = " ".join(number(mean).replace(",", "") for _, mean, _, _ in points)
    dot = ""
    if len(points) == 1:
        dot = f'<circle class="dot c{colour}" cx="{x(points[0][0]):.1f}" cy="{y(points[0][1]):.1f}"'
        dot += ' r="3"/>'
    return (
        f'{band}<polyline class="curve c{colour}" points="{line}" data-name="{html.escape(name)}"'
        f' data-steps="{steps}" data-values="{means}"/>{dot}'
    )


def _axes(
    first: float,
    last: float,
    low: float,
    high: float,
    log: bool,
    x: Callable[[float], float],
) -> str:
    parts = []
    bottom = _HEIGHT - _BOTTOM
    for tick in _ticks(low, high, 5, whole=log):
        height = _TOP + (high - tick) / (high - low) * (bottom - _TOP)
        text = _tick(10**tick if log else tick)
        parts.append(f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" ')
        parts.append(f'y1="{height:.1f}" y2="{height:.1f}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{height + 3.5:.1f}" text-anchor="end">{text}</text>'
        )
    for tick in _ticks(first, last, 5, whole=True):
        parts.append(f'<text x="{x(tick):.1f}" y="{bottom + 16}" text-anchor="middle">')
        parts.append(f"{_tick(tick)}</text>")
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" ')
    parts.append(f'y1="{bottom}" y2="{bottom}"/>')
    return "".join(parts)


def _ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """Round numbers between low and high: 1, 2 or 5 times a power of ten apart."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    if whole:
        step = max(step, 1.0)
    ticks = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return ticks if len(ticks) > 1 or (whole and ticks) else [low, high]


def _padded(low: float, high: float) -> tuple[float, float]:
    """A range with room around it, also where there is one value only."""
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _tick(value: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:.4g}"
