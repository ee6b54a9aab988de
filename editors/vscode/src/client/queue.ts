/** One thing after the other: starts and stops of the server must not overlap. */

/** Runs asynchronous tasks in the order in which they came; of those that wait, only the newest is kept. */
export class Queue {
  private running: Promise<void> | undefined;
  private next: (() => Promise<void>) | undefined;

  /** Run `task` when the one that runs now is done; resolves when nothing is left to do. */
  async run(task: () => Promise<void>): Promise<void> {
    this.next = task;
    this.running ??= this.work();
    await this.running;
  }

  private async work(): Promise<void> {
    try {
      while (this.next !== undefined) {
        const task = this.next;
        this.next = undefined;
        await task();
      }
    } finally {
      this.running = undefined;
    }
  }
}
