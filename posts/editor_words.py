"""What the editor's scripts have to say, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _


def all_words() -> dict[str, Any]:
    return {
        "unsaved": _("Not saved yet"),
        "saving": _("Saving…"),
        "shipping": _("Shipping…"),
        "shipped": _("Shipped!"),
        "view": _("Show the post"),
        "offline": _("Not saved: the server cannot be reached. Your text is kept on this device; we go on trying."),
        "failed": _("Not saved: the server has a problem. Your text is kept on this device; we go on trying."),
        "refused": _("Not saved: the server did not take it. Your text is kept on this device."),
        "sign_in": _("Sign in"),
        "to_bin": _("To the bin"),
        "draft": _("There is text on this device that was not saved, from {time}."),
        "heading": _("Heading"),
        "bold": _("bold"),
        "italic": _("italic"),
        "strike": _("struck through"),
        "link": _("link"),
        "code": _("code"),
        "cell": _("Column"),
        "details": _("Summary"),
        "details_body": _("What is folded away"),
        "image": _("image"),
        "characters": _("{count} characters"),
        "tasks": _("{done} of {count} tasks"),
        "broken": _("No such post: {numbers}"),
        "too_long": _("{count} of {limit} characters: too long to save"),
        "no_images": _("Images can only be put in by their address here."),
        "preview_failed": _("The preview cannot be reached just now."),
        "phrases": {
            "Find": _("Find"),
            "Replace": _("Replace"),
            "next": _("next"),
            "previous": _("previous"),
            "all": _("all"),
            "match case": _("match case"),
            "by word": _("by word"),
            "regexp": _("regexp"),
            "replace": _("replace"),
            "replace all": _("replace all"),
            "close": _("close"),
            "Completions": _("Completions"),
        },
    }
