/** The tour of a new user: the walkthrough and the demo file. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";

let editor: Editor;

before(async () => {
  editor = await Editor.start((home) => ({ ...scripted(home), "workbench.startupEditor": "welcomePageInEmptyWorkbench" }));
});

after(async () => {
  await editor.close();
});

test("the walkthrough comes by itself on the first start, and only then", async () => {
  const tour = editor.page.locator(".gettingStartedContainer");
  await tour.getByText("Have a server").first().waitFor();
  await editor.untilReady();
  await editor.command("View: Close All Editors");
  await tour.waitFor({ state: "detached" });
  await editor.reload();
  await editor.untilReady();
  await editor.open("", 1);
  assert.equal(await tour.count(), 0);
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
  await editor.command("View: Close All Editors"); // the walkthrough takes the keys when it has come up
  await editor.page.locator(".gettingStartedContainer").waitFor({ state: "detached" });
  await editor.command("MIM: Try It on a Demo File");
  await editor.untilStatus("Ln 13, Col 5");
  await editor.picture("demo");
  await editor.untilFocused("Untitled-1");
  await editor.untilLine("    ");
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
});
