/** Makes the language client for a server that was found. */

import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  type ServerOptions,
  TransportKind,
} from "vscode-languageclient/node";

import { pythonEnvironment } from "../server/environment";
import type { Found } from "../server/probe";
import { stderrLevel } from "./stderr";

/** What other parts of the extension look at while messages pass. */
export type Hooks = Pick<Middleware, "provideInlineCompletionItems" | "handleWorkDoneProgress">;

/**
 * A client for `found` that does not start the server again by itself.
 *
 * @param closed called when the connection has ended without `stop`.
 */
export function createClient(
  found: Found,
  log: vscode.LogOutputChannel,
  hooks: Hooks,
  closed: () => void,
): LanguageClient {
  const extra = vscode.workspace.getConfiguration("mim").get<string[]>("server.args", []);
  const server: ServerOptions = {
    command: found.command,
    args: [...found.args, ...extra],
    transport: TransportKind.stdio,
    options: { env: pythonEnvironment() },
  };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }],
    outputChannel: log,
    stdioOptions: {
      stdout: () => undefined, // the protocol's
      stderr: (input) => createInterface({ input }).on("line", (line) => { log[stderrLevel(line)](line); }),
    },
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: hooks,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        closed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
  };
  return new LanguageClient("mim", "MIM", server, options);
}
