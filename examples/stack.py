"""A stack."""


class Stack:
    """Items of which the last one in is the first one out."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.a

    def pop(self):
        return self.items.pop()

    def is_empty(self):
        return not self.items
