/** Writes an explanation as a text, and says which parts of it are coloured. Pure. */

import type { Explained, Explanation, Token } from "./explanation";

/** How sure both directions are of a token. */
export type Agreement = "high" | "middle" | "low" | "unknown";

/** A part of one line of the report, in UTF-16 code units. */
export interface Mark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly agreement: Agreement;
}

export interface Report {
  readonly text: string;
  readonly marks: readonly Mark[];
}

const HEAD = "agreement  forward  backward  token";
const BAR = 9;

/** The report. */
export function report(answer: Explained): Report {
  const explanation = answer.explanation;
  if (explanation === null) {
    return { text: `${answer.reasonText ?? answer.reason ?? "There is nothing to explain yet."}\n`, marks: [] };
  }
  const lines = [explanation.sentence, "", ...summary(explanation), "", HEAD];
  const marks: Mark[] = [];
  const meeting = meetingToken(explanation);
  explanation.tokens.forEach((token, index) => {
    if (index === meeting) {
      lines.push("--------- the sides met here ---------");
    }
    const row = tokenRow(token);
    const start = row.length - visible(token.text).length;
    marks.push({ line: lines.length, start, end: row.length, agreement: agreement(token) });
    lines.push(row);
  });
  lines.push("", "Written from the start:", quoted(explanation.forward.text));
  lines.push("Written from the end:", quoted(explanation.backward.text));
  return { text: `${lines.join("\n")}\n`, marks };
}

/** How sure the less sure of both directions is. */
export function agreement(token: Token): Agreement {
  const least = lesser(token);
  if (least === null) {
    return "unknown";
  }
  if (least >= 0.5) {
    return "high";
  }
  return least >= 0.1 ? "middle" : "low";
}

function summary(explanation: Explanation): string[] {
  const how = explanation.met ? "The two directions met" : "The two directions did not meet";
  const verified = explanation.verified ? ", and each agrees with all that the other wrote." : ".";
  const time = Math.round(explanation.encode_ms + explanation.decode_ms);
  return [`${how}${verified}`, `${explanation.steps} steps, ${time} ms.`];
}

/** The index of the first token behind the meeting point. */
function meetingToken(explanation: Explanation): number | undefined {
  let behind = explanation.meeting_point;
  if (behind === null) {
    return undefined;
  }
  for (const [index, token] of explanation.tokens.entries()) {
    if (behind <= 0) {
      return index;
    }
    behind -= Array.from(token.text).length;
  }
  return undefined;
}

function tokenRow(token: Token): string {
  const least = lesser(token);
  const bar = least === null ? "?" : "#".repeat(Math.max(1, Math.round(least * BAR)));
  return `${bar.padEnd(BAR)}  ${percent(token.forward, 7)}  ${percent(token.backward, 8)}  ${visible(token.text)}`;
}

function lesser(token: Token): number | null {
  return token.forward === null || token.backward === null ? null : Math.min(token.forward, token.backward);
}

function percent(probability: number | null, width: number): string {
  return (probability === null ? "-" : `${(probability * 100).toFixed(1)} %`).padStart(width);
}

/** Blanks and line breaks as signs. */
function visible(text: string): string {
  return text.replaceAll("\r", "").replaceAll("\n", "↵").replaceAll("\t", "→").replaceAll(" ", "·");
}

function quoted(text: string): string {
  return text.split("\n").map((line) => `  | ${line}`.trimEnd()).join("\n");
}
