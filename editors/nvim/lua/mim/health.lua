--- `:checkhealth mim`.
local client = require('mim.client')
local config = require('mim.config')
local server = require('mim.server')

local M = {}

local health = vim.health
local PATIENCE_MS = 2000

local function check_program()
  local program = server.program()
  if vim.fn.executable(program) == 0 then
    local advice = { '`pip install mim-lsp`, or', "`require('mim').setup({ cmd = { '/path/to/mim-lsp', '--stdio' } })`" }
    return health.error(("'%s' was not found"):format(program), advice)
  end
  health.ok(("'%s' is %s"):format(program, vim.fn.exepath(program)))
end

---@return table? status what the server says, nil if it does not in time
local function status()
  local answer
  client.ask('mim/status', vim.empty_dict(), function(found)
    answer = found
  end)
  vim.wait(PATIENCE_MS, function()
    return answer ~= nil
  end, 20)
  return answer
end

local function check_server()
  if not client.get() then
    local filetypes = table.concat(config.current.filetypes, ', ')
    return health.warn('the server is not running', { 'open a file of these types: ' .. filetypes, 'look at `:Mim log`' })
  end
  local found = status()
  if not found then
    return health.error('the server does not answer', { '`:Mim restart`', '`:Mim log`' })
  end
  local model = type(found.model) == 'string' and ' ' .. found.model or '' -- null until it is loaded
  local text = ('server %s, model%s: %s'):format(found.version, model, found.state)
  if found.state == 'error' then
    return health.error(text, { found.message })
  end
  health.ok(text)
end

---@return boolean whether blink.cmp shows ghost text; its configuration has a function for that
local function blink_shows_ghost_text()
  local blink = package.loaded['blink.cmp.config']
  local enabled = blink and vim.tbl_get(blink, 'completion', 'ghost_text', 'enabled')
  if type(enabled) == 'function' then
    enabled = enabled()
  end
  return enabled == true
end

--- Ghost text of others stands where ours does.
local function check_others()
  local cmp = package.loaded['cmp']
  if cmp and vim.tbl_get(cmp.get_config(), 'experimental', 'ghost_text') then
    health.warn('nvim-cmp shows ghost text too', { 'set `experimental = { ghost_text = false }` in its setup' })
  end
  if blink_shows_ghost_text() then
    health.warn('blink.cmp shows ghost text too', { 'set `completion = { ghost_text = { enabled = false } }`' })
  end
end

local function check_keys()
  local running, key = client.get(), config.current.accept_key
  for buf in pairs(running and key and running.attached_buffers or {}) do
    local mapping = vim.api.nvim_buf_call(buf, function()
      return vim.fn.maparg(key, 'i', false, true)
    end)
    if mapping.desc ~= 'mim: accept' then
      return health.warn(('%s was mapped by something else after mim did'):format(key), { 'see :help mim-keys' })
    end
  end
end

function M.check()
  health.start('mim')
  health.ok(('Neovim %s'):format(tostring(vim.version())))
  check_program()
  check_server()
  check_others()
  check_keys()
end

return M
