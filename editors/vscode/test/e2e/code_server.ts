/** VS Code as a web server, with our extension installed. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

import type { Home } from "./home.ts";
import { CODE_SERVER } from "./programs.ts";
import { until } from "./until.ts";

const ADDRESS = /HTTP server listening on (http:\S+)/;
const OPTIONS = ["--auth=none", "--bind-addr=127.0.0.1:0", "--disable-telemetry", "--disable-update-check"];

export class CodeServer {
  /** Where a browser finds it. */
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(address: string, process: ChildProcess) {
    this.address = address;
    this.#process = process;
  }

  /** Install the extensions and start. Without `trusting` no workspace is trusted at first. */
  static async start(home: Home, trusting: boolean): Promise<CodeServer> {
    const places = [`--user-data-dir=${home.user}`, `--extensions-dir=${home.extensions}`, `--config=${home.folder}/c.yaml`];
    const command = [CODE_SERVER, ...places];
    const env = home.environment;
    const installing = home.packages.flatMap((each) => ["--install-extension", each]);
    execFileSync(process.execPath, [...command, ...installing], { env, stdio: "pipe" });
    const options = [...OPTIONS, ...(trusting ? ["--disable-workspace-trust"] : [])];
    const child = spawn(process.execPath, [...command, ...options], { env, stdio: ["ignore", "pipe", "pipe"] });
    return new CodeServer(await addressOf(child), child);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
    }
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data: Buffer) => (output += data.toString()));
  }
  return until("code-server to listen", () => {
    if (child.exitCode !== null) {
      throw new Error(`code-server has ended:\n${output}`);
    }
    return ADDRESS.exec(output)?.[1];
  });
}
