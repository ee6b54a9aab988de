/** Finds the server on this machine: what is known here goes into the pure search. */

import * as os from "node:os";
import * as vscode from "vscode";

import { candidates } from "./candidates";
import { ManagedEnvironment } from "./managed";
import { selectedInterpreter } from "./interpreter";
import { type Search, firstAnswering } from "./probe";

/** The setting that names the server, empty if it is not set: with it nothing else is tried, and nobody else is asked. */
export function serverSetting(): string {
  return vscode.workspace.getConfiguration("mim").get("server.path", "").trim();
}

/** Look for the server in all places. */
export async function findServer(managed: ManagedEnvironment, log: vscode.LogOutputChannel): Promise<Search> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const setting = serverSetting();
  return await firstAnswering(
    candidates({
      setting,
      interpreter: setting === "" ? await selectedInterpreter(log) : undefined,
      env: process.env,
      managed: managed.current(),
      platform: process.platform,
      home: os.homedir(),
      untrustedFolders: vscode.workspace.isTrusted ? [] : folders.map((each) => each.uri.fsPath),
    }),
  );
}
