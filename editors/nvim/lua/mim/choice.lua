--- The suggestions for one place, of which one is shown.
local ghost = require('mim.ghost')

local M = {}

local items = {} ---@type mim.Item[]

--- Start anew.
---@param given mim.Item[]
function M.set(given)
  items = given
end

--- Take what an explicit request found at a place where the beginning of `shown` stands already.
---@param given mim.Item[]
---@param shown mim.Ghost
function M.extend(given, shown)
  local before = shown.item.text:sub(1, shown.taken)
  items = { shown.item }
  for _, item in ipairs(given) do
    if item.text ~= shown.text then
      item.text = before .. item.text
      item.replaces = ghost.passed(shown) + item.replaces
      table.insert(items, item)
    end
  end
end

--- The suggestion `step` places from the shown one, round and round; of those that begin with what was typed, closers
--- that the cursor has gone over included: an item that keeps them would have its text in front of them.
---@param shown mim.Ghost
---@param step integer
---@return mim.Item? other nil if there is no other one
function M.turn(shown, step)
  local before = shown.item.text:sub(1, shown.taken)
  local fitting, at = {}, 1
  for _, item in ipairs(items) do
    local fits = vim.startswith(item.text, before) and item.replaces >= ghost.passed(shown)
    if fits and #item.text > #before then
      table.insert(fitting, item)
      at = item == shown.item and #fitting or at
    end
  end
  return #fitting > 1 and fitting[(at - 1 + step) % #fitting + 1] or nil
end

return M
