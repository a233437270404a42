/**
 * GraphML to nodes and edges (graphml.graphdrawing.org/specification): strict XML by saxes, entities of XML only (a
 * document type is passed over, what it declares is unknown), bounded depth. Attributes are known by their `attr.name`.
 */
import { SaxesParser } from "saxes";
import { err, ok, type Result } from "../../core/result.ts";
import { type Problem, shown, withSources } from "../problems.ts";
import { closest } from "../suggest.ts";
import { checkText, type SourceFile, TextFile } from "./source.ts";

/** Deeper nesting is no graph. */
const MAX_DEPTH = 64;
/** Longest text of one attribute kept. */
const MAX_VALUE = 1_000;

/** A value and where it stands. */
export interface Datum {
  readonly text: string;
  readonly offset: number;
}

export type Data = ReadonlyMap<string, Datum>;

export interface GraphNode {
  readonly id: string;
  readonly offset: number;
  readonly data: Data;
}

export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly directed: boolean;
  readonly offset: number;
  readonly data: Data;
}

export interface Graph {
  readonly file: TextFile;
  readonly data: Data;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** `<hyperedge>` elements passed over. */
  readonly hyperedges: number;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly offset: number;
  readonly data: Map<string, Datum>;
  text: string;
}

/** Ends the parse at the first thing that is not well formed: what follows would only follow from it. */
class Malformed extends Error {}

/** Children of each element; those of `null` are anything and mean nothing here. */
const CHILDREN: ReadonlyMap<string, readonly string[] | null> = new Map([
  ["graphml", ["desc", "key", "data", "graph"]],
  ["graph", ["desc", "data", "node", "edge", "hyperedge", "locator"]],
  ["node", ["desc", "data", "port", "locator"]],
  ["edge", ["desc", "data"]],
  ["key", ["desc", "default"]],
  ["data", null],
  ["default", null],
  ["desc", null],
  ["port", null],
  ["hyperedge", null],
  ["locator", null],
]);

export function readGraphml(source: SourceFile): Result<Graph, readonly Problem[]> {
  const checked = checkText(source, "GraphML");
  if (!checked.ok) return checked;
  const file = new TextFile(checked.value);
  const reader = new Reader(file);
  try {
    reader.read();
  } catch (fault) {
    if (!(fault instanceof Malformed)) throw fault;
  }
  if (file.problemCount === 0 && !reader.sawGraph) {
    file.add(0, { message: "the file has no graph", expected: "<graphml> with a <graph>", found: "none" });
  }
  return file.problemCount > 0 ? err(withSources(file.problems, file.text)) : ok(reader.graph());
}

class Reader {
  readonly #file: TextFile;
  readonly #parser = new SaxesParser({ xmlns: false, position: true });
  readonly #open: Element[] = [];
  /** `attr.name` by key id. */
  readonly #keys = new Map<string, string>();
  readonly #nodes: GraphNode[] = [];
  readonly #edges: GraphEdge[] = [];
  #graphData: Data = new Map();
  #directed = false;
  #hyperedges = 0;
  sawGraph = false;

  constructor(file: TextFile) {
    this.#file = file;
  }

