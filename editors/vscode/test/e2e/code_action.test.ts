/** The light bulb's menu: rewriting a selection, adding a parameter, and nothing where there is nothing to do. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

const REWRITE = "Rewrite selection (fill between)";

let editor: Editor;

before(async () => {
  editor = await Editor.start(scripted);
  await editor.open("", 1);
  await editor.untilReady();
});

after(async () => {
  await editor.close();
});

/** Open the light bulb's menu, as soon as there is a light bulb. */
async function openMenu(): Promise<void> {
  await editor.page.locator(".editor-instance .lightBulbWidget:visible").click();
  await editor.page.locator(".action-widget .monaco-list-row").first().waitFor();
}

async function choose(title: string): Promise<void> {
  await editor.page.locator(".action-widget .monaco-list-row", { hasText: title }).click();
}

test("the selection is rewritten between its neighbours", async () => {
  const name = await editor.open("def f(a):\n    first = 1\n    return a\n", 2);
  await editor.press("Shift+Home");
  await openMenu();
  await editor.picture("code-action");
  await choose(REWRITE);
  await editor.untilLine("    pass");
  await editor.picture("rewritten");
  await editor.untilSaved(name, "def f(a):\n    pass\n    return a\n");
});

test("a name that nothing defines becomes a parameter", async () => {
  const name = await editor.open("def fetch(url):\n    return url, timeout\n", 2);
  await openMenu();
  await editor.picture("add-parameter");
  await choose("to signature and calls");
  await editor.untilSaved(name, "def fetch(url, timeout: float = 10):\n    return url, timeout\n");
});

test("without a selection there is nothing to rewrite", async () => {
  await editor.open("first = 1\n", 1);
  await editor.press("Control+.");
  await editor.page.locator(".monaco-editor-overlaymessage, .action-widget").first().waitFor();
  assert.equal(await editor.page.getByText(REWRITE).count(), 0);
});
