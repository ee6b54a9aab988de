/** Runs the programs of an installation, and ends them when the user cancels. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type * as vscode from "vscode";

import { pythonEnvironment } from "./environment";

const IS_WINDOWS = process.platform === "win32";

/**
 * Run a program to its end; rejects with the last line that it printed if it fails or is cancelled.
 *
 * @param heard called with each line that it prints, blank ones left out.
 */
export async function runStep(
  command: string,
  args: readonly string[],
  heard: (line: string) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  // In a group of its own, so that what it starts ends with it: pip runs compilers.
  const options = { windowsHide: true, detached: !IS_WINDOWS, env: pythonEnvironment() };
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let last = "";
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      if (line.trim() !== "") {
        last = line.trim();
        heard(last);
      }
    });
  }
  const cancelling = token.onCancellationRequested(() => { endAll(child); });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => { if (code === 0) { resolve(); } else { reject(new Error(last)); } });
      if (token.isCancellationRequested) {
        endAll(child);
      }
    });
  } finally {
    cancelling.dispose();
  }
}

/** End a program and all that it has started. */
function endAll(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) {
    return;
  }
  if (IS_WINDOWS) {
    spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { windowsHide: true, stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has just ended by itself.
  }
}
