--- What the server offers, in terms of the buffer.
local units = require('mim.units')

local M = {}

---@class mim.Item
---@field text string what accepting inserts at the cursor, with plain line breaks
---@field replaces integer bytes behind the cursor that accepting replaces: closers that the editor put there
---@field given table the item as the server gave it, for its reports
---@field encoding string the position encoding

---@class mim.Place
---@field row integer line of the cursor, from 0
---@field col integer its column in bytes
---@field line string the text of the line

---@param given table
---@param place mim.Place
---@param encoding string
---@return mim.Item? item nil if it would change more than the end of the cursor's line
local function item(given, place, encoding)
  if type(given.insertText) ~= 'string' then
    return nil -- a snippet: the server has none
  end
  local text, replaces = given.insertText:gsub('\r\n?', '\n'), 0
  local range = given.range
  if range then
    if range.start.line ~= place.row or range['end'].line ~= place.row then
      return nil
    end
    local before = place.line:sub(units.byte(place.line, range.start.character, encoding) + 1, place.col)
    if not vim.startswith(text, before) then
      return nil
    end
    text = text:sub(#before + 1)
    replaces = units.byte(place.line, range['end'].character, encoding) - place.col
  end
  if text == '' or replaces < 0 then
    return nil
  end
  return { text = text, replaces = replaces, given = given, encoding = encoding }
end

--- The items of an answer that can be shown.
---@param result table? an InlineCompletionList, a list of items, or nothing
---@param place mim.Place the cursor that the request was about
---@param encoding string
---@return mim.Item[]
function M.from(result, place, encoding)
  local found = {}
  for _, given in ipairs(result and (result.items or result) or {}) do
    found[#found + 1] = item(given, place, encoding)
  end
  return found
end

--- How much of an item was taken, as the server counts it.
---@param shown mim.Item
---@param bytes integer the beginning of its text
---@return integer units of the given text
function M.taken(shown, bytes)
  local given = shown.given.insertText
  local unbroken = given:gsub('\r\n?', '\n')
  local taken = unbroken:sub(1, #unbroken - #shown.text + bytes)
  if given:find('\r\n', 1, true) then
    taken = taken:gsub('\n', '\r\n')
  end
  return units.length(taken, shown.encoding)
end

return M
