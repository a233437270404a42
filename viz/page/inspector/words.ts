/** Figures as the inspector writes them. */
import type { Child } from "../dom.ts";
import { h } from "../dom.ts";

/** "3.250 000 s" down to the nanosecond where there is something to see: 2.615 304 s. */
export function instantText(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(6).replace(/(\.\d{3})(\d{3})$/, "$1\u202f$2")} s`;
}

export function spanText(nanoseconds: number): string {
  const size = Math.abs(nanoseconds);
  const [unit, length] = size >= 1e9 ? ["s", 1e9] : size >= 1e6 ? ["ms", 1e6] : size >= 1e3 ? ["us", 1e3] : ["ns", 1];
  return `${Number((nanoseconds / length).toPrecision(4))} ${unit}`;
}

export function countText(count: number): string {
  return Number.isInteger(count) ? count.toLocaleString("en") : String(Number(count.toPrecision(5)));
}

export function bytesText(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e4 ? ["kB", 1e3] : ["B", 1];
  return `${Number((bytes / size).toPrecision(4))} ${unit}`;
}

export function rateText(bps: number): string {
  const [unit, size] = bps >= 1e9 ? ["Gbit/s", 1e9] : bps >= 1e6 ? ["Mbit/s", 1e6] : ["kbit/s", 1e3];
  return `${Number((bps / size).toPrecision(4))} ${unit}`;
}

export function millisText(ms: number): string {
  return `${Number(ms.toPrecision(4))} ms`;
}

export function shareText(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** A fingerprint's first digits; the whole of it on hover. */
export function shortPath(fingerprint: string): HTMLElement {
  const isLong = /^[0-9a-f]{12,}$/.test(fingerprint);
  return h("code", { title: fingerprint }, isLong ? fingerprint.slice(0, 8) : fingerprint);
}

/** A list of what is called what. */
export function figures(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return h(
    "dl",
    { class: "insp-figures" },
    rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export interface Column<Row> {
  readonly head: string;
  readonly number?: boolean;
  cell(row: Row): Child;
}

/** A table that scrolls by itself where it is wider than the page; `isCurrent`: the row to be marked. */
export function tableOf<Row>(
  label: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  isCurrent?: (row: Row) => boolean,
): HTMLElement {
  const kind = ({ number }: Column<Row>): string | null => (number === true ? "number" : null);
  return h(
    "div",
    { class: "insp-scroll", role: "region", "aria-label": label, tabindex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col", class: kind(column) }, column.head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { "aria-current": isCurrent?.(row) === true ? "true" : null },
            columns.map((column) => h("td", { class: kind(column) }, column.cell(row))),
          ),
        ),
      ),
    ),
  );
}

/** A button that looks like a link. `key` finds it again when its list is made anew. */
export function linkButton(key: string, label: Child, act: () => void, title?: string): HTMLElement {
  return h(
    "button",
    { type: "button", class: "insp-link", "data-key": key, title: title ?? null, onclick: act },
    label,
  );
}
