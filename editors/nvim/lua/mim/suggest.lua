--- When to ask the server, and what the user can do with its answer.
local client = require('mim.client')
local config = require('mim.config')
local ghost = require('mim.ghost')

local M = {}

--- Counts what makes earlier requests pointless; an answer from an earlier count is ignored.
local generation = 0
local cancel_pending = nil ---@type fun()?

--- Give up what was asked for or is about to be.
local function abandon()
  generation = generation + 1
  if cancel_pending then
    cancel_pending()
    cancel_pending = nil
  end
end

---@return boolean
local function inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

---@param explicit boolean
local function ask(explicit)
  local asked = generation
  local tick = vim.b.changedtick
  cancel_pending = client.request(explicit, function(texts)
    if asked ~= generation or not inserting() or vim.b.changedtick ~= tick then
      return
    end
    cancel_pending = nil
    ghost.show(texts[1] or '')
  end)
end

--- React to a keystroke or a movement of the cursor.
function M.on_input()
  if ghost.follow() then
    return abandon()
  end
  abandon()
  local asked = generation
  vim.defer_fn(function()
    if asked == generation and inserting() then
      ask(false)
    end
  end, config.current.debounce_ms)
end

--- Ask now, with lower demands on the answer.
function M.trigger()
  abandon()
  ghost.clear()
  ask(true)
end

--- Hide the suggestion until the next keystroke.
---@return boolean hidden whether there was one
function M.dismiss()
  local shown = ghost.text() ~= nil
  abandon()
  ghost.clear()
  return shown
end

---@param length_of fun(text: string): integer how much of the text to take, in bytes
---@return boolean accepted whether there was a suggestion
local function accept(length_of)
  if not ghost.follow() then
    return false
  end
  abandon()
  ghost.accept(length_of(assert(ghost.text())))
  return true
end

--- Take the whole suggestion.
---@return boolean accepted
function M.accept()
  return accept(string.len)
end

--- Take the suggestion's first word, or run of punctuation, with the blanks before it.
---@return boolean accepted
function M.accept_word()
  return accept(function(text)
    local word = text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s\128-\255]+') or text
    return #word
  end)
end

--- Take the suggestion up to the end of its first line; at the end of a line, its break and the next line.
---@return boolean accepted
function M.accept_line()
  return accept(function(text)
    return #text:match('^\n?[^\n]*')
  end)
end

return M
