/** Entry point: puts the parts together. Nothing is waited for here, so that the start costs the editor little. */

import * as path from "node:path";
import * as vscode from "vscode";

import { follow } from "./client/follow";
import { hooksFor } from "./client/hooks";
import { tellOfTrouble } from "./client/messages";
import { Session } from "./client/session";
import { registerCommands } from "./commands/register";
import { Explainer } from "./explain/show";
import { Reports } from "./reports";
import { ManagedEnvironment } from "./server/managed";
import { StatusItem } from "./status/item";
import { welcome } from "./welcome";

let session: Session | undefined;

/** Called by VS Code when the first window is ready. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("MIM", { log: true });
  const managed = new ManagedEnvironment(path.join(context.globalStorageUri.fsPath, "environments"));
  const hooks = hooksFor({
    client: () => started.client,
    answered: () => { status.stir(); },
    progressed: (percent) => { status.progressed(percent); },
  });
  const started = new Session(managed, log, hooks);
  const status = new StatusItem(started);
  const reports = new Reports();
  const explainer = new Explainer(reports);
  session = started;
  context.subscriptions.push(status, explainer, reports, tellOfTrouble(started), started, log);
  const parts = { context, log, managed, session: started, status, reports, explainer };
  registerCommands(parts);
  follow(started, context.subscriptions);
  void started.restart();
  void welcome(parts);
}

/** Called by VS Code at its end. */
export async function deactivate(): Promise<void> {
  await session?.stop();
}
