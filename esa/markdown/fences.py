"""Fenced blocks: code with a file name and colours, diffs, formulas and diagrams."""

import html
import re

from esa.markdown import plantuml
from esa.markdown.highlight import escape, highlight, highlight_lines, split_lines
from esa.markdown.rendered import Options
from esa.markdown.seal import SEAL
from esa.markdown.words import Words

_DIFF = re.compile(r"diff[_-](?P<language>.+)", re.IGNORECASE)
# Behind a language other tools write what should happen with the code: `rust,ignore`, `js{1,3-5}`, `{.python}`.
_LANGUAGE = re.compile(r"(?:\{\.)?([^,{}]*)")
_CHANGES = {"+": "gi", "-": "gd"}
_THEME = re.compile(
    r"""%%\{\s*init\s*:\s*\{\s*["']?theme["']?\s*:\s*["'](?:default|neutral|dark|forest|base)["']\s*\}\s*\}%%"""
)
_SETTINGS = re.compile(r"\A\s*---[ \t]*\n.*?^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^title:[^\n]*$", re.MULTILINE)


def fence_html(info: str, code: str, line: int, *, words: Words, options: Options) -> str:
    """HTML of one fenced or indented block. `info` is what follows the fence: `language:file name`."""
    word = info.split(None, 1)[0] if info.strip() else ""
    named, _, filename = word.partition(":")
    plain = _LANGUAGE.match(named)
    language = plain[1] if plain else named
    match language.lower():
        case "math":
            return math_html(code, display=True, tag="div", line=line) + "\n"
        case "mermaid":
            return diagram(tame(code), "mermaid", line)
        case "uml" | "plantuml" | "puml":
            return _plantuml(code, line, words=words, server=options.plantuml_url)
    return _code(language, html.unescape(filename), code, line)


def math_html(source: str, *, display: bool, tag: str, line: int | None = None) -> str:
    """A formula as TeX source, which the page's math controller sets."""
    kind = "display" if display else "inline"
    return f'<{tag} class="{SEAL}math" data-{SEAL}math="{kind}"{_line(line)}>{escape(source.strip(chr(10)))}</{tag}>'


def diagram(source: str, kind: str, line: int, extra: str = "") -> str:
    return f'<pre class="{SEAL}diagram{extra}" data-{SEAL}diagram="{kind}"{_line(line)}>{escape(source)}</pre>\n'


def tame(source: str) -> str:
    """Take the settings out of a Mermaid diagram: they can change what the renderer trusts. A plain theme stays."""
    settings = _SETTINGS.match(source)
    if settings:
        title = _TITLE.search(settings[0])
        front = f"---\n{title[0]}\n---\n" if title else ""
        source = front + source[settings.end() :]
    kept: list[str] = []
    done = 0
    while (start := source.find("%%{", done)) >= 0 and (end := source.find("}%%", start)) >= 0:
        kept.append(source[done:start])
        directive = source[start : end + 3]
        if _THEME.fullmatch(directive):
            kept.append(directive)
        done = end + 3
    kept.append(source[done:])
    return "".join(kept).lstrip("\n")


def _plantuml(source: str, line: int, *, words: Words, server: str) -> str:
    url = plantuml.image_url(server, source) if server else None
    if url:
        return (
            f'<p class="{SEAL}diagram-image"{_line(line)}>'
            f'<img src="{html.escape(url)}" alt="{words.diagram}" class="{SEAL}diagram"></p>\n'
        )
    note = f'<p class="{SEAL}diagram-note">{words.no_plantuml}</p>\n'
    return diagram(source, "plantuml", line, extra=f" {SEAL}unrendered") + ("" if server else note)


def _code(language: str, filename: str, code: str, line: int) -> str:
    diff = _DIFF.fullmatch(language)
    colours = _diff(code, diff["language"]) if diff else highlight(code, language)
    caption = f'<div class="{SEAL}code-filename">{escape(filename)}</div>' if filename else ""
    named = f' data-{SEAL}lang="{html.escape(language)}"' if language else ""
    return (
        f'<div class="{SEAL}code-block"{named}{_line(line)}>{caption}'
        f'<pre tabindex="0"><code class="{SEAL}highlight">{colours}</code></pre></div>\n'
    )


def _diff(code: str, language: str) -> str:
    """A diff whose lines keep the colours of their language."""
    lines = [("", line) if line == "\n" else (line[0], line[1:]) for line in split_lines(code)]
    bodies = highlight_lines("".join(body for _, body in lines), language)
    if len(bodies) != len(lines):
        bodies = [escape(body) for _, body in lines]
    return "".join(_changed(mark, body) for (mark, _), body in zip(lines, bodies, strict=True))


def _changed(mark: str, body: str) -> str:
    kind = _CHANGES.get(mark)
    if kind is None:
        return escape(mark) + body
    # The line end stays outside, so that a style sheet can give the line the whole width.
    line = body.removesuffix("\n")
    return f'<span class="{kind}">{mark}{line}</span>{body[len(line) :]}'


def _line(line: int | None) -> str:
    return f' data-{SEAL}line="{line}"' if line else ""
