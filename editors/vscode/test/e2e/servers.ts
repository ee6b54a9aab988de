/** Settings that name the server to start. */

import path from "node:path";

import type { Home, Settings } from "./home.ts";
import { PYTHON, ROOT } from "./programs.ts";

/** A server whose answers are written down: tests/server/scripted_server.py says which. */
export function scripted(home: Home): Settings {
  return started(home, [PYTHON, path.join(ROOT, "tests/server/scripted_server.py")]);
}

/** The server that people get, with the model in the box. */
export function real(home: Home): Settings {
  return started(home, [PYTHON, "-m", "mim_lsp"]);
}

/** A server that is not there. */
export function missing(home: Home): Settings {
  return { "mim.server.path": path.join(home.folder, "no-such-server") };
}

function started(home: Home, command: readonly string[]): Settings {
  return { "mim.server.path": home.launcher(command) };
}
