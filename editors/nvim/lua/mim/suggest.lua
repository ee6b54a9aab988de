--- When to ask the server, and what the user can do with its answer.
local choice = require('mim.choice')
local client = require('mim.client')
local config = require('mim.config')
local ghost = require('mim.ghost')
local menu = require('mim.menu')
local report = require('mim.report')

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

---@return boolean whether an open menu has priority
local function menu_in_the_way()
  return not config.current.with_menu and menu.is_open()
end

---@param explicit boolean
---@param on_items fun(items: mim.Item[])
local function ask(explicit, on_items)
  local asked = generation
  local tick = vim.b.changedtick
  cancel_pending = client.request(explicit, function(items)
    if asked ~= generation or not inserting() or vim.b.changedtick ~= tick or menu_in_the_way() then
      return
    end
    cancel_pending = nil
    on_items(items)
  end)
end

---@param items mim.Item[]
local function show_first(items)
  choice.set(items)
  if items[1] then
    ghost.show(items[1])
    report.shown(items[1])
  else
    ghost.clear()
  end
end

--- React to a keystroke or a movement of the cursor.
function M.on_input()
  if menu_in_the_way() then
    M.dismiss()
    return
  end
  if ghost.follow() then
    return abandon()
  end
  abandon()
  local asked = generation
  vim.defer_fn(function()
    if asked == generation and inserting() then
      ask(false, show_first)
    end
  end, config.current.debounce_ms)
end

--- React to a menu that opens or closes.
function M.on_menu()
  if inserting() and client.get(0) then
    M.on_input()
  end
end

--- Ask now, with lower demands on the answer.
function M.trigger()
  abandon()
  ghost.clear()
  ask(true, show_first)
end

--- Hide the suggestion until the next keystroke.
---@return boolean hidden whether there was one
function M.dismiss()
  local shown = ghost.shown() ~= nil
  abandon()
  ghost.clear()
  return shown
end

---@param step integer
---@return boolean shown whether there was another one
local function exchange(step)
  local other = choice.turn(assert(ghost.shown()), step)
  if other then
    ghost.exchange(other)
    report.shown(other)
  end
  return other ~= nil
end

---@param step integer
---@return boolean done always: without another suggestion it asks for some
local function turn(step)
  if not ghost.follow() then
    M.trigger()
  elseif not exchange(step) then
    abandon()
    ask(true, function(items)
      choice.extend(items, assert(ghost.shown()))
      exchange(step)
    end)
  end
  return true
end

--- Show the next suggestion for the same place.
---@return boolean done
function M.next()
  return turn(1)
end

--- Show the suggestion before.
---@return boolean done
function M.previous()
  return turn(-1)
end

---@param length_of fun(text: string): integer how much of the text to take, in bytes
---@return boolean accepted whether there was a suggestion
local function accept(length_of)
  if not ghost.follow() then
    return false
  end
  abandon()
  local shown = assert(ghost.shown())
  local length = length_of(shown.text)
  ghost.accept(length)
  report.accepted(shown.item, shown.taken + length)
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
