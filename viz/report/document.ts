/** A page as one file that holds everything it shows: it asks nothing of any server. */
import { chartCss } from "../charts/palette.ts";
import { type Child, el } from "../charts/markup.ts";
import { REPORT_CSS } from "./style.ts";

/** Nothing may be fetched, whatever a name smuggled in. */
const SECURITY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole file. Text in `body` is escaped already, as `el` does it. */
export function pageHtml(title: string, body: readonly Child[]): string {
  const head = el(
    "head",
    {},
    el("meta", { charset: "utf-8" }),
    el("meta", { "http-equiv": "Content-Security-Policy", content: SECURITY }),
    el("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    el("meta", { name: "color-scheme", content: "light dark" }),
    el("title", {}, title),
    // Style and script are our own texts, never data: they go in as they are.
    el("style", {}, { html: `${chartCss()}\n${REPORT_CSS}` }),
  );
  return `<!DOCTYPE html>\n${el("html", { lang: "en" }, head, el("body", {}, ...body)).html}\n`;
}
