/** Gives the reader a file. */
import { h } from "./dom.ts";

export function saveFile(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(url));
}
