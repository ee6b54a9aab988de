/** What the commands work with. */

import type * as vscode from "vscode";

import type { Session } from "../client/session";
import type { Explainer } from "../explain/show";
import type { Reports } from "../reports";
import type { ManagedEnvironment } from "../server/managed";
import type { StatusItem } from "../status/item";

/** The parts of the extension. */
export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly managed: ManagedEnvironment;
  readonly session: Session;
  readonly status: StatusItem;
  readonly reports: Reports;
  readonly explainer: Explainer;
}
