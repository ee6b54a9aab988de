/** Tells the server what it cannot see by itself: other settings, and where the user has gone. */

import * as vscode from "vscode";

import { serverSetting } from "../server/find";
import { onDidSelectInterpreter } from "../server/interpreter";
import type { Session } from "./session";

/** Settings that name the program: another value means another server. */
const OF_THE_PROGRAM = ["mim.server.path", "mim.server.args"];

/** Follow the editor for as long as the subscriptions live. */
export function follow(session: Session, subscriptions: vscode.Disposable[]): void {
  subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => { configurationChanged(session, event); }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void session.restart()),
    vscode.window.onDidChangeActiveTextEditor((editor) => { focused(session, editor); }),
    vscode.window.onDidChangeTextEditorSelection((event) => {
      if (event.kind === vscode.TextEditorSelectionChangeKind.Mouse) {
        focused(session, event.textEditor);
      }
    }),
  );
  void onDidSelectInterpreter(() => { interpreterSelected(session); }).then((it) => it !== undefined && subscriptions.push(it));
}

function interpreterSelected(session: Session): void {
  if (serverSetting() === "") {
    void session.restart();
  }
}

function configurationChanged(session: Session, event: vscode.ConfigurationChangeEvent): void {
  if (OF_THE_PROGRAM.some((name) => event.affectsConfiguration(name))) {
    void session.restart();
  } else if (event.affectsConfiguration("mim")) {
    void session.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }
}

function focused(session: Session, editor: vscode.TextEditor | undefined): void {
  const client = session.client;
  if (client !== undefined && editor !== undefined) {
    void client.sendNotification("mim/didFocus", client.code2ProtocolConverter.asTextDocumentPositionParams(
      editor.document,
      editor.selection.active,
    ));
  }
}
