/** Someone who types as fast as the keyboard allows, nonsense too, while the server dies again and again. */

import { test } from "node:test";

import { Editor } from "./editor.ts";
import { real } from "./servers.ts";
import { until } from "./until.ts";

/** The editor must write what is typed and nothing else. */
const PLAIN = {
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "editor.autoIndent": "none",
};
const TEXT = [
  "def add(a, b):",
  "return ((((([[[{{{'''",
  "    π😀é = lambda x: x if x else ...  # שלום",
  "asdf;lkj )))]]}} @@@ %%% \\\\ 0x 1e 'never closed",
  "for i in range(10: print(i",
  "class class: pass pass pass",
].join("\n");
const DEATHS = 2;

test("nothing that is typed is lost, and suggestions come back", async (context) => {
  const editor = await Editor.start((home) => {
    // Modules of the workspace are not those that the server wants.
    home.write("pygls.py", "raise SystemExit('of the workspace')\n");
    return { ...real(home), ...PLAIN };
  });
  context.after(() => editor.close());
  const name = await editor.open("", 1);
  await editor.untilReady();
  for (let deaths = 0; deaths < DEATHS; deaths++) {
    const pid = await until("the server's process", () => editor.home.processes.at(-1));
    await editor.page.keyboard.type(TEXT.slice(0, 40));
    process.kill(pid, "SIGKILL");
    await editor.page.keyboard.type(`${TEXT.slice(40)}\n`);
    await until("another process", () => editor.home.processes.at(-1) !== pid);
    await editor.untilReady();
  }
  await editor.untilSaved(name, `${TEXT}\n`.repeat(DEATHS));
  await editor.picture("nonsense");
  await editor.open("class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        \n", 6);
  await editor.type("self.items.a");
  await until("a suggestion", () => editor.ghost());
});
