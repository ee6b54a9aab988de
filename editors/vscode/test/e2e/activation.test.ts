/** What the extension adds to the editor's start, by the editor's own account. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

const STARTS = 5;

test("the editor tells how long the activation takes", async (context) => {
  const editor = await Editor.start(scripted);
  context.after(() => editor.close());
  // Room for the whole list: rows out of view do not exist.
  await editor.page.setViewportSize({ width: 960, height: 1600 });
  const times: number[] = [];
  while (times.length < STARTS) {
    await editor.reload();
    times.push(await activationTime(editor));
  }
  // A time that depends on what else the machine does is told and not judged; docs/editors/vscode.md has the goal.
  const median = times.toSorted((a, b) => a - b)[Math.floor(STARTS / 2)];
  context.diagnostic(`activation: ${times.join(", ")} ms, median ${String(median)} ms`);
  assert.ok(times.every((time) => time > 0));
});

/** Milliseconds, from the list "Running Extensions". */
async function activationTime(editor: Editor): Promise<number> {
  await editor.untilReady();
  await editor.command("Developer: Show Running Extensions");
  const row = editor.page.locator('.runtime-extensions-editor [aria-label="mim-lsp"]');
  const text = await row.locator(".activation-time").textContent();
  return Number(/([\d.]+)\s*ms/.exec(text ?? "")?.[1]);
}
