"""A place to try MIM: go on typing at the end, and wait for the grey text."""


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    