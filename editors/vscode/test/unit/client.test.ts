import { describe, expect, test } from "vitest";

import { Backoff, DELAYS_MS, MEMORY_MS } from "../../src/client/backoff";
import { Queue } from "../../src/client/queue";
import { stderrLevel } from "../../src/client/stderr";

describe("back-off", () => {
  test("waits longer each time, and gives up", () => {
    const backoff = new Backoff();
    expect(DELAYS_MS.map(() => backoff.crashed(0))).toEqual([...DELAYS_MS]);
    expect(backoff.crashed(0)).toBeUndefined();
  });

  test("forgets old crashes, and all of them when told to", () => {
    const backoff = new Backoff();
    backoff.crashed(0);
    expect(backoff.crashed(MEMORY_MS - 1)).toBe(DELAYS_MS[1]);
    expect(backoff.crashed(2 * MEMORY_MS)).toBe(DELAYS_MS[0]);
    backoff.forget();
    expect(backoff.crashed(2 * MEMORY_MS)).toBe(DELAYS_MS[0]);
  });
});

describe("the queue", () => {
  test("runs one task at a time, and of those that wait only the newest", async () => {
    const queue = new Queue();
    const events: string[] = [];
    const task = (name: string) => async (): Promise<void> => {
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
    };
    await Promise.all([queue.run(task("a")), queue.run(task("b")), queue.run(task("c"))]);
    expect(events).toEqual(["a begins", "a ends", "c begins", "c ends"]);
  });

  test("goes on after a task that fails", async () => {
    const queue = new Queue();
    await expect(queue.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    let done = false;
    await queue.run(() => { done = true; return Promise.resolve(); });
    expect(done).toBe(true);
  });
});

test.each([
  ["2026-11-24 00:29:22,468 INFO mim_lsp.server.model_host: Model mim-py-nano is ready", "trace"],
  ["Traceback (most recent call last):", "error"],
  ["ModuleNotFoundError: No module named 'pygls'", "error"],
])("a line of standard error is logged at its level: %s", (line, level) => {
  expect(stderrLevel(line)).toBe(level);
});
