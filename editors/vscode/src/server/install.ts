/** Installs a server into MIM's own environment, with progress, and a button that stops it. */

import { spawn } from "node:child_process";
import * as vscode from "vscode";

import { isInside } from "./candidates";
import { selectedInterpreter } from "./interpreter";
import type { ManagedEnvironment, Step } from "./managed";
import { runProgram } from "./probe";
import { OLDEST, hasGpu, requirement, usablePython } from "./python";

const CPU = "For the CPU";
const GPU = "For the GPU";

/** Install; true when it is done, false when the user did not want to go on or was told what is wrong. */
export async function installServer(managed: ManagedEnvironment, log: vscode.LogOutputChannel): Promise<boolean> {
  const python = await usablePython(await pythons(), runProgram);
  if (python === undefined) {
    await vscode.window.showErrorMessage(
      `MIM needs Python ${OLDEST.join(".")} or newer. Install it, or select one with "Python: Select Interpreter", and try again.`,
    );
    return false;
  }
  const withGpu = await chooseDevice();
  if (withGpu === undefined) {
    return false;
  }
  const name = vscode.workspace.getConfiguration("mim").get("install.package", "mim-lsp");
  return await withProgress(log, (step) => managed.install(python, requirement(name, withGpu), step));
}

async function pythons(): Promise<string[]> {
  const names = process.platform === "win32" ? ["py", "python"] : ["python3", "python"];
  const selected = await selectedInterpreter();
  const folders = vscode.workspace.workspaceFolders?.map((each) => each.uri.fsPath) ?? [];
  const untrusted = vscode.workspace.isTrusted ? [] : folders;
  const usable = selected !== undefined && !isInside(selected, untrusted, process.platform);
  return usable ? [selected, ...names] : names;
}

/** Whether to install for the GPU; undefined if the user has changed their mind. Without a GPU nobody is asked. */
async function chooseDevice(): Promise<boolean | undefined> {
  if (!(await hasGpu(runProgram))) {
    return false;
  }
  const choices = [
    { label: CPU, detail: "Small. Fast enough for the model in the box." },
    { label: GPU, detail: "With PyTorch: a download of some gigabytes." },
  ];
  const chosen = await vscode.window.showQuickPick(choices, { title: "MIM: Install Server" });
  return chosen === undefined ? undefined : chosen.label === GPU;
}

async function withProgress(log: vscode.LogOutputChannel, work: (step: Step) => Promise<void>): Promise<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title: "MIM", cancellable: true };
  return await vscode.window.withProgress(options, async (progress, token) => {
    try {
      await work(async (title, command, args) => {
        progress.report({ message: title });
        await runStep(command, args, log, token);
      });
      return true;
    } catch (error) {
      if (!token.isCancellationRequested) {
        log.error(String(error));
        void offerLog(log, String(error instanceof Error ? error.message : error));
      }
      return false;
    }
  });
}

async function offerLog(log: vscode.LogOutputChannel, message: string): Promise<void> {
  if ((await vscode.window.showErrorMessage(`MIM could not be installed: ${message}`, "Show Log")) !== undefined) {
    log.show();
  }
}

/** Run one program to its end, and end it when the user cancels. */
async function runStep(
  command: string,
  args: readonly string[],
  log: vscode.LogOutputChannel,
  token: vscode.CancellationToken,
): Promise<void> {
  log.info([command, ...args].join(" "));
  const child = spawn(command, args, { windowsHide: true, stdio: ["ignore", "pipe", "pipe"] });
  let lastLine = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log.info(text.trimEnd());
      lastLine = text.trim().split("\n").at(-1) ?? lastLine;
    });
  }
  const cancelling = token.onCancellationRequested(() => child.kill());
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => { if (code === 0) { resolve(); } else { reject(new Error(lastLine)); } });
      if (token.isCancellationRequested) {
        child.kill();
      }
    });
  } finally {
    cancelling.dispose();
  }
}
