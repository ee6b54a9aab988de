import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { ManagedEnvironment } from "../../src/server/managed";

let storage: string;
let environment: ManagedEnvironment;
let steps: string[];

beforeEach(() => {
  storage = mkdtempSync(path.join(tmpdir(), "mim-"));
  environment = new ManagedEnvironment(path.join(storage, "deep", "environment"), "linux");
  steps = [];
});

afterEach(() => {
  rmSync(storage, { recursive: true });
});

/** Does what the real commands do to the disk. */
function step(_title: string, command: string, args: readonly string[]): Promise<void> {
  steps.push([command, ...args].join(" "));
  if (args.includes("venv")) {
    mkdirSync(path.join(environment.folder, "bin"), { recursive: true });
    writeFileSync(path.join(environment.folder, "bin", "python"), "");
  }
  return Promise.resolve();
}

function failing(title: string, command: string, args: readonly string[]): Promise<void> {
  return args.includes("pip") ? Promise.reject(new Error("no network")) : step(title, command, args);
}

test("an installation makes an environment and runs pip in it", async () => {
  expect(environment.finished()).toBe(false);
  await environment.install("python3", "mim-lsp", step);
  expect(steps[0]).toBe(`python3 -m venv --clear ${environment.folder}`);
  expect(steps[1]).toMatch(/^\S+\/environment\/bin\/python -m pip install .* mim-lsp$/);
  expect(environment.finished()).toBe(true);
});

test("one that fails leaves nothing behind", async () => {
  await expect(environment.install("python3", "mim-lsp", failing)).rejects.toThrow("no network");
  expect(existsSync(environment.folder)).toBe(false);
  expect(environment.finished()).toBe(false);
});

test("a failing update keeps what worked", async () => {
  await environment.install("python3", "mim-lsp", step);
  await expect(environment.install("python3", "mim-lsp", failing)).rejects.toThrow("no network");
  expect(environment.finished()).toBe(true);
});
