/** Commands that the running server carries out. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Parts } from "./parts";

/** Pause the file in the active editor, or resume it. */
export async function toggleFile(parts: Parts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined) {
    void vscode.window.showInformationMessage("MIM: open a file first.");
    return;
  }
  await withServer(parts, async (client) => {
    const paused = await execute<boolean>(client, "mim.toggle", client.code2ProtocolConverter.asUri(document.uri));
    // While everything is paused the server changes nothing for the file, and says why.
    const where = parts.status.latest?.pausedEverywhere === true ? "everywhere" : "in this file";
    vscode.window.setStatusBarMessage(paused ? `MIM is paused ${where}` : "MIM suggests in this file again", 3000);
  });
  parts.status.stir();
}

/** Pause everything, or resume it. */
export async function toggleEverywhere(parts: Parts): Promise<void> {
  await withServer(parts, async (client) => {
    const paused = await execute<boolean>(client, "mim.toggle");
    vscode.window.setStatusBarMessage(paused ? "MIM is paused everywhere" : "MIM suggests again", 3000);
  });
  parts.status.stir();
}

/** Show how the last suggestion came about. */
export async function explain(parts: Parts): Promise<void> {
  await withServer(parts, (client) => parts.explainer.show(client));
}

async function withServer(parts: Parts, work: (client: LanguageClient) => Promise<void>): Promise<void> {
  const client = parts.session.client;
  if (client === undefined) {
    void vscode.window.showInformationMessage("MIM: the server is not running.");
  } else {
    await work(client);
  }
}

async function execute<T>(client: LanguageClient, command: string, ...args: readonly string[]): Promise<T> {
  return await client.sendRequest<T>("workspace/executeCommand", { command, arguments: args });
}
