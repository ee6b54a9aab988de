/** What the installation needs to know of the machine: a Python to begin with, and whether there is a GPU. */

import * as path from "node:path";

import type { Run } from "./probe";

/** The oldest Python that the server runs on. */
export const OLDEST: readonly [number, number] = [3, 11];

/** The first of `commands` that is a Python which is new enough; undefined if none is. */
export async function usablePython(commands: readonly string[], run: Run): Promise<string | undefined> {
  for (const command of commands) {
    try {
      if (isRecent(await run(command, ["--version"]))) {
        return command;
      }
    } catch {
      // Not there, or it cannot be run: the next one may be.
    }
  }
  return undefined;
}

/** Whether the output of `python --version` tells of one that is new enough. */
export function isRecent(output: string): boolean {
  const found = /^Python (\d+)\.(\d+)/.exec(output);
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Whether a Python can make environments; Debian's lacks that until another package is installed. */
export async function canMakeEnvironments(python: string, run: Run): Promise<boolean> {
  try {
    await run(python, ["-c", "import ensurepip, venv"]);
    return true;
  } catch {
    return false;
  }
}

/** Whether NVIDIA's tool lists a GPU. */
export async function hasGpu(run: Run): Promise<boolean> {
  try {
    return (await run("nvidia-smi", ["-L"])).includes("GPU ");
  } catch {
    return false;
  }
}

/** What pip is asked for: a name, or a path, in which `~` is the home folder. On a GPU the server needs PyTorch. */
export function requirement(name: string, withGpu: boolean, home: string): string {
  const place = name.startsWith("~/") ? path.join(home, name.slice(2)) : name;
  return withGpu ? `${place}[torch]` : place;
}
