"""The few words that the renderer itself puts into a text, in the language of that text.

A rendering is stored once and read by people with different interface languages, so these words follow the document
and not the reader; for the same reason they cannot go through gettext.
"""

import re
from dataclasses import dataclass

_JAPANESE = re.compile(r"[\u3041-\u30ff]")


@dataclass(frozen=True)
class Words:
    """The renderer's vocabulary in one language."""

    alerts: dict[str, str]
    table: str
    diagram: str
    no_plantuml: str
    play: str
    back: str
    too_large: str


ENGLISH = Words(
    alerts={"Note": "Note", "Tip": "Tip", "Important": "Important", "Warning": "Warning", "Caution": "Caution"},
    table="Table",
    diagram="Diagram",
    no_plantuml="This diagram is shown as source, because no PlantUML server is set up.",
    play="Play video",
    back="Back to reference ",
    too_large="This text is too large or too deeply nested to be formatted, so it is shown as it was written.",
)
JAPANESE = Words(
    alerts={"Note": "メモ", "Tip": "ヒント", "Important": "重要", "Warning": "警告", "Caution": "注意"},
    table="表",
    diagram="図",
    no_plantuml="PlantUML サーバーが設定されていないため、図のソースを表示しています。",
    play="動画を再生",
    back="本文へ戻る ",
    too_large="大きすぎるか入れ子が深すぎるため、整形せずに書かれたまま表示しています。",
)


def words_for(source: str) -> Words:
    return JAPANESE if _JAPANESE.search(source) else ENGLISH
