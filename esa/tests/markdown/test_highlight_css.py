"""The colours of code can be read: AA contrast in both themes, on the ground of code and on changed lines."""

import math
import re
from pathlib import Path

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
COLOUR = re.compile(r"(--[\w-]+): light-dark\(oklch\(([^)/]*)\), oklch\(([^)/]*)\)\);")
AA = 4.5


def colours(name: str) -> dict[str, tuple[float, float]]:
    """Luminance of every custom property of a style sheet, light and dark."""
    found = COLOUR.findall((CSS / name).read_text("utf-8"))
    return {variable: (luminance(light), luminance(dark)) for variable, light, dark in found}


def luminance(oklch: str) -> float:
    lightness, chroma, hue = oklch.split()
    angle = math.radians(float(hue))
    a, b = float(chroma) * math.cos(angle), float(chroma) * math.sin(angle)
    level = float(lightness.rstrip("%")) / 100
    # From Oklab to linear sRGB, by the matrices of CSS Color 4.
    long = (level + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (level - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (level - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(weight * min(max(part, 0), 1) for weight, part in ((0.2126, red), (0.7152, green), (0.0722, blue)))


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_code_can_be_read_in_both_themes():
    code = colours("highlight.css")
    grounds = {"well": colours("colors.css")["--washi-well"]}
    grounds |= {name: code.pop(name) for name in ("--code-added", "--code-deleted")}
    assert len(code) >= 10
    for variable, inks in code.items():
        for name, ground in grounds.items():
            for theme in (0, 1):
                ratio = contrast(inks[theme], ground[theme])
                assert ratio >= AA, f"{variable} on {name} ({('light', 'dark')[theme]}): {ratio:.2f}"
