/** The interpreter that the Python extension has selected, if that extension is there. */

import * as vscode from "vscode";

const PYTHON_EXTENSION = "ms-python.python";
/** How long another extension may keep the server from being started. */
const PATIENCE_MS = 5_000;

/** The part of the Python extension's interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(
      environment: { readonly path: string },
    ): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** The path of the selected interpreter; undefined without the Python extension, or if it does not say one in time. */
export async function selectedInterpreter(log: vscode.LogOutputChannel): Promise<string | undefined> {
  try {
    return await inTime(resolvedInterpreter());
  } catch (error) {
    log.warn(`The Python extension does not say which interpreter is selected: ${String(error)}`);
    return undefined;
  }
}

/**
 * Have `listener` called whenever another interpreter is selected.
 *
 * It is called, too, when the Python extension takes so long to come up that whoever asked it before had no answer.
 */
export async function onDidSelectInterpreter(listener: () => void): Promise<vscode.Disposable | undefined> {
  const begin = Date.now();
  const api = await pythonApi().catch(() => undefined); // `selectedInterpreter` tells of that
  if (api !== undefined && Date.now() - begin > PATIENCE_MS) {
    listener();
  }
  return api?.environments.onDidChangeActiveEnvironmentPath(listener);
}

async function resolvedInterpreter(): Promise<string | undefined> {
  const api = await pythonApi();
  if (api === undefined) {
    return undefined;
  }
  const selected = api.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  const resolved = await api.environments.resolveEnvironment(selected);
  return resolved?.executable.uri?.fsPath;
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<Partial<PythonApi>>(PYTHON_EXTENSION);
  const api = await extension?.activate();
  return api?.environments === undefined ? undefined : { environments: api.environments };
}

/** What comes of `work`; rejects when it takes longer than we wait for another extension. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)); }, PATIENCE_MS);
  });
  return await Promise.race([work, end]).finally(() => { clearTimeout(timer); });
}
