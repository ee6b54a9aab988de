/** What the installation needs to know of the machine: a Python to begin with, and whether there is a GPU. */

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

/** Whether NVIDIA's tool lists a GPU. */
export async function hasGpu(run: Run): Promise<boolean> {
  try {
    return (await run("nvidia-smi", ["-L"])).includes("GPU ");
  } catch {
    return false;
  }
}

/** What pip is asked for; on a GPU the server needs PyTorch. */
export function requirement(name: string, withGpu: boolean): string {
  return withGpu ? `${name}[torch]` : name;
}
