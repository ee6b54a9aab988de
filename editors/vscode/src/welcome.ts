/** Opens the first steps when the extension runs for the first time. */

import * as vscode from "vscode";

import { openWalkthrough } from "./commands/editor";
import type { Parts } from "./commands/parts";

const SEEN = "mim.firstStepsSeen";

/** Open them, unless that was done before or the user wants no such pages. */
export async function welcome(parts: Parts): Promise<void> {
  const { globalState } = parts.context;
  if (globalState.get(SEEN) === true) {
    return;
  }
  await globalState.update(SEEN, true);
  // By the first VS Code goes itself when it installs an extension in an open window, but it is not seen on a remote side.
  const settings = vscode.workspace.getConfiguration("workbench");
  const isWanted = settings.get<boolean>("welcomePage.walkthroughs.openOnInstall", true);
  if (isWanted && settings.get<string>("startupEditor") !== "none") {
    await openWalkthrough(parts);
  }
}
