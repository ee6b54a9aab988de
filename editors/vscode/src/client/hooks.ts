/** Looks at messages while they pass: what is shown is reported, and how far the model is with loading. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Hooks } from "./create";

/** The command of a suggestion; its argument is the suggestion's id. */
const ACCEPTED = "mim.accepted";

/** Who wants to know. */
export interface Listener {
  /** The client that is connected at present. */
  client(): LanguageClient | undefined;
  answered(): void;
  progressed(percent: number | undefined): void;
}

/** Hooks that tell `listener`. */
export function hooksFor(listener: Listener): Hooks {
  return {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      const version = document.version;
      const answer = await next(document, position, context, token);
      listener.answered();
      if (!token.isCancellationRequested && document.version === version) {
        reportShown(listener.client(), answer);
      }
      return answer;
    },
    handleWorkDoneProgress: (_token, params) => {
      listener.progressed(params.kind === "end" ? undefined : params.percentage);
    },
  };
}

/** VS Code does not tell extensions what it shows. The first item of an answer that is still wanted comes closest. */
function reportShown(
  client: LanguageClient | undefined,
  answer: vscode.InlineCompletionItem[] | vscode.InlineCompletionList | null | undefined,
): void {
  const items = Array.isArray(answer) ? answer : answer?.items;
  const command = items?.[0]?.command;
  if (client !== undefined && command?.command === ACCEPTED) {
    void client.sendNotification("mim/didShow", { item: { command: { arguments: command.arguments } } });
  }
}
