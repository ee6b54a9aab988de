import { Editor } from "./editor.ts";
import { scripted } from "./servers.ts";
const editor = await Editor.start(scripted);
await editor.page.setViewportSize({ width: 960, height: 1600 });
for (let i = 0; i < 5; i++) {
  await editor.reload();
  await editor.untilReady();
  await editor.command("Developer: Show Running Extensions");
  await editor.page.waitForTimeout(500);
  const rows = await editor.page.$$eval(".runtime-extensions-editor .monaco-list-row", (all) => all.map((r) => `${r.querySelector(".name")?.textContent ?? ""}: ${r.querySelector(".activation-time")?.textContent ?? ""}`));
  console.log(rows.join(" | "));
}
await editor.close();
