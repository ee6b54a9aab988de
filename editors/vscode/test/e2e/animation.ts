/** Joins pictures of the same size into one that moves: an animated PNG, which takes the frames as they are. */

import { crc32 } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** An animated PNG of PNG files; each is shown for `delayMs` milliseconds, the last one three times as long. */
export function animated(frames: readonly Buffer[], delayMs: number): Buffer {
  const all = frames.map(chunksOf);
  const header = all[0]?.find(({ type }) => type === "IHDR");
  if (header === undefined) {
    throw new Error("there are no pictures to join");
  }
  let sequence = 0;
  const body = all.flatMap((chunks, index) => {
    const delay = index === all.length - 1 ? 3 * delayMs : delayMs;
    const control = chunk("fcTL", Buffer.concat([numbers(sequence++), header.data.subarray(0, 8), timing(delay)]));
    const pixels = chunks.filter(({ type }) => type === "IDAT");
    // The first frame is an ordinary picture, for programs that know no others.
    const parts = pixels.map(({ data }) => (index === 0 ? chunk("IDAT", data) : chunk("fdAT", Buffer.concat([numbers(sequence++), data]))));
    return [control, ...parts];
  });
  const control = chunk("acTL", numbers(frames.length, 0));
  return Buffer.concat([SIGNATURE, chunk("IHDR", header.data), control, ...body, chunk("IEND", Buffer.alloc(0))]);
}

/** The chunks of a PNG file. */
export function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    chunks.push({ type: file.toString("latin1", at + 4, at + 8), data: file.subarray(at + 8, end) });
    at = end + 4;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([numbers(data.length), named, numbers(crc32(named))]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

/** The end of a frame's control: no offset, the delay as a fraction of a second, and the frame replaces the last. */
function timing(delayMs: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeUInt16BE(delayMs, 8);
  bytes.writeUInt16BE(1000, 10);
  return bytes;
}
