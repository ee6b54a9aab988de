"""The native runtime: the C++ core in native/, for any CPU and without PyTorch."""
