/** A file of 5,000 lines. */

import { test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

const LINES = 5000;

test("suggestions come and are taken in the middle of a long file", async (context) => {
  const editor = await Editor.start(scripted);
  context.after(() => editor.close());
  const lines = Array.from({ length: LINES }, (_, index) => `value_${String(index)} = ${String(index)}`);
  const middle = LINES / 2;
  lines[middle] = "";
  const name = await editor.open(lines.join("\n"), middle + 1);
  await editor.untilReady();
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.picture("long-file");
  await editor.press("Tab");
  lines[middle] = "return a + b";
  await editor.untilSaved(name, lines.join("\n"));
});
