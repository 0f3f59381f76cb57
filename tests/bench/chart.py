"""Draws figures as SVG: bars and curves, one below the other, without any library."""

import math
from html import escape

WIDTH, LEFT, RIGHT = 900, 270, 90
BAR, GAP = 18, 8
PLOT = 180
INK, PALE, LINE, PAPER = "#24292f", "#8c959f", "#d0d7de", "#ffffff"
MARKED, PLAIN = "#0969da", "#afb8c1"
CURVES = ["#0969da", "#bc4c00", "#6e7781", "#1a7f37"]


def number(value):
    """With as many digits as one reads."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Picture:
    def __init__(self, title, note):
        self.parts = []
        self.y = 34
        self._text(16, self.y, title, size=18, weight="bold")
        self.y += 20
        self._text(16, self.y, note, size=12, ink=PALE)
        self.y += 14
        self.title = title

    def _text(self, x, y, words, size=13, anchor="start", ink=INK, weight="normal"):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{ink}" font-weight="{weight}">{escape(str(words))}</text>'
        )

    def _line(self, x1, y1, x2, y2, ink=LINE, width=1.0):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{ink}" stroke-width="{width}"/>'
        )

    def _head(self, words):
        self.y += 26
        self._text(16, self.y, words, size=14, weight="bold")
        self.y += 12

    def bars(self, title, rows, mark):
        """rows: (name, figure) or (name, (low, median, high)). What begins with mark stands out."""
        self._head(title)
        spans = [(name, value if isinstance(value, tuple) else (value,) * 3) for name, value in rows]
        scale = (WIDTH - LEFT - RIGHT) / max(high for _, (_, _, high) in spans)
        for name, (low, median, high) in spans:
            marked = name.startswith(mark)
            middle = self.y + BAR / 2
            self._text(LEFT - 8, middle + 4, name, anchor="end", weight="bold" if marked else "normal")
            self.parts.append(
                f'<rect x="{LEFT}" y="{self.y}" width="{max(median * scale, 1):.1f}" height="{BAR}" '
                f'fill="{MARKED if marked else PLAIN}"/>'
            )
            if high > low:
                self._line(LEFT + low * scale, middle, LEFT + high * scale, middle, ink=INK)
            self._text(LEFT + high * scale + 6, middle + 4, number(median))
            self.y += BAR + GAP

    def curves(self, title, across, curves):
        """curves: {name: [(x, y)]}, both from 1 to anything, on logarithmic axes."""
        self._head(title)
        points = [point for curve in curves.values() for point in curve]
        xs, ys = ([max(value, 1) for value in column] for column in zip(*points))
        left, right = LEFT / 4, WIDTH - RIGHT
        top, bottom = self.y + 6, self.y + 6 + PLOT

        def place(x, y):
            return (
                left + (right - left) * position(x, min(xs), max(xs)),
                bottom - (bottom - top) * position(y, decade(min(ys)), decade(max(ys), up=True)),
            )

        for exponent in range(round(math.log10(decade(min(ys)))), 20):
            _, y = place(min(xs), 10**exponent)
            if y < top - 1:
                break
            self._line(left, y, right, y)
            self._text(left - 6, y + 4, number(10**exponent), size=11, anchor="end", ink=PALE)
        for x in sorted(set(xs)):
            self._text(place(x, min(ys))[0], bottom + 16, number(x), size=11, anchor="middle", ink=PALE)
        self._text(right, bottom + 32, across, size=11, anchor="end", ink=PALE)
        for ink, (name, curve) in zip(CURVES, curves.items()):
            path = [place(max(x, 1), max(y, 1)) for x, y in curve]
            dots = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
            self.parts.append(
                f'<polyline points="{dots}" fill="none" stroke="{ink}" stroke-width="2"/>'
            )
            self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{ink}"/>' for x, y in path]
            self._text(path[-1][0] + 8, path[-1][1] + 4, name, size=12, ink=ink)
        self.y = bottom + 38

    def svg(self):
        height = self.y + 16
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'font-family="system-ui, sans-serif" role="img"><title>{escape(self.title)}</title>'
            f'<rect width="100%" height="100%" fill="{PAPER}"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def decade(value, up=False):
    """The power of ten at or below it, or at or above it."""
    exponent = math.log10(value)
    return 10 ** (math.ceil(exponent) if up else math.floor(exponent))


def position(value, low, high):
    """0 to 1, on a logarithmic axis."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.5
