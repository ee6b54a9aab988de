/** What the tests run, as scripts/test-editors names it in the environment. */

import path from "node:path";

/** The repository's root. */
export const ROOT = path.resolve(import.meta.dirname, "../../../..");

/** The start script of code-server. */
export const CODE_SERVER = named("MIM_CODE_SERVER");

/** The browser. */
export const CHROMIUM = named("MIM_CHROMIUM");

/** The packed extension under test. */
export const VSIX = named("MIM_VSIX");

/** The Python in which mim_lsp is installed. */
export const PYTHON = named("MIM_PYTHON");

/** The folder with a wheel of mim-lsp, and another one in it with all that it needs. */
export const WHEELS = named("MIM_WHEELS");

/** Where pictures of the editor go. */
export const PICTURES = named("MIM_PICTURES");

function named(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") {
    throw new Error(`${variable} is not set: run scripts/test-editors`);
  }
  return path.resolve(value);
}
