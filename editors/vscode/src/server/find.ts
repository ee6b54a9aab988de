/** Finds the server on this machine: what is known here goes into the pure search. */

import * as os from "node:os";
import * as vscode from "vscode";

import { candidates } from "./candidates";
import { ManagedEnvironment } from "./managed";
import { selectedInterpreter } from "./interpreter";
import { type Search, firstAnswering } from "./probe";

/** Look for the server in all places. */
export async function findServer(managed: ManagedEnvironment): Promise<Search> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return await firstAnswering(
    candidates({
      setting: vscode.workspace.getConfiguration("mim").get("server.path", ""),
      interpreter: await selectedInterpreter(),
      env: process.env,
      managed: managed.current(),
      platform: process.platform,
      home: os.homedir(),
      untrustedFolders: vscode.workspace.isTrusted ? [] : folders.map((each) => each.uri.fsPath),
    }),
  );
}
