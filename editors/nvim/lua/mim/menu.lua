--- The completion menu in which other suggestions stand: Neovim's own, that of nvim-cmp, or that of blink.cmp.
local M = {}

local on_change = function() end ---@type fun()
--- nvim-cmp is not asked, since its visible() waits up to a second for what it is doing, which may be telling us.
local cmp_is_open = false
local listens_to_cmp = false

--- Hear from nvim-cmp when its menu opens and closes, as soon as it is loaded.
local function listen_to_cmp()
  local cmp = package.loaded['cmp']
  if listens_to_cmp or type(cmp) ~= 'table' or not cmp.event then
    return
  end
  listens_to_cmp = true
  local function hear(event, is_open)
    cmp.event:on(event, function()
      cmp_is_open = is_open
      on_change()
    end)
  end
  hear('menu_opened', true)
  hear('menu_closed', false)
end

---@return boolean whether the menu of blink.cmp is open; no if it is not in use
local function blink_is_open()
  local blink = package.loaded['blink.cmp']
  return type(blink) == 'table' and blink.is_menu_visible ~= nil and blink.is_menu_visible() == true
end

---@return boolean whether one is open
function M.is_open()
  listen_to_cmp()
  return vim.fn.pumvisible() == 1 or cmp_is_open or blink_is_open()
end

--- Have `listener` called when a menu of nvim-cmp or blink.cmp opens or closes.
---@param group integer of the autocommands
---@param listener fun()
function M.watch(group, listener)
  on_change = listener
  listen_to_cmp()
  vim.api.nvim_clear_autocmds({ group = group, event = 'User' })
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = { 'BlinkCmpMenuOpen', 'BlinkCmpMenuClose' },
    callback = function()
      on_change()
    end,
  })
end

return M
