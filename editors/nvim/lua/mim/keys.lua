--- Insert-mode keys that act on a suggestion, and do what they did before when there is none.
local M = {}

---@param keys string
---@param mode string flags of feedkeys
local function feed(keys, mode)
  vim.api.nvim_feedkeys(keys, mode .. 'i', false)
end

---@param mapping table an expression mapping, as maparg() describes it
---@return string keys what it evaluates to
local function evaluate(mapping)
  local keys
  if mapping.callback then
    keys = mapping.callback() or ''
  else
    keys = vim.api.nvim_eval(mapping.rhs)
  end
  return mapping.replace_keycodes == 1 and vim.keycode(keys) or keys
end

--- Do what `key` does without us.
---@param key string
---@param before table the mapping that ours hides, as maparg() describes it; empty if there was none
local function fall_through(key, before)
  local mode = (before.noremap or 1) == 1 and 'n' or 'm'
  if vim.tbl_isempty(before) then
    feed(vim.keycode(key), 'n')
  elseif before.expr == 1 then
    feed(evaluate(before), mode)
  elseif before.callback then
    before.callback()
  else
    feed(vim.keycode(before.rhs), mode)
  end
end

--- Map `key` in a buffer.
---@param buf integer
---@param key string|false false maps nothing
---@param action fun(): boolean returns whether it had something to do
---@param desc string
function M.map(buf, key, action, desc)
  if not key then
    return
  end
  local before = vim.api.nvim_buf_call(buf, function()
    return vim.fn.maparg(key, 'i', false, true)
  end)
  if before.desc == desc then
    return -- ours, from an earlier setup
  end
  vim.keymap.set('i', key, function()
    if not action() then
      fall_through(key, before)
    end
  end, { buffer = buf, desc = desc })
end

return M
