/** Elements as expressions. Texts become text nodes and attributes, never markup: nothing of a file can become a tag. */

type Value = string | number | boolean | null | undefined;
/** Of events the library of types does not name. */
type Hear = (event: never) => void;

type Listeners<Target> = {
  readonly [Name in keyof GlobalEventHandlersEventMap as `on${Name}`]?: (
    event: GlobalEventHandlersEventMap[Name] & { readonly currentTarget: Target },
  ) => void;
};

/**
 * Attributes by the name HTML gives them (`class`, `for`, `aria-label`, `data-x`); false, null and undefined leave one out, true writes it
 * empty (`aria-*`: "true" and "false"). Functions `onX` listen to event x. `style` sets properties by their CSS name, custom ones too.
 */
export type Attributes<Target = Element> = Listeners<Target> & { readonly style?: Readonly<Record<string, Value>> } & {
  readonly [name: string]: Value | Hear | Readonly<Record<string, Value>>;
};

export type Child = Node | string | number | null | undefined | false | readonly Child[];

const SVG = "http://www.w3.org/2000/svg";

/** `h("button", { type: "button", class: "time-play", onclick: play }, "Play")` */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG's namespace. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes<SVGElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Takes everything out of `root` and puts `children` in. */
export function clear(root: Element, ...children: readonly Child[]): void {
  root.replaceChildren(...nodesOf(children));
}

/** Gives an element attributes and listeners by the rules of `h`. */
export function setAttributes<Kind extends Element>(element: Kind, attributes: Attributes<Kind>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (typeof value === "object" && value !== null) setStyle(element, value);
    else setAttribute(element, name, value);
  }
}

/** What it returns asks for `draw` at the next picture; asked several times before it, `draw` runs once. */
export function onFrame(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

function filled<Kind extends Element>(element: Kind, attributes: Attributes<Kind>, children: readonly Child[]): Kind {
  setAttributes(element, attributes);
  element.append(...nodesOf(children));
  return element;
}

function setAttribute(element: Element, name: string, value: Value): void {
  const spoken = name.startsWith("aria-") && typeof value === "boolean" ? String(value) : value;
  if (spoken === null || spoken === undefined || spoken === false) element.removeAttribute(name);
  else element.setAttribute(name, spoken === true ? "" : String(spoken));
}

function setStyle(element: Element, properties: Readonly<Record<string, Value>>): void {
  if (!("style" in element)) return;
  const style = element.style as CSSStyleDeclaration;
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) style.removeProperty(name);
    else style.setProperty(name, String(value));
  }
}

function nodesOf(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child): (Node | string)[] => {
    if (child === null || child === undefined || child === false) return [];
    if (child instanceof Node) return [child];
    if (typeof child === "object") return nodesOf(child);
    return [String(child)];
  });
}
