--- What becomes of suggestions, for the server's count of them: a local file, without any text.
local client = require('mim.client')
local items = require('mim.items')

local M = {}

local last_shown = nil ---@type string?

---@param item mim.Item
---@return string? id of the suggestion; type-through and a repeated question do not change it
local function id(item)
  local command = item.given.command
  return command and command.arguments and command.arguments[1]
end

--- Tell, once, that a suggestion is shown.
---@param item mim.Item
function M.shown(item)
  if id(item) and id(item) ~= last_shown then
    last_shown = id(item)
    client.notify('mim/didShow', { item = item.given })
  end
end

--- Tell how much of a suggestion is in the buffer now that the user took some of it.
---@param item mim.Item
---@param taken integer bytes from its beginning
function M.accepted(item, taken)
  local command = item.given.command
  if taken < #item.text then
    client.notify('mim/didPartiallyAccept', { item = item.given, acceptedLength = items.taken(item, taken) })
  elseif command then
    client.execute(command.command, command.arguments)
  end
end

return M
