--- Messages to the server and what comes back.
local items = require('mim.items')
local units = require('mim.units')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2

--- Neovim 0.11 made the functions of a client methods.
local has_methods = vim.fn.has('nvim-0.11') == 1

--- Call a function of a client.
---@param client vim.lsp.Client
---@param name string of the function
function M.call(client, name, ...)
  if has_methods then
    return client[name](client, ...)
  end
  return client[name](...)
end

---@param buf? integer
---@return vim.lsp.Client? client the server of a buffer (of any buffer if nil), once it is ready
function M.get(buf)
  local client = vim.lsp.get_clients({ name = 'mim', bufnr = buf })[1]
  return client and client.initialized and client or nil
end

---@param client vim.lsp.Client
---@return table params of a request about the cursor
local function at_cursor(client)
  return vim.lsp.util.make_position_params(0, client.offset_encoding)
end

--- Ask for suggestions at the cursor of the current window.
---@param explicit boolean whether the user asked, instead of just typing
---@param on_items fun(items: mim.Item[]) called with what the server offers
---@return fun()? cancel gives the request up; nil if there is no server to ask
function M.request(explicit, on_items)
  local buf = vim.api.nvim_get_current_buf()
  local client = M.get(buf)
  if not client then
    return nil
  end
  local params = at_cursor(client)
  params.context = { triggerKind = explicit and INVOKED or AUTOMATIC }
  params.formattingOptions = { tabSize = vim.lsp.util.get_effective_tabstop(buf), insertSpaces = vim.bo[buf].expandtab }
  local row, col = params.position.line, vim.api.nvim_win_get_cursor(0)[2]
  local line = vim.api.nvim_get_current_line()
  local sent, id = M.call(client, 'request', METHOD, params, function(err, result)
    if not err then
      on_items(items.from(result, { row = row, col = col, line = line }, client.offset_encoding))
    end
  end, buf)
  return sent and function()
    M.call(client, 'cancel_request', id)
  end or nil
end

--- Send a message that has no answer.
---@param method string
---@param params table
function M.notify(method, params)
  local client = M.get()
  if client then
    M.call(client, 'notify', method, params)
  end
end

--- Ask the server something.
---@param method string
---@param params table
---@param on_answer fun(answer: any) called with what it says (false for null too), or nil if it does not run or cannot say
function M.ask(method, params, on_answer)
  local client = M.get()
  if not client then
    return on_answer(nil)
  end
  M.call(client, 'request', method, params, function(err, result)
    if not err and result == nil then
      result = false -- which Neovim 0.12 gives as nil
    end
    on_answer(result)
  end, 0)
end

--- Run one of the server's commands.
---@param command string
---@param arguments any[]
---@param on_answer? fun(answer: any)
function M.execute(command, arguments, on_answer)
  M.ask('workspace/executeCommand', { command = command, arguments = arguments }, on_answer or function() end)
end

--- Where text is typed: at the cursor, or where it was before leaving Insert mode moved it onto the last character.
---@return integer column in bytes
local function typing_column()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local left_row, left_col = unpack(vim.api.nvim_buf_get_mark(0, '^'))
  if vim.api.nvim_get_mode().mode:sub(1, 1) ~= 'n' or left_row ~= row or left_col < col then
    return col
  end
  local between = vim.api.nvim_get_current_line():sub(col + 1, left_col)
  return vim.fn.strchars(between, true) == 1 and col + #between or col
end

--- Ask the server how what it offers where the user types comes about.
---@param on_answer fun(answer: table?)
function M.explain(on_answer)
  local client = M.get(0)
  if not client then
    return on_answer(nil)
  end
  local params = at_cursor(client)
  local before = vim.api.nvim_get_current_line():sub(1, typing_column())
  params.position.character = units.length(before, client.offset_encoding)
  M.ask('mim/explain', params, on_answer)
end

return M
