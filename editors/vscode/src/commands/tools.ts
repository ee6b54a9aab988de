/** Commands that run `mim-lsp` as a program beside the server and show what it prints. */

import * as vscode from "vscode";

import { runProgram } from "../server/probe";
import type { Parts } from "./parts";
import { modelNames } from "./models";

const OTHER_FOLDER = "A folder...";

/** Show how suggestions have fared. */
export async function showStatistics(parts: Parts): Promise<void> {
  await parts.reports.show("Statistics", await output(parts, ["stats"]));
}

/** Have the user choose a model; it goes into the user's settings. */
export async function selectModel(parts: Parts): Promise<void> {
  const names = modelNames(await output(parts, ["models"]));
  const chosen = await vscode.window.showQuickPick([...names, OTHER_FOLDER], { title: "MIM: Select Model" });
  const model = chosen === OTHER_FOLDER ? await folder() : chosen;
  if (model !== undefined) {
    await vscode.workspace.getConfiguration("mim").update("model", model, vscode.ConfigurationTarget.Global);
    parts.status.stir();
  }
}

async function folder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: "Use Model" });
  return chosen?.[0]?.fsPath;
}

/** What `mim-lsp` prints; its complaint, if it fails. */
async function output(parts: Parts, args: readonly string[]): Promise<string> {
  const found = parts.session.search?.found;
  if (found === undefined) {
    return "The server is not installed.\n";
  }
  try {
    return await runProgram(found.command, [...found.args, ...args]);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
}
