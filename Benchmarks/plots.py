"""Pictures of a few figures, as SVG text: lines against a number, and bars."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 64, 20, 62, 46
COLOURS = ("#1f5fa8", "#c4501b", "#2f8f4e", "#8a4fa8", "#7a7a7a", "#b08900")
# Readable on a white page and on a dark one.
STYLE = ('<style>text{font:13px sans-serif;fill:#888}.t{font-size:15px}.g{stroke:#888;stroke-opacity:.25}'
         '.a{stroke:#888}</style>')


def step(most):
    """A round distance between lines of a grid of four to eight."""
    power = 10 ** math.floor(math.log10(most / 4))
    return next(power * it for it in (1, 2, 2.5, 5, 10) if most / (power * it) <= 6)


def page(title, subtitle, body):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        STYLE, f'<text class="t" x="{LEFT}" y="22">{escape(title)}</text>',
        f'<text x="{LEFT}" y="42">{escape(subtitle)}</text>', *body, "</svg>", ""])


def lines(title, subtitle, across, up, series):
    """`series`: name to [(x, y)]. Both axes begin at 0."""
    points = [it for of in series.values() for it in of]
    if not points:
        return page(title, subtitle, [f'<text x="{LEFT}" y="{HEIGHT / 2}">no run that counts</text>'])
    widest, highest = max(x for x, _ in points) * 1.02, max(max(y for _, y in points) * 1.1, 1e-9)

    def place(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * x / widest, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / highest)

    body = []
    tick = step(highest)
    for index in range(int(highest / tick) + 1):
        _, y = place(0, index * tick)
        body.append(f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{index * tick:g}</text>')
    for x in sorted({x for x, _ in points}):
        at, _ = place(x, 0)
        body.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>')
    body.append(f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>')
    body.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{escape(across)}</text>')
    body.append(f'<text x="{LEFT - 8}" y="{TOP - 6}" text-anchor="end">{escape(up)}</text>')
    for index, (name, of) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*it) for it in sorted(of)))
        body.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in (place(*it) for it in of)]
        body.append(f'<text x="{LEFT + index * 150}" y="{HEIGHT - 10}" style="fill:{colour}">{escape(name)}</text>')
    return page(title, subtitle, body)


def bars(title, subtitle, unit, values, logarithmic=False):
    """`values`: [(name, value)], values above 0."""
    least = min(value for _, value in values) / 2 if logarithmic else 0
    most, left = max(value for _, value in values), 190
    body, high = [], (HEIGHT - TOP - BOTTOM) / len(values)
    for index, (name, value) in enumerate(values):
        share = math.log(value / least) / math.log(most / least) if logarithmic else value / most
        y, wide = TOP + index * high, (WIDTH - left - RIGHT - 70) * share
        colour = COLOURS[index % len(COLOURS)]
        body.append(f'<text x="{left - 8}" y="{y + high / 2 + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        body.append(f'<rect x="{left}" y="{y + high * .2:.1f}" width="{wide:.1f}" height="{high * .6:.1f}" fill="{colour}"/>')
        body.append(f'<text x="{left + wide + 6:.1f}" y="{y + high / 2 + 4:.1f}">{value:.3g}</text>')
    body.append(f'<text x="{left}" y="{HEIGHT - 14}">{escape(unit)}</text>')
    return page(title, subtitle, body)
