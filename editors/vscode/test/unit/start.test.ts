import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const SOURCES = path.resolve(__dirname, "../../src");

/** The sources that match `pattern`, by their paths. */
function matching(pattern: RegExp): string[] {
  const names = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.filter((name) => pattern.test(readFileSync(path.join(SOURCES, name), "utf8")));
}

test("the language client is loaded with one file, and that file only when a server is started", () => {
  expect(matching(/^(import (?!type )|\} )[^;]*"vscode-languageclient/m)).toEqual([path.join("client", "create.ts")]);
  expect(matching(/^(import (?!type )|\} )[^;]*"\.[./\w]*\/create"/m)).toEqual([]);
  expect(matching(/await import\("\.\/create"\)/)).toEqual([path.join("client", "session.ts")]);
});
