--- The connection to the server. One server, and so one model in memory, for all buffers.
local config = require('mim.config')

local M = {}

local NAME = 'mim'
local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2

--- Neovim 0.11 made the functions of a client methods.
local has_methods = vim.fn.has('nvim-0.11') == 1

---@param client vim.lsp.Client
local function send(client, method, params, handler, buf)
  if has_methods then
    return client:request(method, params, handler, buf)
  end
  return client.request(method, params, handler, buf)
end

---@param client vim.lsp.Client
local function cancel(client, id)
  if has_methods then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

---@return boolean whether the server's program is there; says so once if it is not
local function installed()
  local program = config.current.cmd[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  local text = "mim: '%s' not found: install mim-lsp or set `cmd`, see :help mim"
  vim.schedule(function() -- not inside the autocommand, which an error message would abort
    vim.notify_once(text:format(program), vim.log.levels.ERROR)
  end)
  return false
end

--- Attach a buffer to the server, starting it if need be.
---@param buf integer
---@return boolean attached
function M.attach(buf)
  if not installed() then
    return false
  end
  local id = vim.lsp.start({
    name = NAME,
    cmd = config.current.cmd,
    root_dir = vim.fs.root(buf, { 'pyproject.toml', 'setup.py', '.git' }) or vim.fn.getcwd(),
    settings = { mim = config.current.settings },
  }, {
    bufnr = buf,
    reuse_client = function(client)
      return client.name == NAME
    end,
  })
  return id ~= nil
end

---@param buf? integer
---@return vim.lsp.Client? client the server of a buffer (of any buffer if nil), once it is ready
function M.get(buf)
  local client = vim.lsp.get_clients({ name = NAME, bufnr = buf })[1]
  return client and client.initialized and client or nil
end

--- Ask for suggestions at the cursor of the current window.
---@param explicit boolean whether the user asked, instead of just typing
---@param on_texts fun(texts: string[]) called with what the server offers
---@return fun()? cancel gives the request up; nil if there is no server to ask
function M.request(explicit, on_texts)
  local buf = vim.api.nvim_get_current_buf()
  local client = M.get(buf)
  if not client then
    return nil
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = explicit and INVOKED or AUTOMATIC }
  local sent, id = send(client, METHOD, params, function(err, result)
    if not err then
      on_texts(M.texts(result))
    end
  end, buf)
  if not sent then
    return nil
  end
  return function()
    cancel(client, id)
  end
end

--- The texts in a server's answer, with plain line breaks.
---@param result table? an InlineCompletionList, a list of items, or nothing
---@return string[]
function M.texts(result)
  local texts = {}
  for _, item in ipairs(result and (result.items or result) or {}) do
    if type(item.insertText) == 'string' and item.insertText ~= '' then
      table.insert(texts, (item.insertText:gsub('\r\n?', '\n')))
    end
  end
  return texts
end

--- Ask the server what it is doing.
---@param on_status fun(status: table?) called with its answer, or nil if it does not run or cannot say
function M.status(on_status)
  local client = M.get()
  if not client then
    return on_status(nil)
  end
  send(client, 'mim/status', vim.empty_dict(), function(err, result)
    on_status(not err and result or nil)
  end, 0)
end

return M
