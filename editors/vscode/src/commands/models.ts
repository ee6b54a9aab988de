/** Reads what `mim-lsp models` prints. Pure. */

/** The names of the models: the lines that are not indented begin with them, two blanks follow. */
export function modelNames(output: string): string[] {
  return Array.from(output.matchAll(/^(\S+) {2,}\S/gm), (found) => found[1] ?? "");
}
