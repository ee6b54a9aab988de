"""Corpora: built from pinned, permissively licensed packages, and read back as documents.

`pipeline` builds them, `reader` reads them, `pack` makes them small enough to move.
"""
