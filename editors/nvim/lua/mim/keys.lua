--- Insert-mode keys that act on a suggestion, and do what they did before when there is none.
local M = {}

local OURS = 'mim: ' -- how the descriptions of our mappings begin

--- What our keys hide: by buffer and key, as maparg() describes it; empty if there was no mapping.
local hidden = {} ---@type table<integer, table<string, table>>

---@param keys string
---@param mode string flags of feedkeys
---@param raw? boolean whether bytes that Neovim uses for special keys may be parts of characters
local function feed(keys, mode, raw)
  vim.api.nvim_feedkeys(keys, mode .. 'i', raw or false)
end

---@param buf integer
---@param key string
---@return table mapping of the key there, of the buffer or else global, as maparg() describes it; empty if none
local function mapping_in(buf, key)
  return vim.api.nvim_buf_call(buf, function()
    return vim.fn.maparg(key, 'i', false, true)
  end)
end

---@param key string
---@return table mapping the global one as it is now; empty if there is none
local function global_mapping(key)
  local keys = vim.keycode(key)
  for _, mapping in ipairs(vim.api.nvim_get_keymap('i')) do
    if vim.keycode(mapping.lhs) == keys then
      return mapping
    end
  end
  return {}
end

---@param rhs string
---@return string expression with keys such as <Tab> in it replaced, as Neovim does when such a mapping is made
local function expression(rhs)
  local escaped = '\128\254X' -- how a byte of a character is told from the beginning of a special key
  return (vim.keycode(rhs):gsub(escaped, '\128'))
end

---@param mapping table an expression mapping, as maparg() describes it
---@return string keys what it evaluates to
---@return boolean raw
local function evaluate(mapping)
  local keys
  if mapping.callback then
    keys = mapping.callback() or ''
  else
    keys = vim.api.nvim_eval(expression(mapping.rhs))
  end
  if mapping.replace_keycodes == 1 then
    return vim.keycode(keys), false
  end
  return keys, true
end

--- Type what a mapping stands for. If that begins with the mapped key, the plain key is meant, see recursive_mapping.
---@param own string the mapped key
---@param mapping table
---@param keys string
---@param raw boolean
local function type_keys(own, mapping, keys, raw)
  if mapping.noremap == 1 then
    return feed(keys, 'n', raw)
  end
  local is_own = vim.startswith(keys, own)
  feed(is_own and keys:sub(#own + 1) or keys, 'm', raw)
  if is_own then
    feed(own, 'n') -- in front of the rest
  end
end

--- Do what `key` does without us.
---@param key string
---@param before table the mapping that ours hides
local function fall_through(key, before)
  local own = vim.keycode(key)
  if vim.tbl_isempty(before) then
    feed(own, 'n')
  elseif before.expr == 1 then
    type_keys(own, before, evaluate(before))
  elseif before.callback then
    before.callback()
  else
    type_keys(own, before, vim.keycode(before.rhs), false)
  end
end

--- Map `key` in a buffer.
---@param buf integer
---@param key string|false false maps nothing
---@param action fun(): boolean returns whether it had something to do
---@param name string of the action
function M.map(buf, key, action, name)
  if not key then
    return
  end
  local before = mapping_in(buf, key)
  hidden[buf] = hidden[buf] or {}
  hidden[buf][key] = before
  vim.keymap.set('i', key, function()
    if not action() then
      -- A global mapping may be made, or made anew, after ours: plugins that are loaded late do so.
      fall_through(key, before.buffer == 1 and before or global_mapping(key))
    end
  end, { buffer = buf, desc = OURS .. name })
end

--- Take all our keys from a buffer; its own mappings that they hid are there again.
---@param buf integer
function M.unmap(buf)
  for key, before in pairs(hidden[buf] or {}) do
    local mapping = mapping_in(buf, key)
    if mapping.buffer == 1 and vim.startswith(mapping.desc or '', OURS) then
      vim.keymap.del('i', key, { buffer = buf })
      if before.buffer == 1 then
        vim.api.nvim_buf_call(buf, function()
          vim.fn.mapset('i', false, before)
        end)
      end
    end
  end
  hidden[buf] = nil
end

return M
