/** The doctor, when it has something to complain of. */

import { test } from "node:test";

import { Editor } from "./editor.ts";
import type { Home, Settings } from "./home.ts";
import { real } from "./servers.ts";

/** The real server in a project that sets what cannot be used. */
function mistaken(home: Home): Settings {
  home.write("pyproject.toml", "[tool.mim-lsp]\neagerness = 7\n");
  return real(home);
}

test("the doctor shows what is wrong with the settings of the project that is open", async (context) => {
  const editor = await Editor.start(mistaken);
  context.after(() => editor.close());
  await editor.untilReady();
  await editor.command("MIM: Check Installation (Doctor)");
  await editor.page.locator(".editor-instance .view-line", { hasText: /FAIL\s+settings/ }).waitFor();
  await editor.picture("doctor");
});