  read(): void {
    const parser = this.#parser;
    parser.on("error", (error) => this.#malformed(error.message.replace(/^\d+:\d+: /, "")));
    parser.on("opentag", ({ name, attributes }) => this.#openTag(name, attributes));
    parser.on("text", (text) => this.#addText(text));
    parser.on("cdata", (text) => this.#addText(text));
    parser.on("closetag", () => this.#closeTag());
    parser.write(this.#file.text).close();
  }

  graph(): Graph {
    const [file, nodes, edges] = [this.#file, this.#nodes, this.#edges];
    return { file, data: this.#graphData, nodes, edges, hyperedges: this.#hyperedges };
  }

  #malformed(message: string): never {
    const offset = Math.min(Math.max(0, this.#parser.position - 1), this.#file.text.length);
    const found =
      offset >= this.#file.text.length ? "the end of the file" : shown(this.#file.text.slice(offset, offset + 20));
    this.#file.add(offset, { message: `not well-formed XML: ${message}`, expected: "well-formed XML", found });
    throw new Malformed(message);
  }

  #openTag(name: string, attributes: Readonly<Record<string, string>>): void {
    // "<" stands nowhere within a tag but at its beginning.
    const offset = Math.max(0, this.#file.text.lastIndexOf("<", this.#parser.position - 1));
    if (this.#open.length >= MAX_DEPTH) {
      this.#file.add(offset, {
        message: `nested more than ${MAX_DEPTH} deep`,
        expected: "a graph",
        found: shown(name),
      });
      throw new Malformed(name);
    }
    const parent = this.#open.at(-1);
    this.#open.push({ name, attributes, offset, data: new Map(), text: "" });
    if (this.#means()) this.#checkElement(name, offset, parent);
    if (name === "graph" && parent?.name === "graphml") this.#beginGraph(attributes, offset);
    if (name === "hyperedge" && parent?.name === "graph") this.#hyperedges++;
  }

  /** Whether the innermost element means something: none around it holds just anything. */
  #means(): boolean {
    return this.#open.slice(0, -1).every(({ name }) => CHILDREN.get(name) !== null);
  }

  #checkElement(name: string, offset: number, parent: Element | undefined): void {
    const allowed = parent === undefined ? ["graphml"] : (CHILDREN.get(parent.name) ?? []);
    if (allowed.includes(name)) return;
    const where = parent === undefined ? "at the root" : `in <${parent.name}>`;
    const message = `unexpected element <${name}> ${where}`;
    const expected = allowed.map((child) => `<${child}>`).join(", ");
    const didYouMean = this.#file.full ? undefined : closest(name, allowed);
    this.#file.add(offset, { message, expected, found: shown(name), didYouMean });
  }

  #beginGraph({ edgedefault }: Readonly<Record<string, string>>, offset: number): void {
    if (this.sawGraph) this.#file.add(offset, { message: "a second graph", expected: "one graph", found: "<graph>" });
    this.sawGraph = true;
    this.#directed = edgedefault === "directed";
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element?.name === "data" && element.text.length < MAX_VALUE) element.text += text.slice(0, MAX_VALUE);
  }

  #closeTag(): void {
    const element = this.#open.pop();
    const parent = this.#open.at(-1);
    if (element === undefined || this.#open.some(({ name }) => CHILDREN.get(name) === null)) return;
    if (element.name === "key") this.#addKey(element);
    else if (element.name === "data" && parent !== undefined) this.#addDatum(element, parent);
    else if (element.name === "node") this.#addNode(element);
    else if (element.name === "edge") this.#addEdge(element);
    else if (element.name === "graph") this.#graphData = element.data;
  }

  #attribute({ name, attributes, offset }: Element, key: string): string {
    const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    if (value !== undefined) return value;
    this.#file.add(offset, { message: `<${name}> has no ${key}`, expected: key, found: "nothing" });
    return "";
  }

  #addKey(element: Element): void {
    const id = this.#attribute(element, "id");
    if (this.#keys.has(id)) {
      const message = `key ${shown(id)} stands here twice`;
      this.#file.add(element.offset, { message, expected: "each key once", found: shown(id) });
    }
    this.#keys.set(id, element.attributes["attr.name"] ?? id);
  }

  #addDatum(element: Element, parent: Element): void {
    const key = this.#attribute(element, "key");
    const name = this.#keys.get(key);
    if (name !== undefined) {
      parent.data.set(name, { text: element.text.trim(), offset: element.offset });
      return;
    }
    const didYouMean = this.#file.full ? undefined : closest(key, this.#keys.keys());
    const message = `unknown key ${shown(key)}: no <key> before it has this id`;
    this.#file.add(element.offset, { message, expected: "the id of a <key>", found: shown(key), didYouMean });
  }

  #addNode(element: Element): void {
    const { offset, data } = element;
    this.#nodes.push({ id: this.#attribute(element, "id"), offset, data });
  }

  #addEdge(element: Element): void {
    const { offset, data, attributes } = element;
    const [source, target] = [this.#attribute(element, "source"), this.#attribute(element, "target")];
    const directed = attributes["directed"] === undefined ? this.#directed : attributes["directed"] === "true";
    this.#edges.push({ source, target, directed, offset, data });
  }
}
