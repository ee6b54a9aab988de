// Makes mim-lsp.vsix. The same sources give the same bytes: times come from SOURCE_DATE_EPOCH, and vsce sorts the files.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const vsce = fileURLToPath(new URL("../node_modules/@vscode/vsce/vsce", import.meta.url));
const options = ["--no-dependencies", "--skip-license", "--no-rewrite-relative-links", "--out", "mim-lsp.vsix"];
const made = spawnSync(process.execPath, [vsce, "package", ...options], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? "1767225600" },
});
process.exitCode = made.status ?? 1;
