/** The real editor in a real browser: what a person does, and what a person sees. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { type BrowserContext, chromium, type Page } from "playwright-core";

import { animated } from "./animation.ts";
import { CodeServer } from "./code_server.ts";
import { Home, type Settings } from "./home.ts";
import { CHROMIUM, PICTURES } from "./programs.ts";
import { cursorLine, ghostText, recordFrames, recordedFrames } from "./screen.ts";
import { PATIENCE_MS, untilEqual } from "./until.ts";

const SIZE = { width: 960, height: 540 };
const CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
/** Where they are while nothing was scrolled. */
const FIRST_LINES = { x: 294, y: 90, width: 360, height: 190 };
const FRAME_MS = 400;
/** Like a person who types fast. */
const KEY_MS = 60;

export class Editor {
  readonly home: Home;
  readonly page: Page;
  readonly #server: CodeServer;
  readonly #browser: BrowserContext;
  #files = 0;

  private constructor(home: Home, server: CodeServer, browser: BrowserContext, page: Page) {
    this.home = home;
    this.#server = server;
    this.#browser = browser;
    this.page = page;
  }

  /** An editor that has never run before, with a workspace open that is empty but for what `settings` writes to it. */
  static async start(settings: (home: Home) => Settings, trusting = true): Promise<Editor> {
    const home = new Home();
    home.settings = settings(home);
    const server = await CodeServer.start(home, trusting);
    const options = { executablePath: CHROMIUM, headless: true, viewport: SIZE, args: CHROMIUM_OPTIONS };
    const env = home.environment as Record<string, string>;
    const browser = await chromium.launchPersistentContext(home.browser, { ...options, env });
    const page = browser.pages()[0] ?? (await browser.newPage());
    page.setDefaultTimeout(PATIENCE_MS);
    const editor = new Editor(home, server, browser, page);
    await editor.reload();
    return editor;
  }

  /** Load the window, or load it again: the extension is started anew. */
  async reload(): Promise<void> {
    await this.page.goto(`${this.#server.address}?folder=${this.home.workspace}`, { waitUntil: "domcontentloaded" });
    await this.page.waitForSelector(".monaco-workbench .explorer-folders-view");
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
    this.home.remove();
  }

  // --- files

  /** Write a new file, open it and put the cursor at the end of a line (from 1). Returns the file's name. */
  async open(text: string, line: number, ending = ".py"): Promise<string> {
    this.#files += 1;
    const name = `file${String(this.#files)}${ending}`;
    this.home.write(name, text);
    await this.#pick("Control+p", `${path.join(this.home.workspace, name)}:${String(line)}`, name);
    await this.untilFocused(name);
    await this.untilStatus(`Ln ${String(line)}, Col 1`);
    await this.press("End");
    return name;
  }

  /** Save the open file until its text is the expected one. The screen shows ghost text as well, the file has none. */
  async untilSaved(name: string, expected: string): Promise<void> {
    await this.page.keyboard.press("Control+s");
    await untilEqual(expected, () => this.home.read(name));
  }

  // --- keys

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: KEY_MS });
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Run a command of the command palette by its title. */
  async command(title: string): Promise<void> {
    await this.#pick("F1", title, title);
  }

  /** Give the open input box a text: the question for a file, or for anything else. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget .quick-input-box input");
    await input.waitFor();
    // The question for a file first puts its own folder there, and then lists that of the path before it takes Enter.
    for (let pause = 250; await input.isVisible(); pause *= 2) {
      assert.ok(pause < 20_000, `the question does not take ${text}`);
      await input.fill(text);
      await this.page.waitForTimeout(pause);
      await input.press("Enter");
      await input.waitFor({ state: "hidden", timeout: 1_000 + pause }).catch(() => undefined);
    }
  }

  /** Change a user's setting as a person does in settings.json. */
  async set(key: string, value: unknown): Promise<void> {
    await this.command("Preferences: Open User Settings (JSON)");
    await this.untilFocused("settings.json");
    const settings = JSON.stringify({ ...this.home.settings, [key]: value });
    await this.press("Control+a", "Delete");
    await this.untilLine("");
    await this.page.keyboard.insertText(settings);
    await this.press("Control+s");
    await untilEqual(settings, () => this.home.settingsText);
    await this.command("View: Close Editor");
  }

  // --- what is seen

  /** The ghost text, "" if there is none. */
  ghost(): Promise<string> {
    return this.page.evaluate(ghostText);
  }

  /** The line of the cursor as it looks, ghost text included. */
  line(): Promise<string> {
    return this.page.evaluate(cursorLine);
  }

  async untilGhost(expected: string): Promise<void> {
    await untilEqual(expected, () => this.ghost());
  }

  async untilLine(expected: string): Promise<void> {
    await untilEqual(expected, () => this.line());
  }

  /** Wait until keys go to the file of this name: a cursor may be seen before that. */
  async untilFocused(name: string): Promise<void> {
    await this.page.waitForSelector(`.editor-instance .monaco-editor.focused[data-uri$="${name}"]`);
  }

  /** Wait until the status bar has an item that contains the text. */
  async untilStatus(text: string): Promise<void> {
    await this.page.locator(".statusbar-item", { hasText: text }).first().waitFor();
  }

  /** Wait until the extension's status item says that the server answers. */
  untilReady(): Promise<void> {
    return this.untilState("ready");
  }

  /** Wait until the extension's status item tells a screen reader this state. */
  async untilState(state: string): Promise<void> {
    await this.page.locator(`.statusbar-item [aria-label^="MIM: ${state}"]`).first().waitFor();
  }

  /** All different looks of the cursor's line in the frames that are drawn while something is done. */
  async looksDuring(something: () => Promise<void>): Promise<string[]> {
    await this.page.evaluate(`(${recordFrames.toString()})(${cursorLine.toString()})`);
    await something();
    return this.page.evaluate(recordedFrames);
  }

  /** Keep a picture of the whole editor. */
  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`), animations: "disabled", caret: "initial" });
  }

  /** A picture of the first lines of text alone, for an animation. */
  frame(): Promise<Buffer> {
    return this.page.screenshot({ clip: FIRST_LINES, caret: "initial" });
  }

  /** Keep frames as one picture that moves. */
  animation(name: string, frames: readonly Buffer[]): void {
    writeFileSync(path.join(PICTURES, `${name}.png`), animated(frames, FRAME_MS));
  }

  async #pick(key: string, text: string, row: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget .quick-input-box input");
    // What has just come up may take the keys, and then the box is gone again.
    for (let tries = 1; ; tries += 1) {
      await this.page.keyboard.press(key);
      try {
        // The box of F1 begins with the mark of commands.
        await input.fill(key === "F1" ? `>${text}` : text, { timeout: 10_000 });
        break;
      } catch (error) {
        if (tries === 3) {
          throw error;
        }
      }
    }
    const found = this.page.locator(".quick-input-list .monaco-list-row", { hasText: row }).first();
    await found.waitFor();
    await input.press("Enter");
    await found.waitFor({ state: "hidden" });
  }
}
