--- The life of the server: one for all buffers, and so one model in memory, started again when it dies.
local config = require('mim.config')

local M = {}

local NAME = 'mim'
M.ROOT_MARKERS = { 'pyproject.toml', 'setup.py', '.git' }
--- Neovim 0.11 has servers that it starts itself: `vim.lsp.enable`.
local has_configs = vim.fn.has('nvim-0.11') == 1

--- Back-off: the wait before a new start doubles with each death in a row, up to the longest one.
local FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_DEATHS = 500, 30000, 8
--- A death this long after the one before begins a new row.
local ROW_ENDS_AFTER_MS = 60000
local SIGTERM = 15

local deaths = 0
local last_death = 0
local restarting = false

---@return vim.lsp.ClientConfig config of the server as it is set up now; its own table
local function lsp_config()
  if has_configs then
    return vim.deepcopy(vim.lsp.config[NAME])
  end
  local options = config.current
  return { cmd = options.cmd, settings = { mim = options.settings }, on_exit = M.on_exit }
end

---@return string program that is the server
function M.program()
  local cmd = has_configs and vim.lsp.config[NAME].cmd or config.current.cmd
  return type(cmd) == 'table' and cmd[1] or 'mim-lsp'
end

---@return boolean whether the server's program is there; says so once if it is not
local function installed()
  local program = M.program()
  if vim.fn.executable(program) == 1 then
    return true
  end
  local text = "mim: '%s' not found: install mim-lsp or set `cmd`, see :help mim-install"
  vim.schedule(function() -- not inside the autocommand, which an error message would abort
    vim.notify_once(text:format(program), vim.log.levels.ERROR)
  end)
  return false
end

---@param client vim.lsp.Client
---@return boolean whether a buffer can use it
function M.is_ours(client)
  local stopped = has_configs and client:is_stopped() or not has_configs and client.is_stopped()
  return client.name == NAME and not stopped
end

--- Attach a buffer to the server, starting it if need be. Where `vim.lsp.enable` has done so already, nothing changes.
---@param buf integer
local function attach(buf)
  if vim.bo[buf].buftype ~= '' or not installed() then
    return
  end
  local start = vim.tbl_extend('force', lsp_config(), { name = NAME, root_dir = vim.fs.root(buf, M.ROOT_MARKERS) })
  vim.lsp.start(start, { bufnr = buf, reuse_client = M.is_ours })
end

---@return string[] filetypes where to suggest
local function filetypes()
  return has_configs and vim.lsp.config[NAME].filetypes or config.current.filetypes
end

local function attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.list_contains(filetypes(), vim.bo[buf].filetype) then
      attach(buf)
    end
  end
end

--- Start the server for the files that the options name, and for those that are open.
function M.enable()
  local options = config.current
  if has_configs then
    local settings = { mim = options.settings }
    vim.lsp.config(NAME, { cmd = options.cmd, filetypes = options.filetypes, settings = settings })
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('mim.filetype', { clear = true }),
    pattern = options.filetypes,
    callback = function(event)
      attach(event.buf)
    end,
  })
  attach_all()
end

---@return integer milliseconds to wait after the latest death
local function wait_ms()
  return math.min(FIRST_WAIT_MS * 2 ^ (deaths - 1), LONGEST_WAIT_MS)
end

local function revive()
  if vim.uv.now() - last_death > ROW_ENDS_AFTER_MS then
    deaths = 0
  end
  deaths, last_death = deaths + 1, vim.uv.now()
  if deaths > MOST_DEATHS then
    return vim.notify('mim: the server keeps ending, see :Mim log; :Mim restart tries again', vim.log.levels.ERROR)
  end
  vim.defer_fn(attach_all, wait_ms())
end

--- Called by Neovim when the server has ended: start it again, unless it was told to end.
---@param code integer
---@param signal integer
function M.on_exit(code, signal)
  local told_to = code == 0 and signal == 0 or signal == SIGTERM
  if vim.v.exiting == vim.NIL and (restarting or not told_to) then
    vim.schedule(restarting and M.start_anew or revive)
  end
end

--- Start without a memory of earlier deaths.
function M.start_anew()
  restarting, deaths = false, 0
  attach_all()
end

--- End the server and start it again.
function M.restart()
  local client = vim.lsp.get_clients({ name = NAME })[1]
  if not client then
    return M.start_anew()
  end
  restarting = true
  if has_configs then
    client:stop()
  else
    client.stop()
  end
end

return M
