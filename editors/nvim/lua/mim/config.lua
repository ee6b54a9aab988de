--- The plugin's options and their defaults.
local M = {}

---@class mim.Config
---@field cmd string[] how to start the server
---@field filetypes string[] where to suggest
---@field accept_key string|false insert-mode key that takes the suggestion; falls through when there is none
---@field accept_word_key string|false same, for its first word
---@field accept_line_key string|false same, for its first line
---@field next_key string|false insert-mode key that shows the next suggestion, and asks for one if there is none
---@field previous_key string|false same, for the one before
---@field dismiss_key string|false insert-mode key that hides the suggestion
---@field with_menu boolean whether to suggest while a completion menu is open
---@field debounce_ms integer how long to wait after a keystroke before asking
---@field settings table the server's settings (eagerness, maxLines, ...)
M.defaults = {
  cmd = { 'mim-lsp', '--stdio' },
  filetypes = { 'python' },
  accept_key = '<Tab>',
  accept_word_key = '<M-Right>',
  accept_line_key = '<M-Down>',
  next_key = '<M-]>',
  previous_key = '<M-[>',
  dismiss_key = '<C-]>',
  with_menu = false,
  debounce_ms = 60,
  settings = {},
}

--- The options that are in force; `set` replaces them.
---@type mim.Config
M.current = M.defaults

---@param key string
---@param value any
local function check(key, value)
  local default = M.defaults[key]
  if default == nil then
    error(("mim: unknown option '%s', see :help mim-options"):format(key), 0)
  end
  local is_key = vim.endswith(key, '_key')
  local fits = is_key and (value == false or type(value) == 'string') or not is_key and type(value) == type(default)
  if not fits then
    local expected = is_key and 'a key or false' or 'a ' .. type(default)
    error(("mim: option '%s' must be %s, see :help mim-options"):format(key, expected), 0)
  end
end

--- Take the user's options over the defaults. Raises one line for an option that cannot work.
---@param options table
function M.set(options)
  for key, value in pairs(options) do
    check(key, value)
  end
  M.current = vim.tbl_extend('force', M.defaults, options)
end

return M
