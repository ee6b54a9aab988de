import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Phase } from "../../src/client/phase";
import type { Parts } from "../../src/commands/parts";
import { doctor } from "../../src/commands/doctor";
import { reset, settings, workspace } from "./fake_vscode";

vi.mock("vscode", () => import("./fake_vscode"));

let folder: string;

beforeEach(() => {
  reset();
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "mim-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What a command shows when the server that was found is a program with this script. */
async function shown(script: string): Promise<string> {
  const program = path.join(folder, "mim-lsp");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return await shownFor({ found: { origin: "path", command: program, args: ["-m", "it"], version: "1" }, attempts: [] });
}

async function shownFor(search: unknown, phase: Phase = { kind: "stopped" }): Promise<string> {
  const texts: string[] = [];
  const parts = { session: { search, phase }, reports: { show: (_: string, text: string) => { texts.push(text); } } };
  await doctor(parts as unknown as Parts);
  return texts.join();
}

test("what is wrong is shown: the doctor prints it, and exits with 2", async () => {
  const text = await shown("echo 'ok    parser       fine'; echo 'FAIL  model        no model'; exit 2");
  expect(text).toMatch(/Found: mim-lsp 1\.\n\nok {4}parser {7}fine\nFAIL {2}model {8}no model\n$/);
});

test("what is complained of is shown beside it, or alone", async () => {
  const report = (text: string): string | undefined => text.split("Found: mim-lsp 1.\n\n")[1];
  expect(report(await shown("echo 'ok    parser'; echo 'Traceback: no' >&2; exit 1"))).toBe("ok    parser\n\nTraceback: no\n");
  expect(report(await shown("echo 'mim-lsp: error: no' >&2; exit 2"))).toBe("mim-lsp: error: no\n");
  expect(report(await shown("echo 'ok    parser'; echo 'a warning' >&2"))).toBe("ok    parser\n");
  expect(report(await shown("exit 3"))).toContain("Command failed");
});

test("the doctor looks at what the server would run, from the folder that is open", async () => {
  workspace.workspaceFolders = [{ uri: { scheme: "file", fsPath: folder } }];
  Object.assign(settings, { "server.args": ["--stdio", "--runtime", "torch"], model: "my model", device: "cpu", threads: 2 });
  const text = await shown('pwd; for each; do echo "[$each]"; done');
  const args = ["-m", "it", "--runtime", "torch", "doctor", "--model=my model", "--device=cpu", "--threads=2"];
  expect(text.endsWith(`\n${[folder, ...args.map((each) => `[${each}]`)].join("\n")}\n`)).toBe(true);
});

test("settings that are not set are not passed on", async () => {
  Object.assign(settings, { model: null, device: null, threads: null });
  expect(await shown('echo "$*"')).toMatch(/\n-m it doctor\n$/);
});

test("a folder that is not on a disk, or in which a program could lie in wait, is not gone into", async () => {
  workspace.workspaceFolders = [{ uri: { scheme: "vscode-vfs", fsPath: folder } }];
  expect(await shown("pwd")).toContain(`\n${process.cwd()}\n`);
  workspace.workspaceFolders = [{ uri: { scheme: "file", fsPath: folder } }];
  workspace.isTrusted = false;
  const inWait = { found: { origin: "setting", command: "./mim-lsp", args: [], version: "1" }, attempts: [] };
  expect(await shownFor(inWait)).toContain("ENOENT");
});

test("why there is no server comes first, and without a search there is something to read, too", async () => {
  const failed: Phase = { kind: "failed", detail: "the server could not be started: no disk" };
  expect(await shownFor(undefined, failed)).toBe("MIM: the server could not be started: no disk.\n");
  expect(await shownFor({ found: undefined, attempts: [] }, failed)).toMatch(/no disk\.\n\nWhere the server was looked for:\n/);
  expect(await shownFor(undefined, { kind: "starting" })).toBe("The server is still being looked for.\n");
});
