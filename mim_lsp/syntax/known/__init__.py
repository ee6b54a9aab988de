"""One record for each language with rules of its own; `mim_lsp.syntax.languages` lists them."""
