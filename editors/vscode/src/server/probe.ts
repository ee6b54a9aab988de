/** Tries whether a command is a server, without loading a model. */

import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import * as path from "node:path";

import type { Candidate } from "./candidates";
import { pythonEnvironment } from "./environment";

/** A cold Python on a slow disk takes its time. */
const PATIENCE_MS = 20_000;

/** A command that answered, with its version. */
export interface Found extends Candidate {
  readonly version: string;
}

/** Runs a command and gives what it printed; rejects if it cannot be run or fails. */
export type Run = (command: string, args: readonly string[]) => Promise<string>;

/** A command that was tried. */
export interface Attempt {
  readonly origin: Candidate["origin"];
  /** The command as one line. */
  readonly line: string;
  readonly outcome: string;
  /** Whether there was nothing to try. */
  readonly isAbsent: boolean;
}

/** What came of the search: the first server that answers, and all that was tried up to it. */
export interface Search {
  readonly found: Found | undefined;
  readonly attempts: readonly Attempt[];
}

/** Ask the candidates for their version, one after the other, until one answers. */
export async function firstAnswering(all: readonly Candidate[], run: Run = runProgram): Promise<Search> {
  const attempts: Attempt[] = [];
  for (const each of all) {
    const attempt = { origin: each.origin, line: [each.command, ...each.args].join(" ") };
    try {
      const version = versionIn(await run(each.command, [...each.args, "--version"]));
      attempts.push({ ...attempt, outcome: version ?? "not mim-lsp", isAbsent: false });
      if (version !== undefined) {
        return { found: { ...each, version }, attempts };
      }
    } catch (error) {
      const absent = isAbsent(error);
      attempts.push({ ...attempt, outcome: absent ? "not there" : lastLine(error), isAbsent: absent });
    }
  }
  return { found: undefined, attempts };
}

/** What to tell the user when nothing was found: what is wrong with the setting, if it is set. */
export function whyMissing(search: Search): string {
  const setting = search.attempts.find((each) => each.origin === "setting");
  return setting === undefined
    ? "mim-lsp is not installed"
    : `mim.server.path does not work: ${setting.line}: ${setting.outcome}`;
}

/** The version in what `mim-lsp --version` prints. */
export function versionIn(output: string): string | undefined {
  return /^mim-lsp (\S+)\s*$/m.exec(output)?.[1];
}

/** Run a program without a shell and give its standard output. */
export async function runProgram(command: string, args: readonly string[]): Promise<string> {
  if (path.isAbsolute(command)) {
    await access(command);
  }
  return await new Promise((resolve, reject) => {
    const options = { timeout: PATIENCE_MS, windowsHide: true, env: pythonEnvironment() };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else {
        reject(stderr.trim() === "" ? error : new Error(stderr.trim()));
      }
    });
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}
