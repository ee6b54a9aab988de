/** Settings that are changed while the editor runs. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";
import { until } from "./until.ts";

/** Ample time for the scripted server to answer. */
const REST_MS = 500;

let editor: Editor;

before(async () => {
  editor = await Editor.start(scripted);
  await editor.open("", 1);
  await editor.untilReady();
});

after(async () => {
  await editor.close();
});

/** Type in new files until a suggestion comes, or none: a change takes a moment to reach the server. */
async function untilSuggestions(wanted: boolean): Promise<void> {
  await until(`suggestions: ${String(wanted)}`, async () => {
    await editor.open("", 1);
    await editor.type("ret");
    await editor.page.waitForTimeout(REST_MS);
    return ((await editor.ghost()) !== "") === wanted;
  });
}

test("eagerness acts at once", async () => {
  await untilSuggestions(true);
  await editor.set("mim.eagerness", 0.1);
  await untilSuggestions(false);
  await editor.set("mim.eagerness", 0.9);
  await untilSuggestions(true);
});

test("switched off, nothing is suggested", async () => {
  await editor.set("mim.enabled", false);
  await untilSuggestions(false);
  await editor.set("mim.enabled", true);
  await untilSuggestions(true);
});

test("while everything is paused, the menu does not offer to resume one file", async () => {
  await editor.command("MIM: Pause or Resume Everywhere");
  await editor.untilState("paused");
  await editor.command("MIM: Pause or Resume in This File");
  await editor.page.locator(".notification-toast", { hasText: "everything is paused" }).waitFor();
  await editor.untilState("paused");
  await editor.command("MIM: Show Menu");
  const rows = editor.page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "Resume Everywhere" }).waitFor();
  assert.equal(await rows.filter({ hasText: "in This File" }).count(), 0);
  await editor.press("Enter");
  await editor.untilReady();
});
