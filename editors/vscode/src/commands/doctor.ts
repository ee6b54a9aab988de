/** The command that shows where the server was looked for, and what it finds wrong with its installation. */

import * as path from "node:path";
import * as vscode from "vscode";

import type { Phase } from "../client/phase";
import { type Found, allPrinted } from "../server/probe";
import { searchReport } from "../server/searched";
import type { Parts } from "./parts";

/** It loads the model three times, maybe on a busy machine and with PyTorch. */
const PATIENCE_MS = 180_000;
/** Settings that are flags of `mim-lsp doctor`, too. */
const FLAGS = ["model", "device", "threads"];

/** Show both. */
export async function doctor(parts: Parts): Promise<void> {
  const { search, phase } = parts.session;
  const where = search === undefined ? "" : searchReport(search);
  const what = search?.found === undefined ? "" : await findings(search.found);
  const texts = [trouble(phase), where, what].filter((each) => each !== "");
  await parts.reports.show("Doctor", texts.length > 0 ? texts.join("\n") : "The server is still being looked for.\n");
}

function trouble(phase: Phase): string {
  return phase.kind === "failed" ? `MIM: ${phase.detail}.\n` : "";
}

/** What `mim-lsp doctor` prints; when something is wrong it says so there, and fails. */
async function findings(found: Found): Promise<string> {
  const options = { location: vscode.ProgressLocation.Window, title: "MIM: checking the installation" };
  const running = { cwd: openFolder(found.command), patienceMs: PATIENCE_MS };
  return await vscode.window.withProgress(options, () => allPrinted(found.command, commandLine(found), running));
}

/** What runs the model comes from the same settings as for the server: its own arguments, and over them these. */
function commandLine(found: Found): string[] {
  const settings = vscode.workspace.getConfiguration("mim");
  const extra = settings.get<string[]>("server.args", []).filter((each) => each !== "--stdio");
  const flags = FLAGS.map((name) => [name, String(settings.get(name) ?? "").trim()] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `--${name}=${value}`);
  return [...found.args, ...extra, "doctor", ...flags];
}

/** The folder whose project file counts. The server is started in it, too. */
function openFolder(command: string): string | undefined {
  const uri = vscode.workspace.workspaceFolders?.[0]?.uri;
  // A command without its folder may be looked for there.
  const isSafe = vscode.workspace.isTrusted || path.isAbsolute(command);
  return uri?.scheme === "file" && isSafe ? uri.fsPath : undefined;
}
