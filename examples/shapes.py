"""Shapes in the plane, with their areas and perimeters."""

import math


class Rectangle:
    """A rectangle whose sides lie along the axes."""

    def __init__(self, width, height, color="black"):
        self.width = width
        self.height = 
        self.color = color

    def area(self):
        return self.width * self.height

    def perimeter(self):
        return 2 * (self.width + self.height)


class Circle:
    """A circle around the origin."""

    def __init__(self, radius, color="black"):
        self.radius = radius
        self.color = color

    def area(self):
        return math.pi * self.radius**2

    def perimeter(self):
        return 2 * math.pi * self.radius
