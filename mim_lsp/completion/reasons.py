"""Why nothing is offered: the codes of all reasons, and a sentence for a person about each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty_middle": "The model finds that nothing is missing at the cursor.",
        "no_candidate": "The model found no text that fits between the prefix and the suffix.",
        "incomplete": "The budget of tokens or time ended before either side had finished its text.",
        "low_confidence": "The two directions agreed too little on the text to show it.",
        "blank": "The suggestion was only blanks and line breaks.",
        "beyond_unit": "The suggestion went on beyond the line, statement or block that it belongs to.",
        "repeated_end": "The suggestion ended with what already stands after the cursor.",
        "indentation": "The suggestion was not indented as the editor asks for.",
        "list_style": "The suggestion was not cut and spaced as the list is that it stands in.",
        "repeats_following": "The suggestion repeated what already stands after the cursor.",
        "repeats_preceding": "The suggestion repeated the line right above it.",
        "repeats_itself": "The suggestion ran in circles.",
        "repeats_name": "The suggestion would have named a parameter, keyword argument or base class twice.",
        "breaks_list_order": "The suggestion would have put a parameter or an argument where its kind may not stand.",
        "unbalances_brackets": "The suggestion would have left a bracket without its partner.",
        "worsens_syntax": "The suggestion would have left the file with more syntax errors than it has.",
        "undefined_names": "The suggestion uses names that nothing in the file defines.",
        "disabled": "Suggestions are switched off in the settings.",
        "paused": "Suggestions are paused.",
        "manual_trigger": "Suggestions come only when asked for explicitly (setting `trigger`).",
        "excluded": "The file is on the list of files that are never read.",
        "too_large": "The file is larger than 2 MB.",
        "binary": "The file is not text.",
        "generated": "The file says of itself that a program generated it.",
        "unknown_document": "The document is not open.",
        "no_request": "Nothing has been asked of the model yet.",
        "unsupported_language": "The document's language is not one that is to be completed (setting `languages`).",
        "model_loading": "The model is still being loaded.",
        "superseded": "A newer request or an edit took the place of this one.",
        "cancelled": "The editor cancelled the request.",
        "outside_document": "The position lies outside the document.",
        "failed": "The completion failed; the log says why.",
    }
)
"""For every reason code, of an empty answer or of a text that was changed or dropped, a sentence for a person."""

SWITCHABLE = (
    "blank",
    "repeats_following",
    "repeats_preceding",
    "repeats_itself",
    "repeats_name",
    "breaks_list_order",
    "unbalances_brackets",
    "worsens_syntax",
    "beyond_unit",
    "repeated_end",
    "indentation",
    "list_style",
    "undefined_names",
)
"""The reasons whose filters and edits can be switched off by name (setting `disabledFilters`)."""
