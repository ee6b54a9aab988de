"""Values under strings, found by every string that goes on from them. Shared beginnings are stored once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Node(Generic[Value]):
    """A place in the trie: `label` leads to it from its parent."""

    __slots__ = ("children", "label", "parent", "values")

    def __init__(self, label: str, parent: Node[Value] | None) -> None:
        self.label, self.parent = label, parent
        self.children: dict[str, Node[Value]] = {}
        """By the first character of their labels."""
        self.values: list[Value] = []


class RadixTrie(Generic[Value]):
    """A radix trie (compressed trie) whose keys are strings and may have several values each."""

    def __init__(self) -> None:
        self._root: Node[Value] = Node("", None)
        self.characters = 0
        """How many characters the labels hold."""

    def add(self, key: str, value: Value) -> Node[Value]:
        """Put a value under `key`, behind those that are there; returns its place, for `remove`."""
        node, at = self._root, 0
        while at < len(key):
            child = node.children.get(key[at])
            if child is None:
                child = self._attach(node, key[at:])
            elif not key.startswith(child.label, at):
                child = self._split(child, key[at : at + len(child.label)])
            node, at = child, at + len(child.label)
        node.values.append(value)
        return node

    def along(self, key: str) -> Iterator[tuple[int, Value]]:
        """Each value whose own key `key` begins with, and that key's length; shortest keys first."""
        node, at = self._root, 0
        while True:
            for value in node.values:
                yield at, value
            child = node.children.get(key[at]) if at < len(key) else None
            if child is None or not key.startswith(child.label, at):
                return
            node, at = child, at + len(child.label)

    def remove(self, node: Node[Value], value: Value) -> None:
        """Take a value from the place that `add` returned for it, and free what no other value needs."""
        node.values.remove(value)
        while node.parent is not None and not node.values and not node.children:
            del node.parent.children[node.label[0]]
            self.characters -= len(node.label)
            node = node.parent
        self._merge(node)

    def _attach(self, parent: Node[Value], label: str) -> Node[Value]:
        self.characters += len(label)
        parent.children[label[0]] = node = Node(label, parent)
        return node

    def _split(self, node: Node[Value], key: str) -> Node[Value]:
        """A new node between `node` and its parent, at the end of what `node`'s label has in common with `key`."""
        assert node.parent is not None
        common = key[: _common_length(node.label, key)]
        upper = Node(common, node.parent)
        node.parent.children[common[0]] = upper
        node.label, node.parent = node.label[len(common) :], upper
        upper.children[node.label[0]] = node
        return upper

    def _merge(self, node: Node[Value]) -> None:
        """Join an empty node with its only child; the child stays, since values know their place."""
        if node.parent is None or node.values or len(node.children) != 1:
            return
        (child,) = node.children.values()
        child.label, child.parent = node.label + child.label, node.parent
        node.parent.children[child.label[0]] = child


def _common_length(left: str, right: str) -> int:
    """How many characters two strings have in common at their starts, in a few comparisons of whole slices."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
