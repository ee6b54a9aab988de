"""Runtimes: what runs a model's weights. `protocol` says what each offers, `loading` opens a model folder on one."""
