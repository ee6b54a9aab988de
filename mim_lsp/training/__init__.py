"""Training: corpus, windows and holes, objective, optimizer, loop, recipes."""
