/** One drawing of the network and what a run does to it: where a fork is looked at there are two. */
import type { Frame, OutlinedActor } from "../../../core/exploration.ts";
import type { App, Highlight } from "../app.ts";
import { currentTheme, flowColour } from "../colours.ts";
import { h, svg } from "../dom.ts";
import { CanvasPainter } from "./canvas-painter.ts";
import { asAt } from "./graph.ts";
import { nearestAs, nearestDirection, type Spot } from "./lines.ts";
import { type Colouring, type DrawnPacket, PacketLayer } from "./packets.ts";
import { classify, type Emphasis, emptyStates, NO_EMPHASIS, type Painter, type States, type View } from "./painter.ts";
import type { Scene } from "./scene.ts";
import { inSlices } from "./slices.ts";
import { SvgPainter } from "./svg-painter.ts";
import { Ways } from "./ways.ts";

/** Classes of links and ASes are set at most so often, in ms. */
const STATES_MS = 100;
/** Where motion is not wanted packets are drawn at most so often, in ms. */
const STILL_MS = 600;
/** Packets asked for. */
const MOST_PACKETS = 1000;
/** Pixels from the pointer to what it points at. */
const REACH = { packet: 7, as: 4, line: 7 };
/** Paths of packets on one link that are shown together. */
const MOST_WAYS = 8;

/** What the pointer or the keyboard is at. */
export type Target =
  | { readonly kind: "as"; readonly as: number }
  | { readonly kind: "direction"; readonly direction: number }
  | { readonly kind: "packet"; readonly packet: DrawnPacket };

const still = typeof matchMedia === "function" ? matchMedia("(prefers-reduced-motion: reduce)") : null;

export class Stage {
  readonly app: App;
  readonly root: HTMLElement;
  /** Holds the ASes that can have the focus. */
  readonly above: SVGSVGElement;
  readonly ways: Ways;
  readonly #below = svg("svg", { class: "map-layer", "aria-hidden": true, focusable: "false" });
  readonly #packets: PacketLayer;
  readonly #count = h("p", { class: "map-count" });
  readonly #ends: (() => void)[];
  #painter: Painter | null = null;
  #scene: Scene | null = null;
  #built = false;
  #stopBuilding: () => void = () => {};
  #view: View = { k: 1, x: 0, y: 0 };
  #frame: Frame | null = null;
  #states: States = emptyStates(0, 0);
  #statesAt = -Infinity;
  #packetsAt = -Infinity;
  #later: ReturnType<typeof setTimeout> | undefined;
  #visible = true;
  #colouring: Colouring = "flow";
  #emphasis: Emphasis = NO_EMPHASIS;
  #flow: number | null = null;
  #asked = 0;
  /** The AS that Tab leads to. */
  #tabStop = 0;

