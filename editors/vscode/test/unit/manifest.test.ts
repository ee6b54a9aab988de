import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.resolve(__dirname, "../..");
const SOURCES = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(path.join(ROOT, "src", name), "utf8"));

interface Manifest {
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, { readonly scope: string }>> }[];
    readonly walkthroughs: readonly { readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[] }[];
  };
}

const MANIFEST = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
const TITLED = MANIFEST.contributes.commands.map((each) => each.command);
const STEPS = MANIFEST.contributes.walkthroughs.flatMap((each) => each.steps);

test("every command with a title is registered, and the other way round", () => {
  const source = readFileSync(path.join(ROOT, "src/commands/register.ts"), "utf8");
  const registered = Array.from(source.matchAll(/^ {4}"(mim\.\w+)":/gm), (found) => found[1]);
  expect(registered.sort()).toEqual(TITLED.toSorted());
});

test("the walkthrough's links and pages exist", () => {
  const linked = STEPS.flatMap((step) => Array.from(step.description.matchAll(/command:([\w.]+)/g), (found) => found[1]));
  expect(TITLED).toEqual(expect.arrayContaining(linked));
  expect(STEPS.map((step) => existsSync(path.join(ROOT, step.media.markdown)))).not.toContain(false);
  expect(existsSync(path.join(ROOT, MANIFEST.icon))).toBe(true);
});

test("a workspace can name no program before it is trusted", () => {
  const properties = Object.assign({}, ...MANIFEST.contributes.configuration.map((each) => each.properties)) as Record<string, { scope: string }>;
  const restricted = MANIFEST.capabilities.untrustedWorkspaces.restrictedConfigurations;
  expect(restricted).toEqual(expect.arrayContaining(["mim.server.path", "mim.server.args"]));
  expect(restricted.filter((name) => !(name in properties))).toEqual([]);
  expect(properties["mim.model"]?.scope).toBe("machine");
});

test("no setting is offered for one folder of several: the server asks for one set", () => {
  const scopes = MANIFEST.contributes.configuration.flatMap((each) => Object.values(each.properties)).map((each) => each.scope);
  expect([...new Set(scopes)].sort()).toEqual(["machine", "machine-overridable", "window"]);
});

test("the README has all commands", () => {
  const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
  const table = Array.from(readme.matchAll(/^\| \*MIM: (.+?)\* \|/gm), (found) => found[1]);
  expect(table).toEqual(MANIFEST.contributes.commands.map((each) => each.title));
});

test("settings that the sources read are contributed", () => {
  const names = MANIFEST.contributes.configuration.flatMap((each) => Object.keys(each.properties));
  const read = SOURCES.flatMap((source) => Array.from(source.matchAll(/\("mim"\)\s*\.get(?:<[^>]*>)?\("([\w.]+)"/g), (found) => `mim.${String(found[1])}`));
  expect(read.length).toBeGreaterThan(3);
  expect(names).toEqual(expect.arrayContaining(read));
});
