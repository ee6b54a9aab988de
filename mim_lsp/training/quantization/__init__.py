"""Quantizing a trained model: int8 rows, or int4 groups by error-compensated rounding on calibration text."""
