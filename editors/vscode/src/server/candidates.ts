/** Where a server may be, in the order in which it is looked for. Pure: what is known of the machine comes in. */

import * as path from "node:path";

/** A command that may start the server. */
export interface Candidate {
  readonly origin: Origin;
  readonly command: string;
  readonly args: readonly string[];
}

/** The places, in their order; README.md numbers them in the same way. */
export const ORIGINS = ["setting", "interpreter", "environment", "path", "managed"] as const;
export type Origin = (typeof ORIGINS)[number];

/** What each place is called in messages. */
export const ORIGIN_NAMES: Readonly<Record<Origin, string>> = {
  setting: "the setting mim.server.path",
  interpreter: "the selected Python interpreter",
  environment: "the active environment",
  path: "PATH",
  managed: "MIM's own environment",
};

/** What the search goes by. */
export interface Surroundings {
  /** The setting `mim.server.path`; empty if it is not set. */
  readonly setting: string;
  /** The interpreter that the Python extension has selected. */
  readonly interpreter: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of MIM's own environment; undefined if there is none. */
  readonly managed: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Folders of a workspace that is not trusted: no program in them is started. Empty if it is trusted. */
  readonly untrustedFolders: readonly string[];
}

/** All commands to try, the most wanted first. A setting that is set is the only one: it is not silently passed over. */
export function candidates(around: Surroundings): Candidate[] {
  const setting = around.setting.trim();
  if (setting !== "") {
    return trusted(around, [named(around, setting)]);
  }
  const found: Candidate[] = [];
  if (around.interpreter !== undefined) {
    found.push(asModule("interpreter", around.interpreter));
  }
  const active = around.env.VIRTUAL_ENV ?? around.env.CONDA_PREFIX;
  if (active !== undefined && active !== "") {
    found.push(asModule("environment", pythonOf(active, around.platform, around.env.VIRTUAL_ENV === undefined)));
  }
  found.push(...onPath(around));
  if (around.managed !== undefined) {
    found.push(asModule("managed", pythonOf(around.managed, around.platform)));
  }
  return trusted(around, found);
}

/** The Python program of an environment; a conda environment on Windows has it at its top. */
export function pythonOf(environment: string, platform: NodeJS.Platform, isConda = false): string {
  const folders = pathsOf(platform);
  if (platform === "win32") {
    return isConda ? folders.join(environment, "python.exe") : folders.join(environment, "Scripts", "python.exe");
  }
  return folders.join(environment, "bin", "python");
}

/** Whether `file` lies in one of `folders`. */
export function isInside(file: string, folders: readonly string[], platform: NodeJS.Platform): boolean {
  const paths = pathsOf(platform);
  return folders.some((folder) => {
    const relative = paths.relative(folder, file);
    const leadsOut = relative.split(paths.sep)[0] === ".." || paths.isAbsolute(relative);
    return !leadsOut;
  });
}

function named(around: Surroundings, setting: string): Candidate {
  const paths = pathsOf(around.platform);
  const command = setting.startsWith("~/") ? paths.join(around.home, setting.slice(2)) : setting;
  const isPython = /^(python|pypy)[\d.]*(\.exe)?$/i.test(paths.basename(command));
  return { origin: "setting", command, args: isPython ? ["-m", "mim_lsp"] : [] };
}

function asModule(origin: Origin, python: string): Candidate {
  return { origin, command: python, args: ["-m", "mim_lsp"] };
}

/** One candidate for each folder of PATH; relative ones would depend on the workspace and are left out. */
function onPath(around: Surroundings): Candidate[] {
  const paths = pathsOf(around.platform);
  const program = around.platform === "win32" ? "mim-lsp.exe" : "mim-lsp";
  const folders = (around.env.PATH ?? around.env.Path ?? "").split(paths.delimiter);
  return [...new Set(folders)]
    .filter((folder) => paths.isAbsolute(folder))
    .map((folder) => ({ origin: "path", command: paths.join(folder, program), args: [] }));
}

function trusted(around: Surroundings, all: readonly Candidate[]): Candidate[] {
  return all.filter((each) => !isInside(each.command, around.untrustedFolders, around.platform));
}

function pathsOf(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}
