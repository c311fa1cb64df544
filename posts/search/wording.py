"""What a page says about a query that was not understood."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from posts.search.query import Message, Sort

_WORDS: dict[str, Promise] = {
    "unbalanced_parenthesis": gettext_lazy("A parenthesis is not closed, or was never opened; it was left out."),
    "unbalanced_quote": gettext_lazy("A quotation mark is not closed; the words were searched one by one."),
    "dangling_or": gettext_lazy("OR needs something on both sides; it was left out."),
    "missing_value": gettext_lazy("“%(key)s:” has no value; it was left out."),
    "bad_flag": gettext_lazy("“%(key)s:%(value)s” was left out: write %(key)s:true or %(key)s:false."),
    "bad_kind": gettext_lazy("“%(key)s:%(value)s” was left out: write kind:stock or kind:flow."),
    "bad_number": gettext_lazy("“%(key)s:%(value)s” was left out: write a number, such as %(key)s:3 or %(key)s:>=3."),
    "bad_date": gettext_lazy(
        "“%(key)s:%(value)s” was left out: write a date, such as %(key)s:2026-01-31, %(key)s:>2026-01 or %(key)s:2026."
    ),
    "bad_age": gettext_lazy(
        "“%(key)s:%(value)s” was left out: write a time, such as stale:>180d, stale:6m or stale:1y."
    ),
    "unknown_sort": gettext_lazy("There is no order “%(value)s”; the usual one was taken."),
    "too_long": gettext_lazy("The question has more than %(value)s characters; the rest was left out."),
    "too_many_terms": gettext_lazy("The question has more than %(value)s parts; the rest was left out."),
    "too_deep": gettext_lazy("There are too many parentheses within parentheses."),
    "too_deep_page": gettext_lazy("Only the first %(value)s results can be paged through. Narrow the search down."),
    "timeout": gettext_lazy("This search took too long and was stopped. Add a word, or a category with in:."),
}

SORT_LABELS: dict[str, Promise] = {
    "best_match-desc": gettext_lazy("Best match"),
    "updated-desc": gettext_lazy("Last updated"),
    "updated-asc": gettext_lazy("Longest untouched"),
    "created-desc": gettext_lazy("Newest"),
    "created-asc": gettext_lazy("Oldest"),
    "stars-desc": gettext_lazy("Most stars"),
    "watches-desc": gettext_lazy("Most watchers"),
    "comments-desc": gettext_lazy("Most comments"),
    "full_name-asc": gettext_lazy("Category and name"),
    "name-asc": gettext_lazy("Name"),
    "number-desc": gettext_lazy("Highest number"),
    "number-asc": gettext_lazy("Lowest number"),
}


def words(message: Message) -> str:
    """The message in the reader's language."""
    return str(_WORDS[message.code]) % {"key": message.key, "value": message.value[:60]}


def sort_label(sort: Sort) -> str:
    return str(SORT_LABELS.get(str(sort), _("Other order")))
