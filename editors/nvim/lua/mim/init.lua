--- mim: ghost-text completion with mim-lsp. See :help mim.
local client = require('mim.client')
local config = require('mim.config')
local keys = require('mim.keys')
local suggest = require('mim.suggest')

local M = {
  accept = suggest.accept,
  accept_word = suggest.accept_word,
  accept_line = suggest.accept_line,
  dismiss = suggest.dismiss,
  trigger = suggest.trigger,
}

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
  on({ 'InsertEnter', 'TextChangedI', 'CursorMovedI' }, suggest.on_input)
  -- While a completion menu is open (TextChangedP), ghost text would stand in its way.
  on({ 'InsertLeave', 'BufLeave', 'TextChangedP' }, suggest.dismiss)
end

---@param buf integer
local function map(buf)
  local options = config.current
  keys.map(buf, options.accept_key, suggest.accept, 'mim: accept')
  keys.map(buf, options.accept_word_key, suggest.accept_word, 'mim: accept word')
  keys.map(buf, options.accept_line_key, suggest.accept_line, 'mim: accept line')
  keys.map(buf, options.dismiss_key, suggest.dismiss, 'mim: dismiss')
end

---@param buf integer
local function attach(buf)
  if vim.bo[buf].buftype == '' and client.attach(buf) then
    watch(buf)
    map(buf)
  end
end

--- Start suggesting, in open buffers too. Options: see :help mim-options.
---@param options? table
function M.setup(options)
  config.set(options or {})
  vim.api.nvim_clear_autocmds({ group = group })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = config.current.filetypes,
    callback = function(event)
      attach(event.buf)
    end,
  })
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.list_contains(config.current.filetypes, vim.bo[buf].filetype) then
      attach(buf)
    end
  end
end

--- Tell in one line what the server is doing.
function M.status()
  client.status(function(status)
    if not status then
      return vim.notify('mim: the server is not running', vim.log.levels.WARN)
    end
    local line = ('mim: %s %s'):format(status.model or 'model', status.state)
    if status.message ~= '' then
      line = line .. ': ' .. status.message
    end
    vim.notify(line, status.state == 'error' and vim.log.levels.ERROR or vim.log.levels.INFO)
  end)
end

return M
