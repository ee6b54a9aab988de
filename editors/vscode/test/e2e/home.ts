/** A folder of its own for one run of the editor: settings, extensions, HOME, and the workspace that is opened. */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { VSIX } from "./programs.ts";

/** Settings by their full names, as in settings.json. */
export type Settings = Record<string, unknown>;

/** Quiet and the same everywhere: nothing that pops up by itself, nothing that asks the network. */
const QUIET: Settings = {
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "workbench.editor.useModal": "off",
  "workbench.enableExperiments": false,
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

export class Home {
  /** Short: the path of a Unix socket in it may have no more than a hundred characters or so. */
  readonly folder = mkdtempSync(path.join(tmpdir(), "mim-"));
  readonly workspace = this.#made("work");
  readonly user = this.#made("user");
  readonly extensions = this.#made("extensions");
  readonly browser = this.#made("browser");
  /** The packed extensions to install. */
  readonly packages = [VSIX];
  /** First on the PATH. */
  readonly programs = this.#made("bin");
  /** More of the environment in which everything runs; takes effect when the editor starts. */
  readonly variables: Record<string, string> = {};

  /** The environment in which everything runs: no file outside the folder is written. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${this.programs}:${process.env.PATH ?? ""}`,
      LANG: "C.UTF-8",
      // This environment, and not the one that a login shell would have.
      VSCODE_CLI: "1",
      HOME: this.folder,
      XDG_CACHE_HOME: path.join(this.folder, "cache"),
      XDG_CONFIG_HOME: path.join(this.folder, "config"),
      XDG_DATA_HOME: path.join(this.folder, "data"),
      XDG_RUNTIME_DIR: this.folder,
      XDG_STATE_HOME: path.join(this.folder, "state"),
      ...this.variables,
    };
  }

  /** The text of settings.json, which is cut short while the editor writes it. */
  get settingsText(): string {
    return readFileSync(this.#settings, "utf8");
  }

  /** The user's settings as the file has them. */
  get settings(): Settings {
    return JSON.parse(this.settingsText) as Settings;
  }

  /** Takes effect when the editor starts. */
  set settings(settings: Settings) {
    mkdirSync(path.dirname(this.#settings), { recursive: true });
    writeFileSync(this.#settings, JSON.stringify({ ...QUIET, ...settings }));
  }

  /** Write a file of the workspace. */
  write(name: string, text: string): void {
    const file = path.join(this.workspace, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(name: string): string {
    return readFileSync(path.join(this.workspace, name), "utf8");
  }

  /** A program that is the first of its name on the PATH; `script` is for the shell. */
  program(name: string, script: string): void {
    const program = path.join(this.programs, name);
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
  }

  /** A program that starts `command` and notes its process id each time, see `processes`. It knows its version too. */
  launcher(command: readonly string[]): string {
    const program = path.join(this.folder, "server");
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const version = `if [ "$1" = --version ]; then echo 'mim-lsp 0.0.0'; exit; fi`;
    writeFileSync(program, `#!/bin/sh\n${version}\necho $$ >>'${this.#processes}'\nexec ${quoted} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  }

  /** The process ids of all servers that the launcher has started so far. */
  get processes(): number[] {
    return existsSync(this.#processes) ? readFileSync(this.#processes, "utf8").trim().split("\n").map(Number) : [];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  get #settings(): string {
    return path.join(this.user, "User", "settings.json");
  }

  get #processes(): string {
    return path.join(this.folder, "processes");
  }

  #made(name: string): string {
    const folder = path.join(this.folder, name);
    mkdirSync(folder);
    return folder;
  }
}
