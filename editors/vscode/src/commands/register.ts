/** The commands by their ids; package.json has their titles. */

import * as vscode from "vscode";

import { installServer, installWheel } from "../server/install";
import { doctor } from "./doctor";
import * as editor from "./editor";
import type { Parts } from "./parts";
import * as server from "./server";
import * as tools from "./tools";

/** Register all commands. The server's own (`mim.toggle` and others) are registered by the client library. */
export function registerCommands(parts: Parts): void {
  const commands: Readonly<Record<string, (parts: Parts) => Promise<void> | void>> = {
    "mim.menu": editor.showMenu,
    "mim.trigger": editor.trigger,
    "mim.setEagerness": editor.setEagerness,
    "mim.tryDemo": editor.tryDemo,
    "mim.openWalkthrough": editor.openWalkthrough,
    "mim.openSettings": editor.openSettings,
    "mim.toggleFile": server.toggleFile,
    "mim.toggleEverywhere": server.toggleEverywhere,
    "mim.explain": server.explain,
    "mim.doctor": doctor,
    "mim.showStatistics": tools.showStatistics,
    "mim.selectModel": tools.selectModel,
    "mim.install": (it) => install(it, installServer),
    "mim.installWheel": (it) => install(it, installWheel),
    "mim.restart": (it) => it.session.restart(),
    "mim.openLog": (it) => { it.log.show(); },
  };
  for (const [id, run] of Object.entries(commands)) {
    parts.context.subscriptions.push(vscode.commands.registerCommand(id, () => run(parts)));
  }
}

/** Install in one of the ways; what was there before is taken away when no server runs in it any more. */
async function install(parts: Parts, way: typeof installServer): Promise<void> {
  if (await way(parts.managed, parts.log)) {
    await parts.session.restart();
    await parts.managed.tidy();
    await editor.offerInstalled();
  }
}
