-- Loaded at start-up: what must exist before the first file. No key is taken and no program started here.
if vim.g.loaded_mim then
  return
end
vim.g.loaded_mim = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('mim: Neovim 0.10 or newer is needed', vim.log.levels.ERROR)
  return
end

vim.api.nvim_set_hl(0, 'MimGhost', { link = 'Comment', default = true })

vim.api.nvim_create_user_command('Mim', function(call)
  require('mim.commands').run(call.fargs)
end, {
  nargs = '+',
  complete = function(typed, line)
    return require('mim.commands').complete(typed, line)
  end,
  desc = 'mim: toggle, status, explain, restart or log',
})

for _, name in ipairs({ 'accept', 'accept-word', 'accept-line', 'next', 'previous', 'dismiss', 'trigger' }) do
  vim.keymap.set('i', '<Plug>(mim-' .. name .. ')', function()
    require('mim')[name:gsub('-', '_')]()
  end, { desc = 'mim: ' .. name })
end

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('mim.attach', { clear = true }),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'mim' then
      require('mim.attach').attach(event.buf, client)
    end
  end,
})
