/** The environment of the programs that are started. */

/** This process's own; Python reads and writes UTF-8 in it, and imports nothing from the folder in which it is started. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  // With `-m` that folder would come first, and it is the workspace: its `pygls.py` is not the one that the server wants,
  // and in a workspace that is not trusted it must not run at all.
  return { ...process.env, PYTHONUTF8: "1", PYTHONSAFEPATH: "1" };
}
