import type * as vscode from "vscode";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { follow } from "../../src/client/follow";
import type { Phase } from "../../src/client/phase";
import { Session } from "../../src/client/session";
import { findServer } from "../../src/server/find";
import { onDidSelectInterpreter, selectedInterpreter } from "../../src/server/interpreter";
import type { ManagedEnvironment } from "../../src/server/managed";
import { fakeLog, installed, reset, settings } from "./fake_vscode";

vi.mock("vscode", () => import("./fake_vscode"));

const PYTHON = "ms-python.python";
const MANAGED = { current: () => undefined } as unknown as ManagedEnvironment;
const NEVER = new Promise<never>(() => undefined);

let log: ReturnType<typeof fakeLog> & vscode.LogOutputChannel;

beforeEach(() => {
  reset();
  log = fakeLog() as unknown as typeof log;
  vi.stubEnv("PATH", "");
  vi.stubEnv("VIRTUAL_ENV", "");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** What a Python extension gives whose part for environments is `environments`. */
function python(environments: object): { activate: () => Promise<unknown> } {
  const event = { onDidChangeActiveEnvironmentPath: () => ({ dispose: () => undefined }) };
  return { activate: () => Promise.resolve({ environments: { ...event, ...environments } }) };
}

test("the selected interpreter is what the Python extension resolves", async () => {
  installed[PYTHON] = python({
    getActiveEnvironmentPath: () => ({ path: "env" }),
    resolveEnvironment: ({ path }: { path: string }) => Promise.resolve({ executable: { uri: { fsPath: `/${path}/python` } } }),
  });
  expect(await selectedInterpreter(log)).toBe("/env/python");
  expect(log.lines).toEqual([]);
});

test.each([
  ["cannot be activated", { activate: () => Promise.reject(new Error("broken")) }],
  ["cannot resolve", python({ getActiveEnvironmentPath: () => ({ path: "" }), resolveEnvironment: () => Promise.reject(new Error("broken")) })],
  ["throws", python({ getActiveEnvironmentPath: () => { throw new Error("broken"); } })],
])("a Python extension that %s is done without, and logged", async (_, extension) => {
  installed[PYTHON] = extension;
  expect(await selectedInterpreter(log)).toBeUndefined();
  expect(log.lines.join()).toMatch(/Python extension.*broken/);
  await expect(onDidSelectInterpreter(() => undefined)).resolves.not.toThrow();
});

test.each([
  ["does not come up", { activate: () => NEVER }],
  ["does not answer", python({ getActiveEnvironmentPath: () => ({ path: "" }), resolveEnvironment: () => NEVER })],
])("a Python extension that %s is waited for only some seconds", async (_, extension) => {
  vi.useFakeTimers();
  installed[PYTHON] = extension;
  const answer = selectedInterpreter(log);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await answer).toBeUndefined();
  expect(log.lines.join()).toMatch(/Python extension.*5 s/);
});

test("one that comes up after that has the server looked for again, one that is in time has not", async () => {
  vi.useFakeTimers();
  for (const [wait, calls] of [[6_000, 1], [1_000, 0]] as const) {
    const { activate } = python({});
    installed[PYTHON] = { activate: () => new Promise((resolve) => { setTimeout(() => { resolve(activate()); }, wait); }) };
    const listener = vi.fn();
    const listening = onDidSelectInterpreter(listener);
    await vi.advanceTimersByTimeAsync(wait);
    expect(await listening).toBeDefined();
    expect(listener).toHaveBeenCalledTimes(calls);
  }
});

test("with the setting, the Python extension is not asked", async () => {
  const activate = vi.fn(() => NEVER);
  installed[PYTHON] = { activate };
  settings["server.path"] = process.execPath;
  expect((await findServer(MANAGED, log)).attempts.map((each) => each.origin)).toEqual(["setting"]);
  expect(activate).not.toHaveBeenCalled();
});

test("another interpreter has the server looked for again, but not if the setting names it", async () => {
  const select: (() => void)[] = [];
  installed[PYTHON] = python({ onDidChangeActiveEnvironmentPath: (listener: () => void) => select.push(listener) });
  const restart = vi.fn();
  follow({ restart } as unknown as Session, []);
  await vi.waitFor(() => { expect(select.length).toBe(1); });
  select[0]?.();
  expect(restart).toHaveBeenCalledTimes(1);
  settings["server.path"] = "mim-lsp";
  select[0]?.();
  expect(restart).toHaveBeenCalledTimes(1);
});

/** The phases that a session goes through while it is started. */
async function phases(managed: ManagedEnvironment): Promise<Phase[]> {
  const session = new Session(managed, log, {});
  const seen: Phase[] = [];
  session.onDidChange((phase) => seen.push(phase));
  await session.restart();
  return seen;
}

test("with a broken Python extension the search goes on", async () => {
  installed[PYTHON] = { activate: () => Promise.reject(new Error("broken")) };
  expect((await phases(MANAGED)).map((each) => each.kind)).toEqual(["starting", "missing"]);
});

test("a start that fails before there is a server says so, and is logged", async () => {
  const broken = { current: () => { throw new Error("no disk"); } } as unknown as ManagedEnvironment;
  expect(await phases(broken)).toEqual([
    { kind: "starting" },
    { kind: "failed", detail: "the server could not be started: no disk" },
  ]);
  expect(log.lines.join()).toContain("no disk");
});
