/** What the tests need of VS Code's interface: `vi.mock("vscode", () => import("./fake_vscode"))`. */

/** What the user has set, by the names behind `mim.`. */
export const settings: Record<string, unknown> = {};

/** The extensions that are there, by their ids. */
export const installed: Record<string, { readonly activate: () => Promise<unknown> }> = {};

const ignore: (...values: unknown[]) => void = () => undefined;

export const workspace = {
  onDidChangeConfiguration: ignore,
  onDidGrantWorkspaceTrust: ignore,
  isTrusted: true,
  workspaceFolders: undefined as readonly { readonly uri: { readonly scheme: string; readonly fsPath: string } }[] | undefined,
  getConfiguration: () => ({ get: (name: string, fallback?: unknown): unknown => settings[name] ?? fallback }),
};

export const extensions = { getExtension: (id: string): unknown => installed[id] };

export const ProgressLocation = { Notification: 15, Window: 10 };

export const window = {
  onDidChangeActiveTextEditor: ignore,
  onDidChangeTextEditorSelection: ignore,
  activeTextEditor: { document: { uri: "file:///a.py" } },
  setStatusBarMessage: ignore,
  withProgress: async <T>(_options: unknown, work: () => Promise<T>): Promise<T> => await work(),
};

export class EventEmitter<T> {
  private readonly listeners: ((value: T) => void)[] = [];
  readonly event = (listener: (value: T) => void): void => { this.listeners.push(listener); };

  fire(value: T): void {
    this.listeners.forEach((listener) => { listener(value); });
  }
}

/** As at the start: nothing is set, installed or open. */
export function reset(): void {
  for (const each of [settings, installed]) {
    Object.keys(each).forEach((key) => { Reflect.deleteProperty(each, key); });
  }
  workspace.isTrusted = true;
  workspace.workspaceFolders = undefined;
}

/** A log that keeps its lines. */
export function fakeLog(): { lines: string[]; info: Write; warn: Write; error: Write } {
  const lines: string[] = [];
  const write = (line: string): void => { lines.push(line); };
  return { lines, info: write, warn: write, error: write };
}

type Write = (line: string) => void;
