/** The tour of a new user: the walkthrough and the demo file. */

import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

let editor: Editor;

before(async () => {
  editor = await Editor.start(scripted);
  await editor.open("", 1);
  await editor.untilReady();
});

after(async () => {
  await editor.close();
});

test("the walkthrough has its steps", async () => {
  await editor.command("MIM: First Steps");
  const tour = editor.page.locator(".gettingStartedContainer");
  for (const step of ["Have a server", "See the first suggestion", "Know the keys", "Make it yours"]) {
    await tour.getByText(step).first().waitFor();
  }
  await editor.picture("walkthrough");
});

test("the demo file gets a suggestion where the cursor is", async () => {
  await editor.command("MIM: Try It on a Demo File");
  await editor.untilFocused("Untitled-1");
  await editor.untilLine("    ");
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
});
