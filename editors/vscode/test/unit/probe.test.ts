import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Candidate } from "../../src/server/candidates";
import { allPrinted, firstAnswering, runProgram, versionIn, whyMissing } from "../../src/server/probe";
import { searchReport } from "../../src/server/searched";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mim-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): Candidate {
  const command = path.join(folder, name);
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return { origin: "path", command, args: [] };
}

test("the first that answers is taken, and what came before is kept", async () => {
  const absent: Candidate = { origin: "interpreter", command: path.join(folder, "absent"), args: ["-m", "mim_lsp"] };
  const broken = program("broken", "echo 'No module named mim_lsp' >&2; exit 1");
  const other = program("other", "echo something else");
  const good = program("good", "echo mim-lsp 1.2.3");
  const search = await firstAnswering([absent, broken, other, good, program("late", "echo mim-lsp 9")]);
  expect(search.found).toEqual({ ...good, version: "1.2.3" });
  expect(search.attempts.map((each) => each.outcome)).toEqual([
    "not there",
    "No module named mim_lsp",
    "not mim-lsp",
    "1.2.3",
  ]);
  expect(search.attempts.map((each) => each.isAbsent)).toEqual([true, false, false, false]);
});

test("the arguments of the candidate come before the question", async () => {
  const echo = program("echo", 'echo "mim-lsp $*"');
  expect(versionIn("mim-lsp 1 2")).toBeUndefined();
  expect(await runProgram(echo.command, ["-m", "x y"])).toBe("mim-lsp -m x y\n");
});

test("a setting that does not work is named in the message", async () => {
  const setting: Candidate = { origin: "setting", command: path.join(folder, "absent"), args: [] };
  expect(whyMissing(await firstAnswering([setting]))).toBe(`mim.server.path does not work: ${setting.command}: not there`);
  expect(whyMissing(await firstAnswering([]))).toBe("mim-lsp is not installed");
});

test("the report has all places in their order", async () => {
  const text = searchReport(await firstAnswering([program("mim-lsp", "exit 3")]));
  expect(text.match(/^\d\. .*/gm)).toEqual([
    "1. the setting mim.server.path",
    "2. the selected Python interpreter",
    "3. the active environment",
    "4. PATH",
    "5. MIM's own environment",
  ]);
  expect(text).toContain("4. PATH\n   " + path.join(folder, "mim-lsp"));
  expect(text).toContain("No server was found.");
});

test("programs do not import from the folder in which they are started", async () => {
  expect(await runProgram(process.execPath, ["-p", "process.env.PYTHONSAFEPATH"])).toBe("1\n");
});

test("a program that takes too long is ended, and what it had printed is kept", async () => {
  const slow = program("slow", "echo begun; exec sleep 60");
  expect(await allPrinted(slow.command, [], { patienceMs: 1_500 })).toBe("begun\n\nIt was stopped after 1.5 s.\n");
});
