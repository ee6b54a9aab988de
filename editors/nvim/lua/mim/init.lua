--- mim: ghost-text completion with mim-lsp. See :help mim.
local commands = require('mim.commands')
local config = require('mim.config')
local server = require('mim.server')
local suggest = require('mim.suggest')

local M = {
  accept = suggest.accept,
  accept_word = suggest.accept_word,
  accept_line = suggest.accept_line,
  next = suggest.next,
  previous = suggest.previous,
  dismiss = suggest.dismiss,
  trigger = suggest.trigger,
  status = commands.status,
}

--- Start suggesting, in open buffers too. Options: see :help mim-options.
---@param options? table
function M.setup(options)
  if vim.fn.has('nvim-0.10') == 0 then
    return -- plugin/mim.lua tells so
  end
  config.set(options or {})
  server.enable()
end

return M
