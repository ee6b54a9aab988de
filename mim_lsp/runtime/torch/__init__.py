"""The PyTorch runtime: the reference on CPU, and the path for GPUs."""
