/** Ghost text while typing: what a person sees, and what is in the file afterwards. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

const TAIL = "\n\nprint(f(1, 2))\n";
const CODE = `def f(a, b):\n    ${TAIL}`;

let editor: Editor;

before(async () => {
  editor = await Editor.start(scripted);
  await editor.open(CODE, 2);
  await editor.untilReady();
});

after(async () => {
  await editor.close();
});

test("typing shows ghost text that is not in the file", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  assert.equal(await editor.line(), "    return a + b");
  await editor.picture("ghost-text");
  await editor.untilSaved(name, `def f(a, b):\n    ret${TAIL}`);
});

test("typing along keeps the suggestion in every frame", async () => {
  await editor.open(CODE, 2);
  await editor.type("r");
  await editor.untilGhost("eturn a + b");
  const looks = await editor.looksDuring(async () => {
    await editor.type("eturn a");
    await editor.untilGhost(" + b");
  });
  assert.deepEqual(looks, ["    return a + b"]);
  await editor.picture("type-through");
});

test("typing something else replaces the suggestion", async () => {
  await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.type("x");
  await editor.untilGhost("pass");
});

test("Tab takes the whole suggestion", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Tab");
  await editor.untilGhost("");
  await editor.untilStatus("Ln 2, Col 17");
  await editor.picture("accepted");
  await editor.untilSaved(name, `def f(a, b):\n    return a + b${TAIL}`);
});

test("one undo takes back what Tab took", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Tab");
  await editor.untilStatus("Ln 2, Col 17");
  await editor.press("Control+z");
  await editor.untilStatus("Ln 2, Col 8");
  await editor.untilSaved(name, `def f(a, b):\n    ret${TAIL}`);
});

test("Tab takes a suggestion of several lines", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("for");
  await editor.untilGhost(" value in values:\n        print(value)\n        yield value");
  await editor.picture("several-lines");
  await editor.press("Tab");
  await editor.untilGhost("");
  const body = "    for value in values:\n        print(value)\n        yield value";
  await editor.untilSaved(name, `def f(a, b):\n${body}${TAIL}`);
});

test("Tab indents where nothing is suggested", async () => {
  const name = await editor.open("nothing\n", 1);
  await editor.press("Tab");
  await editor.untilSaved(name, "nothing \n");
});

test("a word can be taken, and the rest stays", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Control+ArrowRight");
  await editor.untilGhost(" a + b");
  await editor.picture("accept-word");
  await editor.untilSaved(name, `def f(a, b):\n    return${TAIL}`);
});

test("asking shows more than one suggestion, and the next one comes by key", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Escape");
  await editor.untilGhost("");
  await editor.command("Trigger Inline Suggestion");
  await editor.untilGhost("urn a + b");
  await editor.press("Alt+]");
  await editor.untilGhost("urn a + b  # 2");
  await editor.picture("next-suggestion");
  await editor.press("Alt+[");
  await editor.untilGhost("urn a + b");
  await editor.press("Alt+]", "Tab");
  await editor.untilGhost("");
  await editor.untilSaved(name, `def f(a, b):\n    return a + b  # 2${TAIL}`);
});

test("Escape hides the suggestion and changes nothing", async () => {
  const name = await editor.open(CODE, 2);
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  await editor.press("Escape");
  await editor.untilGhost("");
  await editor.picture("dismissed");
  await editor.untilSaved(name, `def f(a, b):\n    ret${TAIL}`);
});

test("text beyond ASCII is placed rightly", async () => {
  const name = await editor.open("s = 'π😀'; \n", 1);
  await editor.type("where");
  await editor.untilGhost("15:ere");
  await editor.press("Tab");
  await editor.untilGhost("");
  await editor.untilSaved(name, "s = 'π😀'; where15:ere\n");
});
