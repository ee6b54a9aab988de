/** Tells the user, with buttons, when there is no server or it does not stay up. */

import * as vscode from "vscode";

import type { Phase } from "./phase";
import type { Session } from "./session";

/** The buttons and the commands behind them. */
const BUTTONS: Readonly<Record<string, string>> = {
  Install: "mim.install",
  Restart: "mim.restart",
  "Show Log": "mim.openLog",
  Doctor: "mim.doctor",
};

/** Show a message each time that a session comes to such an end. */
export function tellOfTrouble(session: Session): vscode.Disposable {
  return session.onDidChange((phase) => void tell(phase));
}

async function tell(phase: Phase): Promise<void> {
  let chosen: string | undefined;
  if (phase.kind === "missing") {
    const message = `MIM found no server: ${phase.detail}.`;
    chosen = await vscode.window.showWarningMessage(message, "Install", "Show Log", "Doctor");
  } else if (phase.kind === "failed") {
    chosen = await vscode.window.showErrorMessage(`MIM: ${phase.detail}.`, "Restart", "Show Log", "Doctor");
  }
  const command = chosen === undefined ? undefined : BUTTONS[chosen];
  if (command !== undefined) {
    await vscode.commands.executeCommand(command);
  }
}
