--- `:Mim explain`: how what is offered at the cursor comes about, in a floating window.
local client = require('mim.client')

local M = {}

---@param probability any
---@return string percent of it
local function percent(probability)
  return type(probability) == 'number' and ('%3.0f %%'):format(100 * probability) or '    -'
end

---@param explanation table
---@return string[] lines with each token, what both directions think of it, and where they met
local function tokens(explanation)
  local lines, offset = { '', 'forward  backward  token' }, 0
  for _, token in ipairs(explanation.tokens) do
    if offset == explanation.meeting_point then
      table.insert(lines, '------ the two directions met here ------')
    end
    offset = offset + vim.fn.strchars(token.text)
    table.insert(lines, ('%7s  %8s  %s'):format(percent(token.forward), percent(token.backward), vim.inspect(token.text)))
  end
  return lines
end

--- The lines that explain a server's answer.
---@param answer table of `mim/explain`
---@return string[]
function M.lines(answer)
  local explanation = type(answer.explanation) == 'table' and answer.explanation or nil
  local reason = type(answer.reasonText) == 'string' and answer.reasonText or nil
  local lines = vim.split(explanation and explanation.sentence or reason or 'Nothing more is known.', '\n')
  for number, candidate in ipairs(answer.candidates) do
    table.insert(lines, ('%d. confidence %s'):format(number, vim.trim(percent(candidate.confidence))))
    vim.list_extend(lines, vim.tbl_map(function(line)
      return '   ' .. line
    end, vim.split(candidate.text, '\n')))
  end
  return explanation and #explanation.tokens > 0 and vim.list_extend(lines, tokens(explanation)) or lines
end

--- Ask, and show the answer until the cursor moves.
function M.open()
  client.explain(function(answer)
    if not answer then
      return vim.notify('mim: the server is not running or could not say', vim.log.levels.WARN)
    end
    vim.lsp.util.open_floating_preview(M.lines(answer), 'text', { border = 'single', focus_id = 'mim-explain' })
  end)
end

return M