  constructor(app: App, caption: string, name: string) {
    this.app = app;
    this.ways = new Ways(app);
    const canvas = h("canvas", { class: "map-layer", "aria-hidden": true });
    this.above = svg("svg", { class: "map-layer", role: "application", "aria-label": name });
    this.#packets = new PacketLayer(canvas);
    const title = caption === "" ? null : h("p", { class: "map-caption" }, caption);
    this.root = h("div", { class: "map-stage" }, this.#below, canvas, this.above, title, this.#count);
    this.#ends = [
      app.on("frame", (frame) => this.#hear(frame)),
      app.on("selected", (actor) => this.#select(actor)),
      app.on("highlight", (what) => void this.#highlight(what)),
    ];
  }

  get frame(): Frame | null {
    return this.#frame;
  }

  get tabStop(): number {
    return this.#tabStop;
  }

  /** Other places, or another network. */
  show(scene: Scene | null, view: View, ready: () => void): void {
    this.#stopBuilding();
    const before = this.#scene;
    this.#scene = scene;
    this.#built = false;
    this.#packets.clear();
    this.#count.textContent = "";
    if (scene === null || this.#painter === null || before?.large !== scene.large) {
      this.#painter?.remove();
      this.#painter = scene === null ? null : this.#newPainter(scene.large);
    }
    if (before?.graph !== scene?.graph)
      this.#tabStop = Math.max(0, scene?.graph.ases.findIndex(({ core }) => core) ?? 0);
    if (scene === null || this.#painter === null) return;
    const painter = this.#painter;
    this.#states = emptyStates(2 * scene.graph.links.length, scene.graph.ases.length);
    this.#view = view;
    painter.view(view);
    this.#stopBuilding = inSlices(painter.build(scene), () => {
      this.#built = true;
      if (scene.graph.ases.length > 0) painter.element(this.#tabStop).setAttribute("tabindex", "0");
      this.#select(this.app.selected);
      this.#redraw();
      ready();
    });
  }

  #newPainter(large: boolean): Painter {
    return large
      ? new CanvasPainter(this.root, this.#packets.canvas, this.above)
      : new SvgPainter(this.#below, this.above);
  }

  /** The same places at another level of zoom. */
  resize(scene: Scene): void {
    this.#scene = scene;
    if (this.#built) this.#painter?.resize(scene);
  }

  move(view: View): void {
    this.#view = view;
    this.#painter?.view(view);
    this.#drawPackets();
  }

  /** After the window or the theme has changed. */
  refresh(): void {
    this.#packets.resize(this.root.clientWidth, this.root.clientHeight);
    if (this.#scene !== null) this.resize(this.#scene);
    this.#emphasize({});
    this.#drawPackets();
  }

  colour(colouring: Colouring): void {
    this.#colouring = colouring;
    this.#drawPackets();
  }

  /** Also tells the worker whether packets are wanted. */
  seen(visible: boolean): void {
    this.#visible = visible;
    if (this.app.outline !== null)
      this.app.ask("look", { map: visible, packets: MOST_PACKETS }).catch(() => {
        // The run is closed or has failed: the app says so by itself.
      });
    if (visible) this.#redraw();
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#stopBuilding();
    clearTimeout(this.#later);
    this.#painter?.remove();
    this.root.remove();
  }

  #hear(frame: Frame): void {
    this.#frame = frame;
    if (!this.#visible || !this.#built) return;
    const now = performance.now();
    const wait = still?.matches === true ? STILL_MS : 0;
    const [states, packets] = [this.#statesAt + STATES_MS - now, this.#packetsAt + wait - now];
    if (states <= 0) this.#drawStates();
    if (packets <= 0) this.#drawPackets();
    // What is put off is made up for, so that the last frame is seen in full.
    const rest = Math.max(states, packets);
    if (rest <= 0) return;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#redraw(), rest);
  }

  #redraw(): void {
    clearTimeout(this.#later);
    if (!this.#visible || !this.#built) return;
    this.#drawStates();
    this.#drawPackets();
  }

  #drawStates(): void {
    if (this.#frame === null) return;
    this.#statesAt = performance.now();
    classify(this.#frame, this.#states);
    this.#painter?.show(this.#states);
    const { underWay, packetDirection } = this.#frame;
    this.#count.textContent =
      packetDirection.length < underWay ? `${packetDirection.length} of ${underWay} packets shown` : "";
  }

  #drawPackets(): void {
    if (this.#frame === null || this.#scene === null || !this.#built || !this.#visible) return;
    this.#packetsAt = performance.now();
    this.#packets.draw(this.#frame, this.#scene.lines, this.#view, this.#colouring, this.#flow);
  }

  /** `at` in pixels from the upper left corner of the drawing. */
  target(at: Spot): Target | null {
    const scene = this.#scene;
    if (scene === null || !this.#built) return null;
    const { k, x, y } = this.#view;
    const place = { x: (at.x - x) / k, y: (at.y - y) / k };
    const as = nearestAs(scene.places, place, scene.level.radius + REACH.as / k);
    if (as !== null) return { kind: "as", as };
    const packet = this.#packets.at(at, REACH.packet);
    if (packet !== null) return { kind: "packet", packet };
    const direction = nearestDirection(scene.lines, place, REACH.line / k);
    return direction === null ? null : { kind: "direction", direction };
  }

  /** Marks the link pointed at; null: none. */
  point(link: number | null): void {
    if (link !== this.#emphasis.pointedLink) this.#emphasize({ pointedLink: link });
  }

  /** What is to be seen end to end of the packet or link pointed at; null: nothing. */
  async wayOf(target: Target): Promise<Highlight | null> {
    const [frame, outline] = [this.#frame, this.app.outline];
    if (frame === null || outline === null || target.kind === "as") return null;
    const wanted = new Map<string, readonly [flow: number, path: number]>();
    if (target.kind === "packet") wanted.set("", [target.packet.flow, target.packet.path]);
    else
      for (let n = 0; n < frame.packetDirection.length && wanted.size < MOST_WAYS; n++) {
        if ((frame.packetDirection[n] ?? -1) >> 1 !== target.direction >> 1) continue;
        const [flow, path] = [frame.packetFlow[n] ?? -1, frame.packetPath[n] ?? -1];
        wanted.set(`${flow} ${path}`, [flow, path]);
      }
    const ways = await Promise.all(
      [...wanted.values()].flatMap(([flow, path]) => {
        const id = outline.flows[flow]?.id;
        return id === undefined ? [] : [this.ways.highlight(id, frame.paths[path] ?? null)];
      }),
    );
    const directions = [...new Set(ways.flatMap((way) => way.directions))];
    const [first, second] = ways;
    if (first === undefined || directions.length === 0) return null;
    return second === undefined ? first : { flow: null, path: null, directions };
  }

  async #highlight(what: Highlight | null): Promise<void> {
    const asked = ++this.#asked;
    const whole =
      what !== null && what.flow !== null && what.directions.length === 0
        ? await this.ways.highlight(what.flow, what.path)
        : what;
    if (asked !== this.#asked) return;
    const flow = this.app.outline?.flows.findIndex(({ id }) => id === whole?.flow) ?? -1;
    this.#flow = flow < 0 ? null : flow;
    const directions = whole === null || whole.directions.length === 0 ? null : new Set(whole.directions);
    this.#emphasize({ directions, colour: flow < 0 ? currentTheme().accent : flowColour(flow) });
    this.#drawPackets();
  }

  #select(actor: string | null): void {
    const outline = this.app.outline;
    const direction = actor === null ? -1 : (outline?.directions.indexOf(actor) ?? -1);
    const ia = outline?.actors.find(({ id }) => id === actor)?.ia ?? "";
    const as = direction < 0 ? this.#scene?.graph.indexOf.get(ia) : undefined;
    this.#emphasize({ selectedAs: as ?? null, selectedDirection: direction < 0 ? null : direction });
  }

  #emphasize(change: Partial<Emphasis>): void {
    this.#emphasis = { ...this.#emphasis, ...change };
    if (this.#built) this.#painter?.emphasize(this.#emphasis);
  }

  /** Gives an AS the focus, and Tab leads there from now on. */
  focus(as: number): void {
    const painter = this.#painter;
    if (painter === null || !this.#built) return;
    if (as !== this.#tabStop) painter.element(this.#tabStop).setAttribute("tabindex", "-1");
    this.#tabStop = as;
    const element = painter.element(as);
    element.setAttribute("tabindex", "0");
    element.focus({ preventScroll: true });
  }

  /** Actors of an AS, its node first; those of its links are at the links. */
  actorsOf(as: number): readonly OutlinedActor[] {
    const [outline, scene] = [this.app.outline, this.#scene];
    if (outline === null || scene === null) return [];
    const { ia } = asAt(scene.graph, as);
    const own = outline.actors.filter((actor) => actor.ia === ia && actor.logic !== "link");
    return own.toSorted((a, b) => Number(b.logic === "node") - Number(a.logic === "node"));
  }
}
