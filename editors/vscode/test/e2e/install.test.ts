/** No server yet: the button that installs one, without a network, and what stops it. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import path from "node:path";
import { test, type TestContext } from "node:test";

import type { Locator } from "playwright-core";

import { Editor } from "./editor.ts";
import type { Home } from "./home.ts";
import { PYTHON, WHEELS } from "./programs.ts";
import { until, untilEqual } from "./until.ts";

/** What it needs is on the disk, but a busy machine takes its time to unpack it. */
const INSTALLING_MS = 240_000;

/** A place where the model is sure of what follows `return`. */
const STACK = `class Stack:
    def push(self, item):
        self.items.append(item)
        return len(self.items)

    def pop(self):
        self.items.pop()
        return len(self.items)

    def clear(self):
        self.items.clear()
        \n`;

/** A machine that has Python and nothing of ours; `gpus` is what NVIDIA's tool says. */
function bare(home: Home, gpus: string): void {
  home.variables.PATH = `${home.programs}:/usr/bin:/bin`;
  home.program("python3", `exec '${PYTHON}' "$@"`);
  home.program("nvidia-smi", gpus === "" ? "exit 9" : `echo '${gpus}'`);
}

/** A notification that has the text. */
function notification(editor: Editor, text: string): Locator {
  return editor.page.locator(".notification-toast", { hasText: text });
}

async function press(editor: Editor, text: string, button: string): Promise<void> {
  await notification(editor, text).getByRole("button", { name: button }).click();
  await editor.page.mouse.move(0, 0); // else what it is over next has a tip
}

/** MIM's own environments, whole or not. */
function environments(home: Home): string[] {
  const folder = path.join(home.user, "User", "globalStorage", "mim-lsp.mim-lsp", "environments");
  return existsSync(folder) ? readdirSync(folder) : [];
}

test("Install takes a wheel from the disk, and afterwards no network is needed", async (context) => {
  const editor = await start(context, (home) => {
    bare(home, "");
    // pip finds what the server needs, but not the server.
    home.variables.PIP_NO_INDEX = "1";
    home.variables.PIP_FIND_LINKS = path.join(home.folder, "needed");
    symlinkSync(path.join(WHEELS, "needed"), path.join(home.folder, "needed"));
  });
  await press(editor, "MIM found no server", "Install");
  const failure = "could not be installed: ERROR: No matching distribution found for mim-lsp";
  await notification(editor, failure).waitFor();
  await editor.picture("install-failed");
  assert.deepEqual(environments(editor.home), []);
  const wheel = wheelIn(editor.home); // before the question for it lists the folder
  await press(editor, failure, "Choose a Wheel");
  await editor.answer(wheel);
  await notification(editor, "installing").waitFor();
  await editor.picture("installing");
  await notification(editor, "installing").waitFor({ state: "hidden", timeout: INSTALLING_MS });
  await editor.untilReady();
  await takesSuggestion(editor);
  assert.equal(environments(editor.home).length, 1);

  renameSync(path.join(editor.home.folder, "needed"), path.join(editor.home.folder, "gone"));
  await editor.reload();
  await editor.untilReady();
  await takesSuggestion(editor);
});

test("an installation can be cancelled", async (context) => {
  const index = await silentIndex(context);
  const editor = await start(context, (home) => {
    bare(home, "GPU 0: a fast one");
    home.variables.PIP_INDEX_URL = index.address;
  });
  await press(editor, "MIM found no server", "Install");
  await editor.page.locator(".quick-input-list .monaco-list-row", { hasText: "For the GPU" }).waitFor();
  await editor.picture("install-device");
  await editor.page.locator(".quick-input-list .monaco-list-row", { hasText: "For the GPU" }).click();
  await notification(editor, "installing mim-lsp[torch]").waitFor();
  await until("pip to ask the index", () => index.sockets.size > 0);
  await editor.picture("install-cancel");
  await press(editor, "installing mim-lsp[torch]", "Cancel");
  await notification(editor, "installing").waitFor({ state: "hidden" });
  await untilEqual(0, () => index.sockets.size);
  await untilEqual([], () => environments(editor.home));
  await editor.untilState("no server");
});

async function start(context: TestContext, prepare: (home: Home) => void): Promise<Editor> {
  const editor = await Editor.start((home) => {
    prepare(home);
    return {};
  });
  context.after(() => editor.close());
  return editor;
}

/** The path of a wheel of mim-lsp among the user's own files. */
function wheelIn(home: Home): string {
  const name = readdirSync(WHEELS).find((each) => each.endsWith(".whl"));
  assert.ok(name !== undefined, `there is no wheel in ${WHEELS}`);
  copyFileSync(path.join(WHEELS, name), path.join(home.folder, name));
  return path.join(home.folder, name);
}

/** The installed server answers, with the model in the box. */
async function takesSuggestion(editor: Editor): Promise<void> {
  await editor.open(STACK, 12);
  await editor.type("return "); // behind a blank no menu of words is in the way
  await until("a suggestion", () => editor.ghost());
}

/** A package index that takes every request and never answers. */
async function silentIndex(context: TestContext): Promise<{ address: string; sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/simple`, sockets };
}
