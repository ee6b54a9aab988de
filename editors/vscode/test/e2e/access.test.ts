/** Without a mouse, with a screen reader, and with strong contrast. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";
import { until } from "./until.ts";

const CODE = "def f(a, b):\n    \n";

let editor: Editor;

before(async () => {
  editor = await Editor.start((home) => ({
    ...scripted(home),
    "editor.accessibilitySupport": "on",
    "workbench.colorTheme": "Default High Contrast",
  }));
  await editor.open("", 1);
  await editor.untilReady();
});

after(async () => {
  await editor.close();
});

test("ghost text can be seen with strong contrast", async () => {
  await editor.page.waitForSelector(".monaco-workbench.hc-black");
  await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.picture("high-contrast");
});

test("a screen reader is given the suggestion", async () => {
  await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Alt+F2");
  const view = editor.page.locator(".accessible-view");
  await view.waitFor();
  const text = await until("the accessible view", () => view.locator(".view-lines").textContent());
  assert.match(text.replaceAll("\u00a0", " "), /return a \+ b/);
  await editor.picture("accessible-view");
  await editor.press("Escape");
  await view.waitFor({ state: "hidden" });
});

test("keys alone lead from the file to the suggestion, the light bulb and the menu", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Tab");
  await editor.untilStatus("Ln 2, Col 17");
  await editor.press("Shift+Home");
  await editor.page.locator(".editor-instance .lightBulbWidget:visible").waitFor();
  await editor.press("Control+.");
  await editor.page.locator(".action-widget .monaco-list-row.focused", { hasText: "Rewrite selection" }).waitFor();
  await editor.press("Enter");
  await editor.untilSaved(name, "def f(a, b):\n    pass\n");
  await editor.command("MIM: Show Menu");
  const row = editor.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: "Pause in This File" });
  await row.waitFor();
  await editor.picture("menu");
  await editor.press("Enter");
  await editor.untilState("paused");
});
