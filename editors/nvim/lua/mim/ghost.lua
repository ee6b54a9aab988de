--- Ghost text: a suggestion shown at the cursor that is not in the buffer.
local M = {}

local namespace = vim.api.nvim_create_namespace('mim')

---@class mim.Ghost
---@field item mim.Item
---@field taken integer bytes of the item's text that are in the buffer by now
---@field text string the rest of it; never empty
---@field replaces integer bytes behind the cursor that accepting all of it replaces
---@field buf integer
---@field row integer line of the cursor, from 0
---@field col integer column of the cursor in bytes, from 0
---@field after string what follows the cursor on its line
---@field tick integer the buffer's changedtick when it was drawn
local current = nil ---@type mim.Ghost?

---@return integer row, integer col cursor of the current window, both from 0
local function cursor()
  local position = vim.api.nvim_win_get_cursor(0)
  return position[1] - 1, position[2]
end

---@param text string
---@param column integer where it begins on the screen's line
---@return string text with tabs as blanks, since virtual text shows them as ^I
local function visible(text, column)
  local shown = ''
  for part, tab in text:gmatch('([^\t]*)(\t?)') do
    shown = shown .. part
    if tab == '\t' then
      shown = shown .. (' '):rep(vim.fn.strdisplaywidth('\t', column + vim.fn.strdisplaywidth(shown, column)))
    end
  end
  return shown
end

---@param ghost mim.Ghost
---@param first string the suggestion's first line
---@return string before, string behind the closers that it replaces: they are part of it and stay where they are
local function around_closers(ghost, first)
  local closers = ghost.after:sub(1, ghost.replaces)
  local at = closers ~= '' and first:match('.*()' .. vim.pesc(closers))
  if not at then
    return first, ''
  end
  return first:sub(1, at - 1), first:sub(at + #closers)
end

---@param ghost mim.Ghost
---@param id integer of the mark: a mark drawn again under its id is replaced in one step, so nothing flickers
---@param col integer
---@param text string
---@param below? table[] virtual lines
local function mark(ghost, id, col, text, below)
  vim.api.nvim_buf_set_extmark(ghost.buf, namespace, ghost.row, col, {
    id = id,
    virt_text = { { text, 'MimGhost' } },
    virt_text_pos = 'inline',
    virt_lines = below,
    hl_mode = 'combine',
  })
end

local FIRST, BEHIND = 1, 2

---@param ghost mim.Ghost
local function draw(ghost)
  local lines = vim.split(ghost.text, '\n', { plain = true })
  local below = {}
  for i = 2, #lines do
    table.insert(below, { { visible(lines[i], 0), 'MimGhost' } })
  end
  local before, behind = around_closers(ghost, lines[1])
  local column = vim.fn.strdisplaywidth(vim.api.nvim_get_current_line():sub(1, ghost.col))
  mark(ghost, FIRST, ghost.col, visible(before, column), #below > 0 and below or nil)
  vim.api.nvim_buf_del_extmark(ghost.buf, namespace, BEHIND)
  if behind ~= '' then
    mark(ghost, BEHIND, ghost.col + ghost.replaces, behind)
  end
end

---@return mim.Ghost? ghost what is shown
function M.shown()
  return current
end

---@param item mim.Item
---@param taken integer
---@param replaces integer
local function place(item, taken, replaces)
  local buf = vim.api.nvim_get_current_buf()
  local row, col = cursor()
  current = {
    item = item,
    taken = taken,
    text = item.text:sub(taken + 1),
    replaces = replaces,
    buf = buf,
    row = row,
    col = col,
    after = vim.api.nvim_get_current_line():sub(col + 1),
    tick = vim.api.nvim_buf_get_changedtick(buf),
  }
  if current.text == '' then
    return M.clear()
  end
  draw(current)
end

--- Show an item at the cursor, in place of what is shown.
---@param item mim.Item
function M.show(item)
  M.clear()
  place(item, 0, item.replaces)
end

---@param ghost mim.Ghost
---@return integer bytes of the closers behind the item's place that the cursor has gone over
function M.passed(ghost)
  return ghost.item.replaces - ghost.replaces
end

--- Show another item for the same place: as much of it as of the shown one is in the buffer already.
---@param item mim.Item which replaces all closers that the cursor has gone over
function M.exchange(item)
  local ghost = assert(current)
  place(item, ghost.taken, item.replaces - M.passed(ghost))
end

--- Show nothing.
function M.clear()
  if current and vim.api.nvim_buf_is_valid(current.buf) then
    vim.api.nvim_buf_clear_namespace(current.buf, namespace, 0, -1)
  end
  current = nil
end

---@param ghost mim.Ghost
---@return string? typed what stands between the ghost's place and the cursor; nil if the cursor is elsewhere
---@return integer passed bytes of the closers that the cursor has gone over
local function typed_since(ghost)
  local row, col = cursor()
  local behind = row < ghost.row or row == ghost.row and col < ghost.col
  local place_gone = #(vim.api.nvim_buf_get_lines(ghost.buf, ghost.row, ghost.row + 1, false)[1] or '') < ghost.col
  local after = vim.api.nvim_get_current_line():sub(col + 1)
  local passed = #ghost.after - #after
  if behind or place_gone or passed < 0 or passed > ghost.replaces or not vim.endswith(ghost.after, after) then
    return nil, 0
  end
  return table.concat(vim.api.nvim_buf_get_text(ghost.buf, ghost.row, ghost.col, row, col, {}), '\n'), passed
end

--- Bring the ghost text up to date with what the user did.
---
--- Typing what it says keeps the rest of it; anything else clears it.
---@return boolean shown whether it still stands
function M.follow()
  local ghost = current
  if not ghost or ghost.buf ~= vim.api.nvim_get_current_buf() then
    M.clear()
    return false
  end
  local row, col = cursor()
  local moved = row ~= ghost.row or col ~= ghost.col
  if not moved and vim.api.nvim_buf_get_changedtick(ghost.buf) == ghost.tick then
    return true
  end
  local typed, passed = nil, 0
  if moved then
    typed, passed = typed_since(ghost)
  end
  if typed and vim.startswith(ghost.text, typed) then
    place(ghost.item, ghost.taken + #typed, ghost.replaces - passed)
  else
    M.clear()
  end
  return current ~= nil
end

--- Begin a new step of undo, so that what is accepted is undone by itself.
local function break_undo()
  vim.bo.undolevels = vim.bo.undolevels
end

--- Insert the first `length` bytes of the ghost text; what remains of it stays.
---@param length integer
function M.accept(length)
  local ghost = assert(current)
  local whole = length >= #ghost.text
  local lines = vim.split(ghost.text:sub(1, length), '\n', { plain = true })
  local stop = ghost.col + (whole and ghost.replaces or 0)
  break_undo()
  vim.api.nvim_buf_set_text(ghost.buf, ghost.row, ghost.col, ghost.row, stop, lines)
  local col = (#lines == 1 and ghost.col or 0) + #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { ghost.row + #lines, col })
  break_undo()
  place(ghost.item, ghost.taken + length, ghost.replaces)
end

return M
