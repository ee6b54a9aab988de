import { describe, expect, test } from "vitest";

import type { Phase } from "../../src/client/phase";
import { menuEntries } from "../../src/status/menu";
import type { ServerStatus } from "../../src/status/server";
import { itemText } from "../../src/status/text";

const RUNNING: Phase = { kind: "running", server: "mim-lsp 1.0 of PATH" };
const READY: ServerStatus = {
  state: "ready",
  message: null,
  version: "1.0",
  model: "nano",
  device: "cpu",
  paused: false,
  refusal: null,
  lastReasonText: null,
  latencyMs: { p50: 12.4, p95: 40 },
};

describe("the status item", () => {
  test.each<[Partial<ServerStatus>, string, string]>([
    [{}, "$(sparkle) MIM", "MIM: ready"],
    [{ state: "unloaded" }, "$(sparkle) MIM", "MIM: ready"],
    [{ state: "busy" }, "$(loading~spin) MIM", "MIM: busy"],
    [{ state: "paused", paused: true, refusal: "paused" }, "$(debug-pause) MIM", "MIM: paused"],
    [{ state: "paused", refusal: "disabled" }, "$(debug-pause) MIM", "MIM: switched off"],
    [{ refusal: "unsupported_language" }, "$(circle-slash) MIM", "MIM: not in this file: unsupported language"],
    [{ state: "error", message: "no model" }, "$(warning) MIM", "MIM: error"],
  ])("of a server with %o", (changes, text, label) => {
    expect(itemText(RUNNING, { ...READY, ...changes }, undefined)).toMatchObject({ text, label });
  });

  test("tells how far the loading is, if the server tells", () => {
    const loading: ServerStatus = { ...READY, state: "loading" };
    expect(itemText(RUNNING, loading, 40)).toMatchObject({ text: "$(loading~spin) MIM 40%", label: "MIM: loading the model 40%" });
    expect(itemText(RUNNING, loading, undefined)).toMatchObject({ text: "$(loading~spin) MIM", label: "MIM: loading the model" });
  });

  test("gives the reason of an error first", () => {
    const { details, isProblem } = itemText(RUNNING, { ...READY, state: "error", message: "no model" }, undefined);
    expect(details[0]).toBe("No model.");
    expect(isProblem).toBe(true);
  });

  test.each<[Phase, string, boolean]>([
    [{ kind: "starting" }, "MIM: starting", false],
    [{ kind: "missing", detail: "x" }, "MIM: no server", true],
    [{ kind: "waiting", seconds: 4 }, "MIM: the server stopped, starting it again in 4 s", false],
    [{ kind: "failed", detail: "x" }, "MIM: error", true],
    [{ kind: "stopped" }, "MIM: stopped", false],
    [RUNNING, "MIM: starting", false],
  ])("without an answer of a server, %o", (phase, label, isProblem) => {
    expect(itemText(phase, undefined, undefined)).toMatchObject({ label, isProblem });
  });
});

describe("the menu", () => {
  const commands = (phase: Phase): string[] => menuEntries(phase, READY, 0.5).map((each) => each.command);

  test("offers what the server can do only while it runs", () => {
    expect(commands(RUNNING)).toContain("mim.toggleFile");
    expect(commands({ kind: "failed", detail: "x" })).not.toContain("mim.toggleFile");
    expect(commands({ kind: "failed", detail: "x" })).toContain("mim.restart");
  });

  test("offers an installation when there is no server", () => {
    expect(commands({ kind: "missing", detail: "x" })[0]).toBe("mim.install");
    expect(commands(RUNNING)).not.toContain("mim.install");
  });

  test("says whether the file is to be paused or resumed", () => {
    const first = (paused: boolean): string | undefined => menuEntries(RUNNING, { ...READY, paused }, 0.5)[0]?.label;
    expect(first(true)).toContain("Resume");
    expect(first(false)).toContain("Pause");
  });

  test("offers nothing for the file while everything is paused", () => {
    const entries = (changes: Partial<ServerStatus>): string[] =>
      menuEntries(RUNNING, { ...READY, ...changes }, 0.5).map((each) => `${each.command}: ${each.label}`);
    const all = entries({ paused: true, pausedEverywhere: true });
    expect(all.join()).not.toContain("mim.toggleFile");
    expect(all[0]).toBe("mim.toggleEverywhere: $(play) Resume Everywhere");
    expect(entries({ paused: true, pausedEverywhere: false }).slice(0, 2)).toEqual([
      "mim.toggleFile: $(play) Resume in This File",
      "mim.toggleEverywhere: $(circle-slash) Pause Everywhere",
    ]);
    // A server that does not tell.
    expect(entries({ paused: true })[1]).toBe("mim.toggleEverywhere: $(circle-slash) Pause or Resume Everywhere");
  });
});
