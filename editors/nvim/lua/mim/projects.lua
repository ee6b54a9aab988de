--- The projects whose files are open: the folders of the workspace of the one server.
local client = require('mim.client')

local M = {}

M.MARKERS = { 'pyproject.toml', 'setup.py', '.git' }

---@param buf integer
---@param tell fun(root: string?) called with the folder of its project, if it is in one, as the configuration says
local function find(buf, tell)
  local configured = vim.fn.has('nvim-0.11') == 1 and vim.lsp.config.mim or {}
  if type(configured.root_dir) == 'function' then
    configured.root_dir(buf, tell)
  else
    tell(configured.root_dir or vim.fs.root(buf, configured.root_markers or M.MARKERS))
  end
end

---@param folders lsp.WorkspaceFolder[]
---@param folder lsp.WorkspaceFolder
---@return boolean whether it is among them
local function has(folders, folder)
  return vim.iter(folders):any(function(known)
    return known.uri == folder.uri
  end)
end

--- Have the project of a buffer in its server's workspace.
---@param buf integer
---@param server vim.lsp.Client
function M.add(buf, server)
  find(buf, function(root)
    local folder = root and { uri = vim.uri_from_fname(root), name = root }
    local folders = vim.list_slice(server.workspace_folders or {})
    if not folder or has(folders, folder) then
      return
    end
    server.workspace_folders = vim.list_extend(folders, { folder })
    local event = { added = { folder }, removed = {} }
    client.call(server, 'notify', 'workspace/didChangeWorkspaceFolders', { event = event })
  end)
end

return M
