// Bundles the extension into dist/extension.js, which VS Code loads at its start, and dist/client.js, which is loaded
// when a server is started: the language client is nine tenths of the code.
import { build } from "esbuild";

const CLIENT = { filter: /^\.\/create$/ };

/** @type {import("esbuild").BuildOptions} */
const OPTIONS = {
  outdir: "dist",
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  // `require`, and not `import()`: the editor gives the module "vscode" only to the former.
  supported: { "dynamic-import": false },
  legalComments: "eof",
  logLevel: "warning",
};

const leaveClientOut = {
  name: "leave the client out",
  setup: ({ onResolve }) => {
    onResolve(CLIENT, ({ kind }) => (kind === "dynamic-import" ? { path: "./client.js", external: true } : undefined));
  },
};

await Promise.all([
  build({ ...OPTIONS, entryPoints: ["src/extension.ts"], plugins: [leaveClientOut] }),
  build({ ...OPTIONS, entryPoints: { client: "src/client/create.ts" } }),
]);
