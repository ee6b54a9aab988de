"""Measuring a model: infilling tasks, perplexity of whole files, milliseconds at the cursor."""
