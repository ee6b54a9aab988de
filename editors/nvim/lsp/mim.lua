-- The server, for Neovim's own `vim.lsp.enable('mim')` and `vim.lsp.config('mim', ...)`. See :help mim-native.
local documents = require('mim.documents')
local projects = require('mim.projects')
local server = require('mim.server')

---@type vim.lsp.Config
return {
  cmd = { 'mim-lsp', '--stdio' },
  filetypes = { 'python' },
  settings = { mim = {} },
  root_markers = projects.MARKERS,
  reuse_client = server.is_ours,
  handlers = { ['window/showDocument'] = documents.on_show },
  on_exit = server.on_exit,
}
