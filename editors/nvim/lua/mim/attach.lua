--- What a buffer gets when the server is attached to it: keys and autocommands, its own only.
local config = require('mim.config')
local keys = require('mim.keys')
local menu = require('mim.menu')
local projects = require('mim.projects')
local suggest = require('mim.suggest')

local M = {}

local group = vim.api.nvim_create_augroup('mim', { clear = true })
local watched = {} ---@type table<integer, boolean> buffers

-- <C-c> leaves Insert mode without InsertLeave. The pattern of this event is of modes: it is for all buffers.
vim.api.nvim_create_autocmd('ModeChanged', {
  group = group,
  pattern = 'i*:n*',
  callback = function(event)
    if watched[event.buf] then
      suggest.dismiss()
    end
  end,
})

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
  watched[buf] = true
  vim.api.nvim_clear_autocmds({ group = group, buffer = buf })
  on({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, suggest.on_input)
  on({ 'InsertLeave', 'BufLeave' }, suggest.dismiss)
  menu.watch(group, suggest.on_menu)
end

--- Give a buffer the keys that the options name now, and none that earlier ones named.
---@param buf integer
function M.map(buf)
  local options = config.current
  keys.unmap(buf)
  keys.map(buf, options.accept_key, suggest.accept, 'accept')
  keys.map(buf, options.accept_word_key, suggest.accept_word, 'accept word')
  keys.map(buf, options.accept_line_key, suggest.accept_line, 'accept line')
  keys.map(buf, options.next_key, suggest.next, 'next')
  keys.map(buf, options.previous_key, suggest.previous, 'previous')
  keys.map(buf, options.dismiss_key, suggest.dismiss, 'dismiss')
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
---@param client vim.lsp.Client its server
function M.attach(buf, client)
  leave_to_us()
  watch(buf)
  M.map(buf)
  projects.add(buf, client)
end

return M
