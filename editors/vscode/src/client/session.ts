/** The life of the server: found, started, started again when it dies, stopped. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { findServer } from "../server/find";
import type { ManagedEnvironment } from "../server/managed";
import { ORIGIN_NAMES } from "../server/candidates";
import { type Found, type Search, whyMissing } from "../server/probe";
import { Backoff } from "./backoff";
import type { Hooks } from "./create";
import type { Phase } from "./phase";
import { Queue } from "./queue";

/** Keeps one server running. All starts and stops go through one queue. */
export class Session implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Phase>();
  /** Fires whenever `phase` has become another one. */
  readonly onDidChange = this.changed.event;
  private current: Phase = { kind: "stopped" };
  private lastSearch: Search | undefined;
  private readonly queue = new Queue();
  private readonly backoff = new Backoff();
  private running: LanguageClient | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly managed: ManagedEnvironment,
    private readonly log: vscode.LogOutputChannel,
    private readonly hooks: Hooks,
  ) {}

  get phase(): Phase {
    return this.current;
  }

  /** The client, while the server runs. */
  get client(): LanguageClient | undefined {
    return this.current.kind === "running" ? this.running : undefined;
  }

  /** How the server was looked for the last time. */
  get search(): Search | undefined {
    return this.lastSearch;
  }

  /** Start the server, or start it again: what was wrong before is forgotten. */
  async restart(): Promise<void> {
    this.backoff.forget();
    await this.queue.run(() => this.renew());
  }

  /** Stop the server; it stays stopped until `restart`. */
  async stop(): Promise<void> {
    await this.queue.run(async () => {
      await this.end();
      this.become({ kind: "stopped" });
    });
  }

  dispose(): void {
    clearTimeout(this.retry);
    this.changed.dispose();
  }

  private async renew(): Promise<void> {
    await this.end();
    this.become({ kind: "starting" });
    try {
      await this.findAndLaunch();
    } catch (error) {
      // Whatever it is: else the state would be "starting" for ever.
      const reason = error instanceof Error ? error.message : String(error);
      this.log.error(`The server could not be started: ${reason}`);
      this.become({ kind: "failed", detail: `the server could not be started: ${reason}` });
    }
  }

  private async findAndLaunch(): Promise<void> {
    this.lastSearch = await findServer(this.managed, this.log);
    for (const { line, outcome } of this.lastSearch.attempts.filter((each) => !each.isAbsent)) {
      this.log.info(`${line}: ${outcome}`);
    }
    const found = this.lastSearch.found;
    if (found === undefined) {
      this.log.warn("No server was found.");
      this.become({ kind: "missing", detail: whyMissing(this.lastSearch) });
      return;
    }
    await this.launch(found);
  }

  private async launch(found: Found): Promise<void> {
    const server = `mim-lsp ${found.version} of ${ORIGIN_NAMES[found.origin]}`;
    this.log.info(`Starting ${server}: ${[found.command, ...found.args].join(" ")}`);
    // The library is loaded only now: it would be most of what the activation takes.
    const { createClient } = await import("./create");
    const client = createClient(found, this.log, this.hooks, () => { this.died(client); });
    this.running = client;
    try {
      await client.start();
      this.become({ kind: "running", server });
    } catch (error) {
      this.log.error(`The server did not start: ${String(error)}`);
      this.died(client);
    }
  }

  /** The server has gone without having been told to. */
  private died(client: LanguageClient): void {
    if (client !== this.running) {
      return;
    }
    this.running = undefined;
    const wait = this.backoff.crashed(Date.now());
    if (wait === undefined) {
      this.become({ kind: "failed", detail: "the server stopped too often" });
      return;
    }
    this.log.warn(`The server stopped; it is started again in ${wait} ms.`);
    this.become({ kind: "waiting", seconds: wait / 1000 });
    this.retry = setTimeout(() => void this.queue.run(() => this.renew()), wait);
  }

  private async end(): Promise<void> {
    clearTimeout(this.retry);
    const client = this.running;
    this.running = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => { this.log.warn(`The server did not stop well: ${String(error)}`); });
    }
  }

  private become(phase: Phase): void {
    this.current = phase;
    this.changed.fire(phase);
  }
}
