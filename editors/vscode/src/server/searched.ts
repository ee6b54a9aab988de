/** Writes down how the server was looked for. Pure. */

import { ORIGINS, ORIGIN_NAMES } from "./candidates";
import type { Search } from "./probe";

/** One block for each place, in their order. */
export function searchReport(search: Search): string {
  const blocks = ORIGINS.map((origin, index) => {
    const attempts = search.attempts.filter((each) => each.origin === origin);
    const lines = attempts.map(({ line, outcome }) => `   ${line}: ${outcome}`);
    const nothing = search.found === undefined ? "   nothing to try" : "   not looked at, or nothing to try";
    return [`${index + 1}. ${ORIGIN_NAMES[origin]}`, ...(lines.length > 0 ? lines : [nothing])].join("\n");
  });
  const result = search.found === undefined ? "No server was found." : `Found: mim-lsp ${search.found.version}.`;
  return `${["Where the server was looked for:", ...blocks, result].join("\n\n")}\n`;
}
