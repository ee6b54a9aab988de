import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ManagedEnvironment } from "../../src/server/managed";

let folder: string;
let environment: ManagedEnvironment;
let steps: string[];

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "mim-")), "deep", "environments");
  environment = new ManagedEnvironment(folder, "linux");
  steps = [];
  vi.useFakeTimers({ toFake: ["Date"], now: 1000 });
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(path.dirname(path.dirname(folder)), { recursive: true });
});

/** Does what the real commands do to the disk. */
function step(_title: string, command: string, args: readonly string[]): Promise<void> {
  steps.push([command, ...args].join(" "));
  if (args[1] === "venv") {
    makePython(args[2] ?? "");
  }
  return Promise.resolve();
}

function makePython(made: string): void {
  mkdirSync(path.join(made, "bin"), { recursive: true });
  writeFileSync(path.join(made, "bin", "python"), "");
}

function failingAt(word: string): typeof step {
  return (title, command, args) => (args.includes(word) ? Promise.reject(new Error(`no ${word}`)) : step(title, command, args));
}

test("an installation makes an environment, runs pip in it and tries the server", async () => {
  expect(environment.current()).toBeUndefined();
  await environment.install("python3", "mim-lsp", step);
  expect(steps[0]).toBe(`python3 -m venv ${folder}/1000`);
  expect(steps[1]).toMatch(/^\S+\/environments\/1000\/bin\/python -m pip install .* mim-lsp$/);
  expect(steps[2]).toBe(`${folder}/1000/bin/python -m mim_lsp --version`);
  expect(environment.current()).toBe(`${folder}/1000`);
});

test.each(["venv", "pip", "mim_lsp"])("one that fails at %s leaves nothing behind", async (word) => {
  await expect(environment.install("python3", "mim-lsp", failingAt(word))).rejects.toThrow(`no ${word}`);
  expect(existsSync(`${folder}/1000`)).toBe(false);
  expect(environment.current()).toBeUndefined();
});

test("a failing update keeps what worked, and a good one takes its place", async () => {
  await environment.install("python3", "mim-lsp", step);
  vi.setSystemTime(2000);
  await expect(environment.install("python3", "mim-lsp", failingAt("pip"))).rejects.toThrow("no pip");
  expect(environment.current()).toBe(`${folder}/1000`);
  await environment.install("python3", "mim-lsp", step);
  expect(environment.current()).toBe(`${folder}/2000`);
  expect(readdirSync(folder)).toHaveLength(2);
});

test("what is of no use is taken away, but not what another window is making", async () => {
  makePython(`${folder}/5`); // was left behind long ago
  const day = 24 * 60 * 60 * 1000;
  vi.setSystemTime(day);
  await environment.install("python3", "mim-lsp", step);
  vi.setSystemTime(day + 1000);
  await environment.install("python3", "mim-lsp", step);
  makePython(`${folder}/${day + 2000}`);
  await environment.tidy();
  expect(readdirSync(folder).sort()).toEqual([String(day + 1000), String(day + 2000)]);
  expect(environment.current()).toBe(`${folder}/${day + 1000}`);
});
