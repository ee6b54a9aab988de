"""Sums and means of numbers."""


def total(values):
    """Add up the values."""
    result = 0
    for value 
        result += value
    return result


def mean(values):
    """The arithmetic mean of the values, 0 if there are none."""
    if not values:
        return 0
    return total(values) / len(values)


def lines_of(path):
    """The lines of a text file."""
    with open(path) as f:
        return f.readlines()


class Account:
    """Money that belongs to somebody."""

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        """Put money in."""
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        return self.balance

    def withdraw(self, amount):
        """Take money out."""
        if amount > self.balance:
            raise ValueError("not enough money")
        self.balance -= amount
        return self.balance
