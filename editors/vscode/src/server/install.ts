/** Installs a server into an environment of MIM's own, with progress, and a button that stops it. */

import * as os from "node:os";
import * as vscode from "vscode";

import { isInside } from "./candidates";
import { selectedInterpreter } from "./interpreter";
import type { ManagedEnvironment, Step } from "./managed";
import { runProgram } from "./probe";
import { OLDEST, canMakeEnvironments, hasGpu, requirement, usablePython } from "./python";
import { runStep } from "./steps";

const CPU = "For the CPU";
const GPU = "For the GPU";
const WHEEL = "Choose a Wheel";
/** The most characters of a line of pip's that are shown. */
const SHOWN = 60;

let underWay: Promise<boolean> | undefined;

/**
 * Install what the setting `mim.install.package` says, unless an installation is under way already.
 *
 * @returns whether there is a new server; if not, the user did not want to go on or was told what is wrong.
 */
export async function installServer(managed: ManagedEnvironment, log: vscode.LogOutputChannel): Promise<boolean> {
  const name = vscode.workspace.getConfiguration("mim").get("install.package", "mim-lsp");
  return await oneAtATime(() => install(name, managed, log));
}

/** The same with a wheel that the user chooses from the disk. */
export async function installWheel(managed: ManagedEnvironment, log: vscode.LogOutputChannel): Promise<boolean> {
  const filters = { "Python wheels": ["whl"] };
  const chosen = await vscode.window.showOpenDialog({ title: "MIM: Install Server", openLabel: "Install", filters });
  const wheel = chosen?.[0]?.fsPath;
  return wheel !== undefined && (await oneAtATime(() => install(wheel, managed, log)));
}

async function oneAtATime(work: () => Promise<boolean>): Promise<boolean> {
  if (underWay !== undefined) {
    void vscode.window.showInformationMessage("MIM is being installed already.");
    return false;
  }
  underWay = work().finally(() => { underWay = undefined; });
  return await underWay;
}

async function install(name: string, managed: ManagedEnvironment, log: vscode.LogOutputChannel): Promise<boolean> {
  const python = await usablePython(await pythons(log), runProgram);
  const lack = await lackOf(python);
  if (python === undefined || lack !== undefined) {
    void vscode.window.showErrorMessage(`MIM could not be installed: ${lack ?? ""}, then try again.`);
    return false;
  }
  const withGpu = await chooseDevice();
  if (withGpu === undefined) {
    return false;
  }
  const wanted = requirement(name, withGpu, os.homedir());
  return await withProgress(log, (step) => managed.install(python, wanted, step));
}

/** What the user has to do before anything can be installed; undefined if nothing. */
async function lackOf(python: string | undefined): Promise<string | undefined> {
  if (python === undefined) {
    return `install Python ${OLDEST.join(".")} or newer, or select one with "Python: Select Interpreter"`;
  }
  const isWhole = await canMakeEnvironments(python, runProgram);
  return isWhole ? undefined : `${python} cannot make environments, so install what it lacks (on Debian and Ubuntu: python3-venv)`;
}

async function pythons(log: vscode.LogOutputChannel): Promise<string[]> {
  const names = process.platform === "win32" ? ["py", "python"] : ["python3", "python"];
  const selected = await selectedInterpreter(log);
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
    const step: Step = async (title, command, args) => {
      log.info([command, ...args].join(" "));
      progress.report({ message: title });
      await runStep(command, args, (line) => {
        log.info(line);
        progress.report({ message: `${title}: ${line.slice(0, SHOWN)}` });
      }, token);
    };
    try {
      await work(step);
      return true;
    } catch (error) {
      if (!token.isCancellationRequested) {
        log.error(String(error));
        void tellWhy(log, error instanceof Error ? error.message : String(error));
      }
      return false;
    }
  });
}

async function tellWhy(log: vscode.LogOutputChannel, reason: string): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`MIM could not be installed: ${reason}`, WHEEL, "Show Log");
  if (chosen === WHEEL) {
    await vscode.commands.executeCommand("mim.installWheel");
  } else if (chosen !== undefined) {
    log.show();
  }
}
