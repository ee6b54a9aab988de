--- Files beside the one that the user works on, which stays in its window.
local M = {}

--- Go to the window that shows a file, or open it in a tab.
---@param path string
function M.open(path)
  local buf = vim.fn.bufadd(path)
  local window = vim.fn.win_findbuf(buf)[1]
  if window then
    vim.api.nvim_set_current_win(window)
    vim.cmd.checktime(buf) -- it may have grown
  else
    vim.cmd.tabedit(vim.fn.fnameescape(path))
  end
end

--- The handler of `window/showDocument`: Neovim's own would put the document into the current window.
function M.on_show(err, params, context)
  if not params.external and params.takeFocus then
    M.open(vim.uri_to_fname(params.uri))
  end
  return vim.lsp.handlers['window/showDocument'](err, params, context)
end

return M
