--- The completion menu in which other suggestions stand: Neovim's own, that of nvim-cmp, or that of blink.cmp.
local M = {}

---@param module string
---@param question string a function of the module, without arguments
---@return boolean whether it answers yes; no if the module is not in use
local function asks(module, question)
  local loaded = package.loaded[module]
  return type(loaded) == 'table' and loaded[question] ~= nil and loaded[question]() == true
end

---@return boolean whether one is open
function M.is_open()
  return vim.fn.pumvisible() == 1 or asks('cmp', 'visible') or asks('blink.cmp', 'is_menu_visible')
end

local listens_to_cmp = false

--- Have `on_change` called when a menu of nvim-cmp or blink.cmp opens or closes.
---@param group integer of the autocommands
---@param on_change fun()
function M.watch(group, on_change)
  vim.api.nvim_clear_autocmds({ group = group, event = 'User' })
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = { 'BlinkCmpMenuOpen', 'BlinkCmpMenuClose' },
    callback = function()
      on_change()
    end,
  })
  local cmp = package.loaded['cmp']
  if cmp and cmp.event and not listens_to_cmp then
    listens_to_cmp = true
    cmp.event:on('menu_opened', on_change)
    cmp.event:on('menu_closed', on_change)
  end
end

return M
