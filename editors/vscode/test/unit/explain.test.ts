import { expect, test } from "vitest";

import type { Explanation } from "../../src/explain/explanation";
import { agreement, report } from "../../src/explain/report";

const EXPLANATION: Explanation = {
  sentence: "The sides met.",
  met: true,
  verified: true,
  meeting_point: 3,
  tokens: [
    { text: "é a", forward: 0.9, backward: 0.8 },
    { text: " + 😀", forward: 0.9, backward: 0.04 },
    { text: "\n", forward: null, backward: 0.7 },
  ],
  forward: { text: "é a\n + 😀" },
  backward: { text: "😀\n" },
  steps: 4,
  encode_ms: 2.2,
  decode_ms: 6.5,
};

function lines(changes: Partial<Explanation>): string[] {
  return report({ reason: null, reasonText: null, explanation: { ...EXPLANATION, ...changes } }).text.split("\n");
}

test("the report says where the sides met", () => {
  const all = lines({});
  const met = all.findIndex((line) => line.includes("met here"));
  expect(all[met - 1]).toContain("é·a");
  expect(all[met + 1]).toContain("·+·😀");
  expect(all).toContain("4 steps, 9 ms.");
});

test("without a meeting point there is no such line", () => {
  expect(lines({ met: false, meeting_point: null }).some((line) => line.includes("met here"))).toBe(false);
});

test("marks cover the text of the tokens", () => {
  const { text, marks } = report({ reason: null, reasonText: null, explanation: EXPLANATION });
  const all = text.split("\n");
  expect(marks.map((mark) => all[mark.line]?.slice(mark.start, mark.end))).toEqual(["é·a", "·+·😀", "↵"]);
  expect(marks.map((mark) => mark.agreement)).toEqual(["high", "low", "unknown"]);
});

test("the less sure direction decides on the agreement", () => {
  expect(agreement({ text: "", forward: 0.5, backward: 0.5 })).toBe("high");
  expect(agreement({ text: "", forward: 1, backward: 0.49 })).toBe("middle");
  expect(agreement({ text: "", forward: 0.09, backward: 1 })).toBe("low");
});

test("without an explanation there is the reason", () => {
  expect(report({ reason: "x", reasonText: "Nothing asked.", explanation: null }).text).toBe("Nothing asked.\n");
  expect(report({ reason: null, reasonText: null, explanation: null }).text).toContain("nothing to explain");
});
