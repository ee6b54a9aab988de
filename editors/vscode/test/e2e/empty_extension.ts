/** An extension that does nothing, to compare with: what it takes is VS Code's own work, and that of extensions beside it. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Home } from "./home.ts";
import { ROOT } from "./programs.ts";

const VSCE = path.join(ROOT, "editors/vscode/node_modules/@vscode/vsce/vsce");
const MANIFEST = {
  name: "empty",
  version: "1.0.0",
  license: "MIT",
  engines: { vscode: "^1.91.0" },
  main: "./extension.js",
  activationEvents: ["onStartupFinished"],
  extensionKind: ["workspace"],
};

/** Pack one, which is started when ours is. Extensions are loaded in the order of their publishers. */
export function emptyExtension(home: Home, publisher: string): string {
  const folder = path.join(home.folder, `empty-${publisher}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...MANIFEST, publisher }));
  writeFileSync(path.join(folder, "extension.js"), "exports.activate = () => {};\n");
  writeFileSync(path.join(folder, "README.md"), "Nothing.\n");
  const options = ["--no-dependencies", "--skip-license", "--allow-missing-repository", "--out", "empty.vsix"];
  execFileSync(process.execPath, [VSCE, "package", ...options], { cwd: folder, stdio: "pipe" });
  return path.join(folder, "empty.vsix");
}
