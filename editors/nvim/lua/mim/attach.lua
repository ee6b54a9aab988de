--- What a buffer gets when the server is attached to it: keys and autocommands, its own only.
local config = require('mim.config')
local keys = require('mim.keys')
local menu = require('mim.menu')
local suggest = require('mim.suggest')

local M = {}

local group = vim.api.nvim_create_augroup('mim', { clear = true })

---@param buf integer
local function watch(buf)
  local function on(events, action)
    vim.api.nvim_create_autocmd(events, {
      group = group,
      buffer = buf,
      callback = function()
        action() -- its result must not be returned: true would remove the autocommand
      end,
    })
  end
  vim.api.nvim_clear_autocmds({ group = group, buffer = buf })
  on({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, suggest.on_input)
  on({ 'InsertLeave', 'BufLeave' }, suggest.dismiss)
  menu.watch(group, suggest.on_menu)
end

---@param buf integer
local function map(buf)
  local options = config.current
  keys.map(buf, options.accept_key, suggest.accept, 'mim: accept')
  keys.map(buf, options.accept_word_key, suggest.accept_word, 'mim: accept word')
  keys.map(buf, options.accept_line_key, suggest.accept_line, 'mim: accept line')
  keys.map(buf, options.next_key, suggest.next, 'mim: next')
  keys.map(buf, options.previous_key, suggest.previous, 'mim: previous')
  keys.map(buf, options.dismiss_key, suggest.dismiss, 'mim: dismiss')
end

--- Neovim 0.12 can show ghost text itself, if it was told to for all servers: ours would appear twice.
local function leave_to_us()
  if vim.lsp.inline_completion then
    for _, client in ipairs(vim.lsp.get_clients({ name = 'mim' })) do
      vim.lsp.inline_completion.enable(false, { client_id = client.id })
    end
  end
end

--- Suggest in a buffer from now on.
---@param buf integer
function M.attach(buf)
  leave_to_us()
  watch(buf)
  map(buf)
end

return M
