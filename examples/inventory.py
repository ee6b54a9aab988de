"""Reads a stock list and tells what has to be ordered."""

import csv
from dataclasses import dataclass


@dataclass
class Item:
    """One line of the stock list."""

    name: str
    stock: int
    minimum: int
    price: float


def read_items(path):
    """Read the items from a CSV file with a header line."""
    items = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader():
            item = Item(row["name"], int(row["stock"]), int(row["minimum"]), float(row["price"]))
            items.append(item)
    return items


def to_order(items):
    """The items of which fewer are left than there should be."""
    return [item for item in items if item.stock < item.minimum]


def total_price(items):
    """What it costs to fill the stock up again."""
    total = 0.0
    for item in items:
        missing = item.minimum - item.stock
        total += 
    return total


def main():
    items = to_order(read_items("stock.csv"))
    for item in items:
        print(f"{item.name}: {item.minimum - item.stock}")
    print(total_price(items))


if __name__ == "__main__":
    main()
