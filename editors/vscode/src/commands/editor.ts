/** Commands that concern the editor and its settings only. */

import * as vscode from "vscode";

import { menuEntries } from "../status/menu";
import type { Parts } from "./parts";

const WALKTHROUGH = "start";
const LEVELS = [
  { label: "0", description: "only what is almost certain" },
  { label: "0.25", description: "" },
  { label: "0.5", description: "the default" },
  { label: "0.75", description: "" },
  { label: "1", description: "everything that was found" },
];

/** The menu of the status item. */
export async function showMenu(parts: Parts): Promise<void> {
  const eagerness = vscode.workspace.getConfiguration("mim").get("eagerness", 0.5);
  const entries = menuEntries(parts.session.phase, parts.status.latest, eagerness);
  const chosen = await vscode.window.showQuickPick(entries, { title: "MIM", placeHolder: "What to do" });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** Ask for a suggestion at the cursor. */
export async function trigger(): Promise<void> {
  await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
}

/** Have the user choose how certain a suggestion must be; it goes into the user's settings. */
export async function setEagerness(): Promise<void> {
  const chosen = await vscode.window.showQuickPick(LEVELS, { title: "MIM: Eagerness", placeHolder: "How much is shown" });
  if (chosen !== undefined) {
    const settings = vscode.workspace.getConfiguration("mim");
    await settings.update("eagerness", Number(chosen.label), vscode.ConfigurationTarget.Global);
  }
}

/** After an installation: a setting that names another server would keep the new one from being used. */
export async function offerInstalled(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("mim");
  if (settings.get<string>("server.path", "") === "") {
    return;
  }
  const message = "MIM is installed, but the setting mim.server.path names another server.";
  if ((await vscode.window.showWarningMessage(message, "Use the Installed One")) !== undefined) {
    const isOfWorkspace = settings.inspect("server.path")?.workspaceValue !== undefined;
    const { Global, Workspace } = vscode.ConfigurationTarget;
    await settings.update("server.path", undefined, isOfWorkspace ? Workspace : Global);
  }
}

/** Open a copy of the demo file, so that nothing of the extension is written to. */
export async function tryDemo(parts: Parts): Promise<void> {
  const source = vscode.Uri.joinPath(parts.context.extensionUri, "walkthrough", "demo.py");
  const content = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  const document = await vscode.workspace.openTextDocument({ language: "python", content });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
}

/** Open the first steps. */
export async function openWalkthrough(parts: Parts): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", `${parts.context.extension.id}#${WALKTHROUGH}`);
}

/** Open our settings. */
export async function openSettings(parts: Parts): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${parts.context.extension.id}`);
}
