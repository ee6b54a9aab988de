"""Counts and times of suggestions, kept in one local file and never sent anywhere; no text of any document is in it."""
