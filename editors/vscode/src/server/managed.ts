/** MIM's own Python environment, for people who have no server yet: a folder in the extension's storage. */

import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { pythonOf } from "./candidates";

/** Runs one step of the installation; rejects if it fails or is cancelled. */
export type Step = (title: string, command: string, args: readonly string[]) => Promise<void>;

/** The environment in `folder`. It counts only when an installation has come to its end. */
export class ManagedEnvironment {
  constructor(
    readonly folder: string,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** Whether a server was installed into it. */
  finished(): boolean {
    return existsSync(this.mark()) && existsSync(this.python());
  }

  /**
   * Install `requirement` with pip. What is there already is only brought up to date; a new environment that could not
   * be finished is taken away again.
   *
   * @param basePython the Python that a new environment is made with.
   */
  async install(basePython: string, requirement: string, step: Step): Promise<void> {
    if (this.finished()) {
      await this.pip(requirement, step);
      return;
    }
    try {
      await mkdir(path.dirname(this.folder), { recursive: true });
      await step("creating an environment", basePython, ["-m", "venv", "--clear", this.folder]);
      await this.pip(requirement, step);
      await writeFile(this.mark(), `${requirement}\n`);
    } catch (error) {
      await rm(this.folder, { recursive: true, force: true });
      throw error;
    }
  }

  private async pip(requirement: string, step: Step): Promise<void> {
    const options = ["--upgrade", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
    await step(`installing ${requirement}`, this.python(), ["-m", "pip", "install", ...options, requirement]);
  }

  private python(): string {
    return pythonOf(this.folder, this.platform);
  }

  private mark(): string {
    return path.join(this.folder, "mim-installed.txt");
  }
}
