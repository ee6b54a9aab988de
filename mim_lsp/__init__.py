"""mim-lsp: private, local code completion with a meet-in-the-middle language model."""

__version__ = "0.1.0"
