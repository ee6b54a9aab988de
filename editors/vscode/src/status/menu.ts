/** The menu of the status item. Pure: which entries there are, for the state. */

import type { Phase } from "../client/phase";
import type { ServerStatus } from "./server";

/** One line of the menu; `command` is run without arguments. */
export interface Entry {
  readonly label: string;
  readonly description?: string;
  readonly command: string;
}

/** The entries, the most useful first. */
export function menuEntries(phase: Phase, status: ServerStatus | undefined, eagerness: number): Entry[] {
  return [...forServer(phase, status, eagerness), ...always(phase)];
}

function forServer(phase: Phase, status: ServerStatus | undefined, eagerness: number): Entry[] {
  if (phase.kind !== "running") {
    return [];
  }
  return [
    ...pauses(status),
    { label: "$(settings) Eagerness", description: String(eagerness), command: "mim.setEagerness" },
    { label: "$(package) Model", description: status?.model ?? "none", command: "mim.selectModel" },
    { label: "$(question) Explain Last Suggestion", command: "mim.explain" },
    { label: "$(graph) Statistics", command: "mim.showStatistics" },
  ];
}

/** While everything is paused, nothing can be done for one file. */
function pauses(status: ServerStatus | undefined): Entry[] {
  if (status?.pausedEverywhere === true) {
    return [{ label: "$(play) Resume Everywhere", command: "mim.toggleEverywhere" }];
  }
  const here = status?.paused === true ? "$(play) Resume" : "$(debug-pause) Pause";
  const everywhere = status?.pausedEverywhere === false ? "Pause" : "Pause or Resume";
  return [
    { label: `${here} in This File`, command: "mim.toggleFile" },
    { label: `$(circle-slash) ${everywhere} Everywhere`, command: "mim.toggleEverywhere" },
  ];
}

function always(phase: Phase): Entry[] {
  const install = [
    { label: "$(cloud-download) Install Server", command: "mim.install" },
    { label: "$(file) Install Server from a Wheel", command: "mim.installWheel" },
  ];
  return [
    ...(phase.kind === "missing" ? install : []),
    { label: "$(pulse) Check Installation (Doctor)", command: "mim.doctor" },
    { label: "$(output) Show Log", command: "mim.openLog" },
    { label: "$(debug-restart) Restart Server", command: "mim.restart" },
    { label: "$(gear) Settings", command: "mim.openSettings" },
  ];
}
