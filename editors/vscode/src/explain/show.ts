/** Shows why the last suggestion is what it is. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Reports } from "../reports";
import type { Explained } from "./explanation";
import { type Agreement, report } from "./report";

/** Colours of the theme; the report has the numbers too, so nobody needs to see them. */
const COLOURS: Readonly<Record<Agreement, string>> = {
  high: "charts.green",
  middle: "charts.yellow",
  low: "charts.red",
  unknown: "disabledForeground",
};

/** Asks the server, and keeps the decorations. */
export class Explainer implements vscode.Disposable {
  private readonly decorations = new Map<Agreement, vscode.TextEditorDecorationType>();

  constructor(private readonly reports: Reports) {}

  async show(client: LanguageClient): Promise<void> {
    const { text, marks } = report(await client.sendRequest<Explained>("mim/explain", {}));
    const editor = await this.reports.show("Explanation of the Last Suggestion", text);
    for (const agreement of Object.keys(COLOURS) as Agreement[]) {
      const wanted = marks.filter((mark) => mark.agreement === agreement);
      const ranges = wanted.map(({ line, start, end }) => new vscode.Range(line, start, line, end));
      editor.setDecorations(this.decoration(agreement), ranges);
    }
  }

  dispose(): void {
    this.decorations.forEach((each) => { each.dispose(); });
  }

  private decoration(agreement: Agreement): vscode.TextEditorDecorationType {
    const made = this.decorations.get(agreement) ?? vscode.window.createTextEditorDecorationType({
      color: new vscode.ThemeColor(COLOURS[agreement]),
      fontWeight: "bold",
    });
    this.decorations.set(agreement, made);
    return made;
  }
}
