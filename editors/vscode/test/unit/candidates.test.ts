import { describe, expect, test } from "vitest";

import { type Surroundings, candidates, isInside, pythonOf } from "../../src/server/candidates";

const EVERYWHERE: Surroundings = {
  setting: "",
  interpreter: "/work/.venv/bin/python",
  env: { VIRTUAL_ENV: "/venv", PATH: "/usr/bin:/bin:/usr/bin" },
  managed: "/storage/environment",
  platform: "linux",
  home: "/home/me",
  untrustedFolders: [],
};

/** The command lines for these surroundings. */
function lines(changes: Partial<Surroundings>): string[] {
  return candidates({ ...EVERYWHERE, ...changes }).map((each) => [each.command, ...each.args].join(" "));
}

test("the places come in the documented order", () => {
  expect(lines({})).toEqual([
    "/work/.venv/bin/python -m mim_lsp",
    "/venv/bin/python -m mim_lsp",
    "/usr/bin/mim-lsp",
    "/bin/mim-lsp",
    "/storage/environment/bin/python -m mim_lsp",
  ]);
});

test("what is not there is not looked at", () => {
  expect(lines({ interpreter: undefined, env: {}, managed: undefined })).toEqual([]);
});

describe("the setting", () => {
  test("is the only place when it is set", () => {
    expect(lines({ setting: " /opt/mim-lsp " })).toEqual(["/opt/mim-lsp"]);
  });

  test.each(["/opt/python", "/opt/python3.11", "/opt/pypy3"])("may be a Python: %s", (setting) => {
    expect(lines({ setting })).toEqual([`${setting} -m mim_lsp`]);
  });

  test("is a program when its name only begins like Python's", () => {
    expect(lines({ setting: "/opt/python-mim" })).toEqual(["/opt/python-mim"]);
  });

  test("may begin with the home folder", () => {
    expect(lines({ setting: "~/mim/mim-lsp" })).toEqual(["/home/me/mim/mim-lsp"]);
  });
});

describe("an environment", () => {
  test("of conda counts when no other is active", () => {
    const env = { CONDA_PREFIX: "/conda" };
    expect(lines({ interpreter: undefined, managed: undefined, env })).toEqual(["/conda/bin/python -m mim_lsp"]);
  });

  test("has its Python elsewhere on Windows", () => {
    expect(pythonOf("C:\\venv", "win32")).toBe("C:\\venv\\Scripts\\python.exe");
    expect(pythonOf("C:\\conda", "win32", true)).toBe("C:\\conda\\python.exe");
  });
});

test("relative folders of PATH are left out: they would mean the workspace", () => {
  expect(lines({ interpreter: undefined, managed: undefined, env: { PATH: ".:bin::/bin" } })).toEqual(["/bin/mim-lsp"]);
});

test("nothing inside an untrusted workspace is started", () => {
  const untrustedFolders = ["/work"];
  expect(lines({ untrustedFolders })).not.toContain("/work/.venv/bin/python -m mim_lsp");
  expect(lines({ untrustedFolders })).toContain("/venv/bin/python -m mim_lsp");
  expect(lines({ untrustedFolders, setting: "/work/evil" })).toEqual([]);
  expect(lines({ untrustedFolders, env: { PATH: "/work/bin:/bin" } })).not.toContain("/work/bin/mim-lsp");
});

test("a folder whose name only begins like another is not inside it", () => {
  expect(isInside("/workshop/python", ["/work"], "linux")).toBe(false);
  expect(isInside("/work/..venv/python", ["/work"], "linux")).toBe(true);
  expect(isInside("D:\\x.exe", ["C:\\work"], "win32")).toBe(false);
  expect(isInside("c:\\WORK\\x.exe", ["C:\\work"], "win32")).toBe(true);
});
