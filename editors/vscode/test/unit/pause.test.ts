import { expect, test, vi } from "vitest";

import type { Parts } from "../../src/commands/parts";
import { toggleFile } from "../../src/commands/server";
import { window } from "./fake_vscode";

vi.mock("vscode", () => import("./fake_vscode"));

test.each([
  [true, true, "MIM is paused everywhere"],
  [false, true, "MIM is paused in this file"],
  [false, false, "MIM suggests in this file again"],
])("everything paused: %s, the file is: %s", async (pausedEverywhere, paused, told) => {
  const tell = vi.spyOn(window, "setStatusBarMessage");
  const client = { sendRequest: () => Promise.resolve(paused), code2ProtocolConverter: { asUri: String } };
  const status = { latest: { pausedEverywhere }, stir: vi.fn() };
  await toggleFile({ session: { client }, status } as unknown as Parts);
  expect(tell).toHaveBeenLastCalledWith(told, 3000);
  expect(status.stir).toHaveBeenCalled();
});
