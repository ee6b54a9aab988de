/** What the extension adds to the editor's start, by the editor's own account. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "./editor.ts";
import { emptyExtension } from "./empty_extension.ts";
import { scripted } from "./servers.ts";

const STARTS = 7;
const MOST_MS = 50;

test("the extension adds little to the start", async (context) => {
  const editor = await Editor.start((home) => {
    // One that is loaded just before ours: so its time has nothing of ours in it.
    home.packages.push(emptyExtension(home, "mim-before"));
    return scripted(home);
  });
  context.after(() => editor.close());
  // Room for the whole list: rows out of view do not exist.
  await editor.page.setViewportSize({ width: 960, height: 1600 });
  const ours: number[] = [];
  const empty: number[] = [];
  while (ours.length < STARTS) {
    await editor.reload();
    await editor.untilReady();
    await editor.command("Developer: Show Running Extensions");
    ours.push(await activationTime(editor, "mim-lsp"));
    empty.push(await activationTime(editor, "empty"));
  }
  const added = ours.map((time, index) => time - (empty[index] ?? 0));
  context.diagnostic(`activation: ${told(ours)}`);
  context.diagnostic(`an extension that does nothing: ${told(empty)}`);
  context.diagnostic(`added: ${told(added)}`);
  assert.ok(ours.every((time) => time > 0));
  // On a busy machine everything takes longer, doing nothing too: there no more than that is judged.
  assert.ok(median(added) < Math.max(MOST_MS, median(empty)));
});

function told(times: readonly number[]): string {
  return `${times.join(", ")} ms, median ${String(median(times))} ms`;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

/** Milliseconds, from the open list "Running Extensions". */
async function activationTime(editor: Editor, name: string): Promise<number> {
  const row = editor.page.locator(`.runtime-extensions-editor [aria-label="${name}"]`);
  const text = await row.locator(".activation-time").textContent();
  return Number(/([\d.]+)\s*ms/.exec(text ?? "")?.[1]);
}
