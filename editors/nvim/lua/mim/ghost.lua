--- Ghost text: a suggestion shown at the cursor that is not in the buffer.
local M = {}

local namespace = vim.api.nvim_create_namespace('mim')

---@class mim.Ghost
---@field buf integer
---@field row integer line of the cursor, from 0
---@field col integer column of the cursor in bytes, from 0
---@field text string what accepting inserts there; never empty
---@field after string what follows the cursor on its line
---@field tick integer the buffer's changedtick when it was drawn
local current = nil ---@type mim.Ghost?

---@return integer row, integer col cursor of the current window, both from 0
local function cursor()
  local position = vim.api.nvim_win_get_cursor(0)
  return position[1] - 1, position[2]
end

---@param text string
---@return string text with tabs as blanks, since virtual text shows them as ^I
local function visible(text)
  return (text:gsub('\t', (' '):rep(vim.bo.tabstop)))
end

---@param ghost mim.Ghost
local function draw(ghost)
  local lines = vim.split(visible(ghost.text), '\n', { plain = true })
  local below = {}
  for i = 2, #lines do
    table.insert(below, { { lines[i], 'MimGhost' } })
  end
  vim.api.nvim_buf_set_extmark(ghost.buf, namespace, ghost.row, ghost.col, {
    id = 1, -- replaces the one before in one step: nothing flickers
    virt_text = { { lines[1], 'MimGhost' } },
    virt_text_pos = 'inline',
    virt_lines = #below > 0 and below or nil,
    hl_mode = 'combine',
  })
end

---@return string? text the remaining suggestion, nil if none is shown
function M.text()
  return current and current.text
end

--- Show `text` at the cursor; an empty text shows nothing.
---@param text string
function M.show(text)
  if text == '' then
    return M.clear()
  end
  local buf = vim.api.nvim_get_current_buf()
  if current and current.buf ~= buf then
    M.clear()
  end
  local row, col = cursor()
  current = {
    buf = buf,
    row = row,
    col = col,
    text = text,
    after = vim.api.nvim_get_current_line():sub(col + 1),
    tick = vim.api.nvim_buf_get_changedtick(buf),
  }
  draw(current)
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
local function typed_since(ghost)
  local row, col = cursor()
  local behind = row < ghost.row or row == ghost.row and col < ghost.col
  local place_gone = #vim.api.nvim_buf_get_lines(ghost.buf, ghost.row, ghost.row + 1, false)[1] < ghost.col
  if behind or place_gone or vim.api.nvim_get_current_line():sub(col + 1) ~= ghost.after then
    return nil
  end
  return table.concat(vim.api.nvim_buf_get_text(ghost.buf, ghost.row, ghost.col, row, col, {}), '\n')
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
  local typed = moved and typed_since(ghost)
  if typed and vim.startswith(ghost.text, typed) then
    M.show(ghost.text:sub(#typed + 1))
  else
    M.clear()
  end
  return current ~= nil
end

--- Insert the first `length` bytes of the ghost text; what remains of it stays.
---@param length integer
function M.accept(length)
  local ghost = assert(current)
  local lines = vim.split(ghost.text:sub(1, length), '\n', { plain = true })
  vim.api.nvim_buf_set_text(ghost.buf, ghost.row, ghost.col, ghost.row, ghost.col, lines)
  local last = lines[#lines]
  local col = (#lines == 1 and ghost.col or 0) + #last
  vim.api.nvim_win_set_cursor(0, { ghost.row + #lines, col })
  M.show(ghost.text:sub(length + 1))
end

return M
