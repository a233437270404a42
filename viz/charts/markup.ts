/**
 * Markup as values: text is always escaped, markup never twice. Everything that the charts and the report write goes through `el`,
 * so that a name from a file cannot become a tag. What comes out is both HTML and well-formed XML.
 */

/** A piece of HTML or SVG that is finished. */
export interface Markup {
  readonly html: string;
}

/** Texts and numbers are escaped; null is nothing. */
export type Child = Markup | string | number | null | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | null>>;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Fit for text and for attributes in quotes; characters that XML forbids become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
    .replaceAll(/[&<>"']/g, (found) => ESCAPES[found] ?? found);
}

/** An element; attributes that are null are left out, elements without children close themselves. */
export function el(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const body = render(children);
  const head = `<${name}${attributesText(attributes)}`;
  const closed = body === "" && CLOSES_ITSELF.test(name);
  return { html: closed ? `${head}/>` : `${head}>${body}</${name}>` };
}

/** HTML's void elements, and shapes of SVG. */
const CLOSES_ITSELF = /^(meta|link|br|hr|img|input|path|line|rect|circle|polyline|polygon|use)$/;

function attributesText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => (value === null ? "" : ` ${key}="${escapeText(String(value))}"`))
    .join("");
}

function render(child: Child): string {
  if (child === null) return "";
  if (typeof child === "string") return escapeText(child);
  if (typeof child === "number") return String(child);
  if (isMarkup(child)) return child.html;
  return child.map(render).join("");
}

function isMarkup(child: Markup | readonly Child[]): child is Markup {
  return "html" in child;
}

/** Several pieces as one. */
export function group(...children: readonly Child[]): Markup {
  return { html: render(children) };
}

/** A coordinate: tenths of a pixel are more than a screen shows. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

/** At most `length` characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}\u2026`;
}
