/** The words of the status item. Pure. */

import type { Phase } from "../client/phase";
import type { ServerStatus } from "./server";

/** What the item shows. `label` is what a screen reader says and has no icons. */
export interface ItemText {
  readonly text: string;
  readonly label: string;
  readonly details: readonly string[];
  readonly isProblem: boolean;
}

/**
 * What to show now.
 *
 * @param status the latest answer of a running server; undefined before the first.
 * @param percent how far the server is with loading, if it tells.
 */
export function itemText(phase: Phase, status: ServerStatus | undefined, percent: number | undefined): ItemText {
  switch (phase.kind) {
    case "starting":
      return item("$(loading~spin) MIM", "starting");
    case "missing":
      return item("$(warning) MIM", "no server", [`${sentence(phase.detail)} Click to install one.`], true);
    case "waiting":
      return item("$(loading~spin) MIM", `the server stopped, starting it again in ${phase.seconds} s`);
    case "failed":
      return item("$(warning) MIM", "error", [sentence(phase.detail)], true);
    case "stopped":
      return item("$(circle-slash) MIM", "stopped");
    case "running":
      return status === undefined ? item("$(loading~spin) MIM", "starting") : running(status, percent, phase.server);
  }
}

function running(status: ServerStatus, percent: number | undefined, server: string): ItemText {
  const details = [...facts(status), server];
  switch (status.state) {
    case "loading": {
      const share = percent === undefined ? "" : ` ${percent}%`;
      return item(`$(loading~spin) MIM${share}`, `loading the model${share}`, details);
    }
    case "busy":
      return item("$(loading~spin) MIM", "busy", details);
    case "paused":
      return item("$(debug-pause) MIM", status.refusal === "disabled" ? "switched off" : "paused", details);
    case "error":
      return item("$(warning) MIM", "error", [sentence(status.message ?? "no reason given"), ...details], true);
    case "ready":
    case "unloaded":
      return status.refusal === null
        ? item("$(sparkle) MIM", "ready", details)
        : item("$(circle-slash) MIM", `not in this file: ${status.refusal.replaceAll("_", " ")}`, details);
  }
}

function facts(status: ServerStatus): string[] {
  const lines: string[] = [];
  if (status.model !== null) {
    lines.push(`Model ${status.model}${status.device === null ? "" : ` on ${status.device}`}`);
  }
  if (status.latencyMs !== null) {
    lines.push(`Answers take ${Math.round(status.latencyMs.p50)} ms, one in twenty over ${Math.round(status.latencyMs.p95)} ms`);
  }
  if (status.lastReasonText !== null) {
    lines.push(`Last time without a suggestion: ${status.lastReasonText}`);
  }
  return lines;
}

function item(text: string, state: string, details: readonly string[] = [], isProblem = false): ItemText {
  return { text, label: `MIM: ${state}`, details, isProblem };
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
