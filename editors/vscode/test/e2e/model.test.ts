/** The path of a new user: a fresh editor, the real server, the model in the box. */

import { test } from "node:test";

import { Editor } from "./editor.ts";
import { real } from "./servers.ts";
import { until } from "./until.ts";

const HEAD = `class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
`;
const TAIL = `

    def pop(self):
        return self.items.pop()
`;
const TYPED = "self.items.a";

test("the model's suggestion is shown, taken and explained", async (context) => {
  const editor = await Editor.start(real);
  context.after(() => editor.close());
  const name = await editor.open(`${HEAD}        ${TAIL}`, 6);
  await editor.untilReady();
  const frames = [await editor.frame()];
  for (const key of TYPED) {
    await editor.type(key);
    frames.push(await editor.frame());
  }
  const ghost = await until("a suggestion", () => editor.ghost());
  await editor.picture("model");
  frames.push(await editor.frame());
  await editor.press("Tab");
  await editor.untilGhost("");
  frames.push(await editor.frame());
  editor.animation("typing", frames);
  await editor.untilSaved(name, `${HEAD}        ${TYPED}${ghost}${TAIL}`);
  await editor.command("View: Toggle Primary Side Bar Visibility");
  await editor.command("MIM: Explain Last Suggestion");
  await editor.page.locator(".view-line", { hasText: "forward" }).first().waitFor();
  await editor.picture("explanation");
});
