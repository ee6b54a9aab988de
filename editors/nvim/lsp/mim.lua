-- The server, for Neovim's own `vim.lsp.enable('mim')` and `vim.lsp.config('mim', ...)`. See :help mim-native.
local server = require('mim.server')

---@type vim.lsp.Config
return {
  cmd = { 'mim-lsp', '--stdio' },
  filetypes = { 'python' },
  settings = { mim = {} },
  root_markers = server.ROOT_MARKERS,
  reuse_client = server.is_ours,
  on_exit = server.on_exit,
}
