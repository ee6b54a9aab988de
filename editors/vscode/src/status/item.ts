/** The status item: asks the server how it is, now and then, and shows it. */

import * as vscode from "vscode";

import type { Session } from "../client/session";
import type { ServerStatus } from "./server";
import { itemText } from "./text";

/** Milliseconds between two questions while something goes on, and while nothing does. */
const SOON_MS = 500;
const LATER_MS = 10_000;
/** After an answer: long enough that a typist is not followed by one question for each key. */
const SETTLED_MS = 300;

/** Follows a session. */
export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("mim.status", vscode.StatusBarAlignment.Right, 100);
  private readonly subscriptions: vscode.Disposable[];
  private status: ServerStatus | undefined;
  private percent: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly session: Session) {
    this.item.name = "MIM";
    this.item.command = "mim.menu";
    this.subscriptions = [
      this.item,
      session.onDidChange(() => { this.restarted(); }),
      vscode.window.onDidChangeActiveTextEditor(() => { this.askIn(SETTLED_MS); }),
      vscode.window.onDidChangeWindowState((window) => { if (window.focused) { this.askIn(SETTLED_MS); } }),
    ];
    this.show();
    this.item.show();
  }

  /** The latest answer of the server. */
  get latest(): ServerStatus | undefined {
    return this.status;
  }

  /** Something has happened that may change the state. */
  stir(): void {
    this.askIn(SETTLED_MS);
  }

  /** The server tells how far it is; undefined when it is done. */
  progressed(percent: number | undefined): void {
    this.percent = percent;
    this.show();
    this.askIn(SETTLED_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private restarted(): void {
    this.status = undefined;
    this.percent = undefined;
    this.show();
    this.askIn(0);
  }

  private askIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), milliseconds);
  }

  private async ask(): Promise<void> {
    const client = this.session.client;
    if (client === undefined) {
      return;
    }
    const document = vscode.window.activeTextEditor?.document;
    const about = document === undefined ? {} : { textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) } };
    try {
      this.status = await client.sendRequest<ServerStatus>("mim/status", about);
    } catch {
      // The server has just ended: the session tells of that.
      return;
    }
    this.show();
    const isBusy = this.status.state === "loading" || this.status.state === "busy";
    if (isBusy || vscode.window.state.focused) {
      this.askIn(isBusy ? SOON_MS : LATER_MS);
    }
  }

  private show(): void {
    const { text, label, details, isProblem } = itemText(this.session.phase, this.status, this.percent);
    this.item.text = text;
    this.item.tooltip = [label, ...details].join("\n");
    this.item.accessibilityInformation = { label };
    this.item.backgroundColor = isProblem ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }
}
