#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a terminal's text as an SVG picture: terminal_svg.py TITLE <text >picture.svg

A cell is half as wide as a Chinese character, whatever font shows it: every run of narrow or wide characters is stretched to its cells.
Lines that begin with "$ " are commands; signs of outcomes have the colour of their meaning.
"""
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL, LINE, PAD, BAR = 8.4, 20, 16, 34
FONT = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', monospace"
COLOURS = {"✔": "#1a7f37", "✖": "#cf222e", "^": "#cf222e", "◇": "#9a6700", "◐": "#57606a", "–": "#57606a"}


def cells(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def runs(line: str):
    """(column, cells, text) of each stretch of characters of one width and one colour; signs stand alone."""
    column, begin, text, kind = 0, 0, "", None
    for char in line:
        now = (cells(char), char if char in COLOURS and char != "–" else None)
        if cells(char) and text and now != kind:
            yield begin, column - begin, text
            begin, text = column, ""
        if cells(char):
            kind = now
        text += char
        column += cells(char)
    if text:
        yield begin, column - begin, text


def picture(title: str, lines: list[str]) -> str:
    width = round(max(sum(map(cells, line)) for line in lines) * CELL + 2 * PAD)
    height = BAR + len(lines) * LINE + PAD
    out = ["<!-- SPDX-License-Identifier: Apache-2.0 -->",
           f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
           f"<title>{escape(title)}</title>",
           f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>',
           f'<path d="M0.5 {BAR}V8.5a8 8 0 0 1 8-8H{width - 8.5}a8 8 0 0 1 8 8V{BAR}z" fill="#eaeef2" stroke="#d0d7de"/>',
           f'<g font-family="{FONT}" font-size="14" fill="#24292f" xml:space="preserve">',
           f'<text x="{width / 2:g}" y="22" text-anchor="middle" fill="#57606a">{escape(title)}</text>']
    for number, line in enumerate(lines):
        y = BAR + (number + 1) * LINE
        command = line.startswith("$ ")
        for column, count, text in runs(line):
            if not text.strip():
                continue
            lead = len(text) - len(text.lstrip(" "))
            text, x, count = text.strip(" "), PAD + (column + lead) * CELL, count - (len(text) - len(text.strip(" ")))
            style = f' fill="{COLOURS[text[0]]}" font-weight="bold"' if text[0] in COLOURS and len(set(text)) == 1 else ""
            style = style or (' fill="#0550ae" font-weight="bold"' if command else "")
            if cells(text[0]) == 2:
                style += f' font-size="{2 * CELL - 0.4:g}"'
            out.append(f'<text x="{x:g}" y="{y}" textLength="{count * CELL:g}"{style}>{escape(text)}</text>')
    return "\n".join(out + ["</g>", "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(picture(sys.argv[1], sys.stdin.read().rstrip("\n").split("\n")))
