--- Between bytes, which Neovim counts, and the code units of a server's position encoding.
local M = {}

--- Neovim 0.11 gave these functions an argument for the encoding.
local by_encoding = vim.fn.has('nvim-0.11') == 1

--- How long a text is.
---@param text string
---@param encoding string 'utf-8', 'utf-16' or 'utf-32'
---@return integer units
function M.length(text, encoding)
  if by_encoding then
    return vim.str_utfindex(text, encoding)
  end
  local utf32, utf16 = vim.str_utfindex(text)
  return encoding == 'utf-8' and #text or encoding == 'utf-16' and utf16 or utf32
end

--- Where in a line a column is; past its end means its end.
---@param line string
---@param column integer in units
---@param encoding string
---@return integer bytes
function M.byte(line, column, encoding)
  if by_encoding then
    return vim.str_byteindex(line, encoding, column, false)
  end
  column = math.min(column, M.length(line, encoding))
  return encoding == 'utf-8' and column or vim.str_byteindex(line, column, encoding == 'utf-16')
end

return M
