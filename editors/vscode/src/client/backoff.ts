/** How long to wait before a server that died is started again. */

/** The wait after the first crash, the second one, and so on, in milliseconds. After the last one we give up. */
export const DELAYS_MS = [250, 1000, 4000, 15_000] as const;
/** Crashes that are longer ago than this many milliseconds do not count any more. */
export const MEMORY_MS = 180_000;

/** Counts crashes. */
export class Backoff {
  private crashes: number[] = [];

  /** Note a crash at the time `now`; the milliseconds to wait, or undefined if there were too many. */
  crashed(now: number): number | undefined {
    this.crashes = this.crashes.filter((then) => now - then < MEMORY_MS);
    this.crashes.push(now);
    return DELAYS_MS[this.crashes.length - 1];
  }

  /** Forget all crashes: the user has asked for a new start. */
  forget(): void {
    this.crashes = [];
  }
}
