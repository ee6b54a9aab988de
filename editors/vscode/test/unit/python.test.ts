import { expect, test } from "vitest";

import { canMakeEnvironments, hasGpu, isRecent, requirement, usablePython } from "../../src/server/python";

const VERSIONS: Readonly<Record<string, string>> = { old: "Python 3.9.2\n", new: "Python 3.12.0\n", odd: "hello\n" };

function run(command: string): Promise<string> {
  const output = VERSIONS[command];
  return output === undefined ? Promise.reject(new Error("ENOENT")) : Promise.resolve(output);
}

test.each([
  ["Python 3.11.0", true],
  ["Python 3.10.14", false],
  ["Python 2.7.18", false],
  ["Python 4.0.0", true],
  ["", false],
])("%s: new enough is %s", (output, expected) => {
  expect(isRecent(output)).toBe(expected);
});

test("the first Python that is new enough is taken", async () => {
  expect(await usablePython(["absent", "odd", "old", "new"], run)).toBe("new");
  expect(await usablePython(["absent", "old"], run)).toBeUndefined();
});

test("a GPU needs the part with PyTorch", async () => {
  expect(await hasGpu(() => Promise.resolve("GPU 0: some name\n"))).toBe(true);
  expect(await hasGpu(() => Promise.resolve("No devices were found\n"))).toBe(false);
  expect(await hasGpu(() => Promise.reject(new Error("ENOENT")))).toBe(false);
  expect(requirement("mim-lsp", true, "/home/me")).toBe("mim-lsp[torch]");
  expect(requirement("mim-lsp", false, "/home/me")).toBe("mim-lsp");
});

test("what to install may be a place on the disk", () => {
  expect(requirement("~/mim_lsp-1.0-py3-none-any.whl", true, "/home/me")).toBe("/home/me/mim_lsp-1.0-py3-none-any.whl[torch]");
  expect(requirement("/clones/mim-lsp", false, "/home/me")).toBe("/clones/mim-lsp");
});

test("a Python that lacks what environments are made with is told", async () => {
  expect(await canMakeEnvironments("python3", () => Promise.resolve(""))).toBe(true);
  expect(await canMakeEnvironments("python3", () => Promise.reject(new Error("No module named 'ensurepip'")))).toBe(false);
});
