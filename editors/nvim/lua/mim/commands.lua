--- `:Mim SUBCOMMAND`.
local client = require('mim.client')
local documents = require('mim.documents')
local explain = require('mim.explain')
local server = require('mim.server')

local M = {}

local NOT_RUNNING = 'mim: the server is not running; :checkhealth mim tells why'

---@param text string
---@param level? integer
local function tell(text, level)
  vim.notify(text, level or vim.log.levels.INFO)
end

--- Tell in one line what the server is doing.
function M.status()
  local params = { textDocument = vim.lsp.util.make_text_document_params() }
  client.ask('mim/status', params, function(status)
    if not status then
      return tell(NOT_RUNNING, vim.log.levels.WARN)
    end
    local model = type(status.model) == 'string' and status.model or 'the model is' -- null until it is loaded
    local line = ('mim: %s %s'):format(model, status.state)
    if status.message ~= '' then
      line = line .. ': ' .. status.message
    elseif type(status.refusal) == 'string' and status.state ~= 'paused' then
      line = line .. '; nothing is suggested in this file: ' .. status.refusal
    end
    tell(line, status.state == 'error' and vim.log.levels.ERROR or nil)
  end)
end

--- Pause, or suggest again: everywhere, or in the current file only.
---@param where? 'everywhere'|'here'
local function toggle(where)
  local here = where == 'here'
  client.execute('mim.toggle', here and { vim.uri_from_bufnr(0) } or {}, function(paused)
    if paused == nil then
      return tell(NOT_RUNNING, vim.log.levels.WARN)
    end
    tell(('mim: %s%s'):format(paused and 'paused' or 'suggesting again', here and ' in this file' or ''))
  end)
end

--- Open the server's log, or Neovim's own of its servers if there is no server to ask.
local function log()
  client.execute('mim.showLog', {}, function(path)
    path = path or vim.lsp.get_log_path()
    if vim.fn.filereadable(path) == 0 then
      return tell('mim: nothing was logged yet in ' .. path)
    end
    documents.open(path) -- most servers have had it opened by now
  end)
end

---@class mim.Subcommand
---@field run fun(argument?: string)
---@field arguments? string[]

---@type table<string, mim.Subcommand>
local SUBCOMMANDS = {
  explain = { run = explain.open },
  log = { run = log },
  restart = { run = server.restart },
  status = { run = M.status },
  toggle = { run = toggle, arguments = { 'everywhere', 'here' } },
}

---@param words string[] the subcommand and its argument
function M.run(words)
  local subcommand, argument = SUBCOMMANDS[words[1]], words[2]
  local takes = subcommand and subcommand.arguments or {}
  if not subcommand or words[3] or (argument and not vim.list_contains(takes, argument)) then
    local names = table.concat(vim.fn.sort(vim.tbl_keys(SUBCOMMANDS)), ', ')
    return tell(("mim: ':Mim %s' is none of %s"):format(table.concat(words, ' '), names), vim.log.levels.ERROR)
  end
  subcommand.run(argument)
end

--- What can follow on the command line.
---@param typed string the beginning of the word
---@param line string the whole line up to it
---@return string[]
function M.complete(typed, line)
  local words = vim.split(line, '%s+')
  local subcommand = SUBCOMMANDS[words[2]]
  local offered = #words == 2 and vim.tbl_keys(SUBCOMMANDS) or #words == 3 and subcommand and subcommand.arguments or {}
  return vim.fn.sort(vim.tbl_filter(function(word)
    return vim.startswith(word, typed)
  end, offered))
end

return M
