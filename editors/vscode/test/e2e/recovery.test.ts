/** A server that dies, and a server that is not there. */

import { test } from "node:test";

import { Editor } from "./editor.ts";
import { missing, scripted } from "./servers.ts";
import { until } from "./until.ts";

test("a server that was killed is started again and answers", async (context) => {
  const editor = await Editor.start(scripted);
  context.after(() => editor.close());
  await editor.open("", 1);
  await editor.untilReady();
  await editor.type("ret");
  await editor.untilGhost("urn a + b");
  process.kill(await until("the server's process", () => editor.home.processes.at(-1)), "SIGKILL");
  await until("another process", () => editor.home.processes.length === 2);
  await editor.untilReady();
  await editor.open("", 1);
  await editor.type("tot");
  await editor.untilGhost("al = sum(values)  # π😀");
  await editor.picture("recovered");
});

test("a missing server is told in one plain sentence, with buttons", async (context) => {
  const editor = await Editor.start(missing);
  context.after(() => editor.close());
  await editor.open("", 1);
  const message = editor.page.locator(".notification-toast", { hasText: "MIM found no server" });
  await message.waitFor();
  for (const button of ["Install", "Show Log", "Doctor"]) {
    await message.getByRole("button", { name: button }).waitFor();
  }
  await editor.picture("missing-server");
});
