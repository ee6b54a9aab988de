"""The names of what is measured, which the reports look up."""

ONE, BOTH = "one direction", "both directions"
"""A decode step: one token more for one row, or for each of two rows in one pass."""
VERIFY, VERIFY_BOTH = "verify 8", "verify 8 of both"
"""Eight tokens more in one pass, with a distribution behind each: for one row, or for each of two."""
PREFILL = "prefill 512"
"""512 tokens into an empty row."""
PASSES = (ONE, BOTH, VERIFY, VERIFY_BOTH, PREFILL)

FIRST = "first"
"""A completion at a place where nothing is cached."""
KEY, FOUR_KEYS = "each key", "4 keys"
"""A completion when one character, or four, were typed since the last one."""

MEMORY, READ = "memory", "read 1 GB"
"""The series of the memory probe, which takes part in every round of the passes."""
