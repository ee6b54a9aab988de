/** Tries whether a command is a server, without loading a model. */

import { type ExecFileException, execFile } from "node:child_process";
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
  const { stdout, stderr, error } = await ended(command, args, {});
  if (error !== null) {
    throw stderr.trim() === "" ? error : new Error(stderr.trim());
  }
  return stdout;
}

/** All that a program printed, also if it fails: then with its standard error, and how it ended if that is not plain. */
export async function allPrinted(command: string, args: readonly string[], running: Running): Promise<string> {
  const { stdout, stderr, error } = await ended(command, args, running);
  if (error === null) {
    return stdout;
  }
  const printed = [stdout.trimEnd(), stderr.trim(), unusualEnd(error, running)].filter((each) => each !== "");
  return `${(printed.length > 0 ? printed : [error.message]).join("\n\n")}\n`;
}

/** Where a program is run, if not in this process's folder, and for how long at most. */
export interface Running {
  readonly cwd?: string | undefined;
  readonly patienceMs?: number;
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Null if it was started and succeeded. */
  readonly error: ExecFileException | null;
}

async function ended(command: string, args: readonly string[], { cwd, patienceMs }: Running): Promise<Ended> {
  return await new Promise((resolve) => {
    const options = { cwd, timeout: patienceMs ?? PATIENCE_MS, windowsHide: true, env: pythonEnvironment() };
    execFile(command, [...args], options, (error, stdout, stderr) => { resolve({ stdout, stderr, error }); });
  });
}

/** How a program came to its end other than by itself; empty if it did. */
function unusualEnd({ killed, signal }: ExecFileException, { patienceMs }: Running): string {
  if (killed === true) {
    return `It was stopped after ${(patienceMs ?? PATIENCE_MS) / 1000} s.`;
  }
  return signal ? `It was ended by ${signal}.` : "";
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}
