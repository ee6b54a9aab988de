/** Functions that run inside the page: each must be complete in itself. */

/** The ghost text as it stands on the screen, "" if there is none. */
export function ghostText(): string {
  const inline = Array.from(document.querySelectorAll(".ghost-text-decoration"), (part) => part.textContent);
  const below = Array.from(document.querySelectorAll(".suggest-preview-text .view-line"), (line) => line.textContent);
  return [inline.join(""), ...below].join("\n").replaceAll("\u00a0", " ");
}

/** The whole line of the cursor as it looks, with ghost text; "" if no cursor is in view. */
export function cursorLine(): string {
  const cursor = document.querySelector(".editor-instance .cursors-layer .cursor")?.getBoundingClientRect();
  const middle = cursor === undefined ? -1 : (cursor.top + cursor.bottom) / 2;
  for (const line of document.querySelectorAll(".editor-instance .view-lines .view-line")) {
    const place = line.getBoundingClientRect();
    if (place.top <= middle && middle < place.bottom) {
      return line.textContent.replaceAll("\u00a0", " ");
    }
  }
  return "";
}

/** Begin to note what `look` returns in each frame that is drawn. */
export function recordFrames(look: () => string): void {
  const page = window as unknown as { mimLooks: Set<string> | null };
  const looks = new Set<string>();
  page.mimLooks = looks;
  const note = (): void => {
    if (page.mimLooks === looks) {
      looks.add(look());
      requestAnimationFrame(note);
    }
  };
  note();
}

/** Stop, and return each different look once, in the order of their first frames. */
export function recordedFrames(): string[] {
  const page = window as unknown as { mimLooks: Set<string> | null };
  const looks = [...(page.mimLooks ?? [])];
  page.mimLooks = null;
  return looks;
}
