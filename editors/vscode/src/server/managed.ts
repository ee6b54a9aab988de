/** MIM's own Python environments, for people who have no server yet: folders in the extension's storage. */

import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { pythonOf } from "./candidates";

/** Runs one step of the installation; rejects if it fails or is cancelled. */
export type Step = (title: string, command: string, args: readonly string[]) => Promise<void>;

/** Longer than any installation takes: what is unfinished after that was left behind by an editor that was closed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;
const PIP_OPTIONS = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"];

/**
 * The environments in `folder`, named by the times at which they were begun. Each installation makes a new one, which
 * counts only when it works: whatever goes wrong, and whenever it is cancelled, the one before stays as it was.
 */
export class ManagedEnvironment {
  constructor(
    private readonly folder: string,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** The folder of the environment to use; undefined if there is none. */
  current(): string | undefined {
    return this.all().find((each) => existsSync(markOf(each)) && existsSync(pythonOf(each, this.platform)));
  }

  /**
   * Install `requirement` with pip into a new environment, which is the one to use from then on.
   *
   * @param basePython the Python that the environment is made with.
   */
  async install(basePython: string, requirement: string, step: Step): Promise<void> {
    const environment = path.join(this.folder, String(Date.now()));
    const python = pythonOf(environment, this.platform);
    try {
      await mkdir(this.folder, { recursive: true });
      await step("creating an environment", basePython, ["-m", "venv", environment]);
      await step(`installing ${path.basename(requirement)}`, python, ["-m", "pip", "install", ...PIP_OPTIONS, requirement]);
      await step("trying it", python, ["-m", "mim_lsp", "--version"]);
      await writeFile(markOf(environment), `${requirement}\n`);
    } catch (error) {
      await rm(environment, { recursive: true, force: true });
      throw error;
    }
  }

  /** Take away what is not of use any more; no server may run in it. */
  async tidy(): Promise<void> {
    const current = this.current();
    const old = this.all().filter((each) => each !== current && (existsSync(markOf(each)) || isAbandoned(each)));
    await Promise.all(old.map((each) => rm(each, { recursive: true, force: true })));
  }

  /** All environments, whole or not, the newest first. */
  private all(): string[] {
    try {
      const names = readdirSync(this.folder).filter((name) => /^\d+$/.test(name));
      return names.sort((a, b) => Number(b) - Number(a)).map((name) => path.join(this.folder, name));
    } catch {
      return []; // nothing was ever installed
    }
  }
}

function markOf(environment: string): string {
  return path.join(environment, "mim-installed.txt");
}

function isAbandoned(environment: string): boolean {
  return Date.now() - Number(path.basename(environment)) > ABANDONED_MS;
}
