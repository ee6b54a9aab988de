/** Waiting for facts. The tests never wait for a time and then hope. */

import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";

/** Long enough for a machine that does other things as well. */
export const PATIENCE_MS = 60_000;
const STEP_MS = 20;

/**
 * Wait until `look()` returns something that is neither false, null, undefined nor empty, and return it.
 *
 * @param what what is waited for, for the message if it never comes
 */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited in vain for ${what}`);
    }
    await sleep(STEP_MS);
  }
}

/** Wait until `look()` returns the expected; the message of the error says what was there instead. */
export async function untilEqual<T>(expected: T, look: () => T | Promise<T>): Promise<void> {
  let last: T | undefined;
  const fits = async (): Promise<boolean> => isDeepStrictEqual((last = await look()), expected);
  await until(JSON.stringify(expected), fits).catch((error: unknown) => {
    throw new Error(`${String(error)}; there was ${JSON.stringify(last)}`);
  });
}
