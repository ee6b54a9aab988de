import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type * as vscode from "vscode";

import { runStep } from "../../src/server/steps";

/** A token that can be cancelled. */
function source(): { token: vscode.CancellationToken; cancel: () => void } {
  const listeners: ((event: unknown) => unknown)[] = [];
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: (event: unknown) => unknown) => {
      listeners.push(listener);
      return { dispose: () => undefined };
    },
  };
  const cancel = (): void => {
    token.isCancellationRequested = true;
    listeners.forEach((listener) => { listener(undefined); });
  };
  return { token, cancel };
}

function run(script: string, heard: (line: string) => void = () => undefined, { token } = source()): Promise<void> {
  return runStep(process.execPath, ["-e", script], heard, token);
}

test("the lines of a program are heard, whole", async () => {
  const lines: string[] = [];
  await run('process.stdout.write("on"); setTimeout(() => console.log("e\\n\\n  two"), 50)', (line) => lines.push(line));
  expect(lines).toEqual(["one", "two"]);
});

test("a program that fails tells why with its last line", async () => {
  await expect(run('console.error("begun\\nno network\\n"); process.exit(1)')).rejects.toThrow("no network");
});

test("a program that is not there is an error", async () => {
  await expect(runStep("/no/such/program", [], () => undefined, source().token)).rejects.toThrow("ENOENT");
});

test("to cancel ends the program and what it has started", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "mim-"));
  const note = path.join(folder, "pid");
  const inner = `require("fs").writeFileSync(${JSON.stringify(note)}, String(process.pid)); console.log("up"); setInterval(() => 0, 1000)`;
  const outer = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(inner)}], { stdio: "inherit" })`;
  const cancelling = source();
  await expect(run(outer, () => { cancelling.cancel(); }, cancelling)).rejects.toThrow();
  const pid = Number(readFileSync(note, "utf8"));
  await expect.poll(() => isRunning(pid)).toBe(false);
  rmSync(folder, { recursive: true });
});

test("what was cancelled before is not run to its end", async () => {
  const cancelling = source();
  cancelling.cancel();
  await expect(run("setInterval(() => 0, 1000)", () => undefined, cancelling)).rejects.toThrow();
});

function isRunning(pid: number): boolean {
  try {
    // A process that nobody has waited for yet is there, but has ended.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
