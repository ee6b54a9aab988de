--- The life of the server: one for all buffers, and so one model in memory, started again when it dies.
local attach = require('mim.attach')
local client = require('mim.client')
local config = require('mim.config')
local documents = require('mim.documents')
local projects = require('mim.projects')

local M = {}

local NAME = 'mim'
--- Neovim 0.11 has servers that it starts itself: `vim.lsp.enable`.
local has_configs = vim.fn.has('nvim-0.11') == 1

--- Back-off: the wait before a new start doubles with each death in a row, up to the longest one.
local FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_DEATHS = 500, 30000, 8
--- A death this long after the one before begins a new row.
local ROW_ENDS_AFTER_MS = 60000
local SIGTERM = 15
--- How long a server that was told to end may take.
local PATIENCE_MS = 2000

local deaths = 0
local last_death = 0
local restarting = false
local given = {} ---@type table the settings of the latest setup()

---@return vim.lsp.ClientConfig config of the server as it is set up now; its own table
local function lsp_config()
  if has_configs then
    return vim.deepcopy(vim.lsp.config[NAME])
  end
  local options = config.current
  return {
    cmd = options.cmd,
    settings = { mim = options.settings },
    handlers = { ['window/showDocument'] = documents.on_show },
    on_exit = M.on_exit,
  }
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

---@param found vim.lsp.Client
---@return boolean whether a buffer can use it
function M.is_ours(found)
  return found.name == NAME and not client.call(found, 'is_stopped')
end

---@return vim.lsp.Client[] clients of ours, those too whose server has not answered yet
local function clients()
  return vim.lsp.get_clients({ name = NAME, _uninitialized = true })
end

--- Attach a buffer to the server, starting it if need be. Where `vim.lsp.enable` has done so already, nothing changes.
---@param buf integer
local function attach_to(buf)
  if vim.bo[buf].buftype ~= '' or not installed() then
    return
  end
  local start = vim.tbl_extend('force', lsp_config(), { name = NAME, root_dir = vim.fs.root(buf, projects.MARKERS) })
  vim.lsp.start(start, { bufnr = buf, reuse_client = M.is_ours })
end

---@return string[] filetypes where to suggest
local function filetypes()
  return has_configs and vim.lsp.config[NAME].filetypes or config.current.filetypes
end

local function attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.list_contains(filetypes(), vim.bo[buf].filetype) then
      attach_to(buf)
    end
  end
end

--- Take what an earlier setup() said of settings out of Neovim's configuration, which only adds.
local function forget_settings()
  local known = vim.deepcopy(vim.lsp.config[NAME])
  for key in pairs(given) do
    known.settings.mim[key] = nil
  end
  vim.lsp.config[NAME] = known
end

--- Take the options over into Neovim's configuration of the server.
local function configure()
  if next(given) then
    forget_settings()
  end
  local options = config.current
  given = options.settings
  vim.lsp.config(NAME, { cmd = options.cmd, filetypes = options.filetypes, settings = { mim = given } })
end

--- Have a server that runs, and its buffers, follow the options.
---@param running vim.lsp.Client
local function update(running)
  running.settings = lsp_config().settings
  if not running.initialized then
    return -- it is told, and its buffers get their keys, as soon as it is
  end
  client.call(running, 'notify', 'workspace/didChangeConfiguration', { settings = running.settings })
  for buf in pairs(running.attached_buffers) do
    attach.map(buf)
  end
end

--- Start the server for the files that the options name, and for those that are open; one that runs is told.
function M.enable()
  local options = config.current
  if has_configs then
    configure()
  end
  for _, running in ipairs(clients()) do
    update(running)
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('mim.filetype', { clear = true }),
    pattern = options.filetypes,
    callback = function(event)
      attach_to(event.buf)
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

--- End a server, even one that does not answer.
---@param running vim.lsp.Client
local function stop(running)
  client.call(running, 'stop')
  vim.defer_fn(function()
    if not running.rpc.is_closing() then
      running.rpc.terminate() -- stop(true) does nothing in Neovim 0.11 after stop()
    end
  end, PATIENCE_MS)
end

--- End the server and start it again.
function M.restart()
  local running = clients()[1]
  if not running then
    return M.start_anew()
  end
  restarting = true
  stop(running)
end

return M
