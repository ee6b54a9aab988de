/** A workspace that the user does not trust yet names a program of its own as the server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Editor } from "./editor.ts";
import type { Home, Settings } from "./home.ts";
import { missing, scripted } from "./servers.ts";

/** The workspace has a server that works, the user has one that is not there. */
function tempting(home: Home): Settings {
  home.write(".vscode/settings.json", JSON.stringify(scripted(home)));
  return missing(home);
}

test("a workspace can start no program before it is trusted", async (context) => {
  const editor = await Editor.start(tempting, false);
  context.after(() => editor.close());
  await editor.untilState("no server");
  assert.deepEqual(editor.home.processes, []);
  await editor.picture("untrusted");
  await editor.command("Workspaces: Manage Workspace Trust");
  await editor.page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).click();
  await editor.untilReady();
  assert.equal(editor.home.processes.length, 1);
});
