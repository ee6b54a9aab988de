"""Texts in a file that is mapped into memory: more than fits there, and shared by processes without a copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from mim_lsp.training.corpus.reader import Document
from mim_lsp.training.prose import Prose

_TEXTS, _INDEX = "texts.bin", "index.npy"
_FIELDS = np.dtype([("end", "<i8"), ("is_prose", "?")])


def write_texts(folder: Path, documents: Iterable[Document]) -> TextFile:
    """Write the documents' texts, those that are not empty, to the new folder `folder`."""
    folder.mkdir(parents=True)
    entries = []
    end = 0
    with (folder / _TEXTS).open("xb") as file:
        for document in documents:
            if document.content:
                end += file.write(document.content.encode("utf-8", "surrogatepass"))
                entries.append((end, isinstance(document.content, Prose)))
    np.save(folder / _INDEX, np.array(entries, dtype=_FIELDS))
    return TextFile(folder)


class TextFile(Sequence[str]):
    """The texts that `write_texts` wrote; pickled, it is no more than the folder's name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = np.load(folder / _INDEX)

    def __reduce__(self) -> tuple[type[TextFile], tuple[Path]]:
        return TextFile, (self.folder,)

    def __len__(self) -> int:
        return len(self._index)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        end = self._index["end"][index]
        start = self._index["end"][index - 1] if index % len(self) else 0
        text = bytes(self._bytes[start:end]).decode("utf-8", "surrogatepass")
        return Prose(text) if self._index["is_prose"][index] else text

    @cached_property
    def _bytes(self) -> npt.NDArray[np.uint8]:
        return np.memmap(self.folder / _TEXTS, dtype=np.uint8, mode="r")
