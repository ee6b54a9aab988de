import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

import { animated, chunksOf } from "../e2e/animation";

const PICTURE = readFileSync(path.resolve(__dirname, "../../media/icon.png"));

test("pictures are joined: all pixels are kept, in numbered frames", () => {
  const pixels = Buffer.concat(chunksOf(PICTURE).filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const chunks = chunksOf(animated([PICTURE, PICTURE], 100));
  expect(chunks.map(({ type }) => type)).toEqual(["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "IEND"]);
  const numbered = chunks.filter(({ type }) => type === "fcTL" || type === "fdAT");
  expect(numbered.map(({ data }) => data.readUInt32BE(0))).toEqual([0, 1, 2]);
  expect(chunks[3]?.data).toEqual(pixels);
  expect(chunks[5]?.data.subarray(4)).toEqual(pixels);
});

test("without pictures there is nothing to join", () => {
  expect(() => animated([], 100)).toThrow("no pictures");
});
