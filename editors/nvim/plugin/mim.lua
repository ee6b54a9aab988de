-- Loaded at start-up: only what must exist before `require('mim').setup()`.
if vim.g.loaded_mim then
  return
end
vim.g.loaded_mim = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('mim: Neovim 0.10 or newer is needed', vim.log.levels.ERROR)
  return
end

vim.api.nvim_set_hl(0, 'MimGhost', { link = 'Comment', default = true })

vim.api.nvim_create_user_command('MimStatus', function()
  require('mim').status()
end, { desc = 'Show what the completion server is doing' })
