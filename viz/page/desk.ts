/** What lies on the desk: the scenario or recorded run that is open, its link, and its other future. */
import type { Fork } from "../../core/exploration.ts";
import { asProblemError, RunApp } from "./app-state.ts";
import { ProblemError } from "./app.ts";
import { type GalleryEntry, loadGallery } from "./gallery/gallery.ts";
import { feedRecords, type RunFiles } from "./gallery/run-folder.ts";
import type { Opening, Questions } from "./protocol.ts";
import { followRecord } from "./record-feed.ts";
import { FragmentError, readFragment, type SharedView, writeFragment } from "./share-url.ts";
import { problemOf } from "./worker-client.ts";

type ScenarioOpening = Extract<Opening, { kind: "scenario" }>;

/** The example that is shown where nothing else is asked for, or else the first one. */
const DEFAULT_ENTRY = "31-explore";

export class Desk {
  readonly app = new RunApp();
  gallery: readonly GalleryEntry[] = [];
  /** The other future; null: none is looked at. */
  other: RunApp | null = null;
  fork: Fork | null = null;
  /** What is open, or could not be opened. */
  #open: Opening | null = null;
  /** Name of the gallery's entry that is open as it stands there. */
  #entry: string | null = null;
  /** A record that is being read: called off when another run is opened. */
  #feeding: AbortController | null = null;
  readonly #textHeard = new Set<(text: string) => void>();
  readonly #forkHeard = new Set<(other: RunApp | null) => void>();

  /** YAML of the scenario; of recorded runs, nothing. */
  text(): string {
    return this.#open?.kind === "scenario" ? this.#open.text : "";
  }

  file(): string {
    return this.#open?.kind === "scenario" ? this.#open.file : "";
  }

  /** Files the scenario names. */
  files(): Readonly<Record<string, string>> {
    return this.#open?.kind === "scenario" ? this.#open.files : {};
  }

  /** Listens to what another scenario says, whether or not it can be opened. */
  onText(hear: (text: string) => void): void {
    this.#textHeard.add(hear);
  }

  /** Listens to the other future's coming and going. */
  onFork(hear: (other: RunApp | null) => void): void {
    this.#forkHeard.add(hear);
    hear(this.other);
  }

  /** Opens what the page's own server, its address or the gallery names, in this order. */
  async start(): Promise<void> {
    this.app.start();
    const [served, gallery] = await Promise.allSettled([loadServed(), loadGallery()]);
    if (gallery.status === "fulfilled") this.gallery = gallery.value;
    const given = served.status === "fulfilled" ? served.value : null;
    if (given !== null) {
      await this.#openGiven(given);
      return;
    }
    await this.openFragment(location.hash);
    if (gallery.status === "rejected") this.#complain(`The examples could not be loaded: ${gallery.reason}`);
  }

  /** What a link names; the default where it names nothing or is broken. */
  async openFragment(fragment: string): Promise<void> {
    let view: SharedView | null = null;
    let broken: string | null = null;
    try {
      view = await readFragment(fragment);
      const entry = typeof view?.scenario === "string" ? view.scenario : null;
      if (entry !== null && this.#find(entry) === undefined) {
        view = null;
        broken = `The link names the example “${entry}”, which is not among those of this page.`;
      }
    } catch (error) {
      if (!(error instanceof FragmentError)) throw error;
      broken = error.message;
    }
    if (view === null) await this.#openDefault();
    else await this.#openView(view);
    if (broken !== null) this.#complain(`${broken} The default example is shown instead.`);
  }

  async openEntry(entry: GalleryEntry): Promise<void> {
    this.#entry = entry.name;
    await this.#openAny(openingOf(entry));
    this.#address();
  }

  async openScenario(file: string, text: string, files: Readonly<Record<string, string>>): Promise<void> {
    this.#entry = null;
    await this.#openAny({ kind: "scenario", file, text, files, overrides: {}, fork: null });
    this.#address();
  }

  /** Runs an edited scenario in place of the one that is open. */
  run(text: string): Promise<void> {
    return this.openScenario(this.file() === "" ? "scenario.yaml" : this.file(), text, this.files());
  }

  async openRun({ opening, records }: RunFiles): Promise<void> {
    this.#entry = null;
    if (!(await this.#openAny(opening))) return;
    history.replaceState(null, "", location.pathname);
    const abort = new AbortController();
    this.#feeding = abort;
    const { signal } = abort;
    try {
      await feedRecords(records, async (place, text, over) => {
        signal.throwIfAborted();
        await this.app.ask("feed", { place, text, over });
      });
    } catch (error) {
      if (!signal.aborted) this.app.complain(asProblemError(error).problem);
    }
  }

  /** The address of what is to be seen now. @throws FragmentError where it would be too long, or the run is a recorded one. */
  async link(): Promise<string> {
    const fragment = await this.#fragment(true);
    return `${location.href.split("#")[0]}#${fragment}`;
  }

  /** Opens another future beside the run. @throws ProblemError */
  async openFork(fork: Fork): Promise<void> {
    this.closeFork();
    if (this.#open?.kind !== "scenario")
      throw new ProblemError(problemOf("A recorded run is what happened: only simulations can be forked."));
    const other = new RunApp();
    this.other = other;
    this.fork = fork;
    try {
      await other.open({ ...this.#open, fork });
    } catch (error) {
      if (this.other === other) this.closeFork();
      throw error;
    }
    if (this.other === other) this.#tellFork();
  }

  closeFork(): void {
    const { other } = this;
    if (other === null) return;
    this.other = null;
    this.fork = null;
    this.#tellFork();
    other.close();
    this.app.unmark("first-difference");
  }

  #tellFork(): void {
    for (const hear of this.#forkHeard) hear(this.other);
  }

  #find(name: string): GalleryEntry | undefined {
    return this.gallery.find((entry) => entry.name === name);
  }

  async #openDefault(): Promise<void> {
    const entry = this.#find(DEFAULT_ENTRY) ?? this.gallery[0];
    if (entry === undefined) {
      this.#complain("There is nothing to show: this page has no examples. Open a scenario from your disk.");
      return;
    }
    this.#entry = entry.name;
    await this.#openAny(openingOf(entry));
  }

  async #openView({ scenario, seed, policy, time, event, actor, fork }: SharedView): Promise<void> {
    const entry = typeof scenario === "string" ? this.#find(scenario) : null;
    const overrides = { ...(seed === null ? {} : { seed }), ...(policy === null ? {} : { policy }) };
    const base = typeof scenario === "string" ? entry && openingOf(entry) : scenario;
    if (base === null || base === undefined) return;
    this.#entry = entry?.name ?? null;
    const { file, text, files } = base;
    if (!(await this.#openAny({ kind: "scenario", file, text, files, overrides, fork: null }))) return;
    if (event !== null) this.app.seek({ event });
    else if (time > 0) this.app.seek({ time });
    if (actor !== null) this.app.select(actor);
    if (fork !== null) await this.openFork(fork).catch((error) => this.app.complain(asProblemError(error).problem));
  }

  async #openGiven(opening: Opening): Promise<void> {
    this.#entry = null;
    if (!(await this.#openAny(opening)) || opening.kind !== "record") return;
    const abort = new AbortController();
    this.#feeding = abort;
    const { signal } = abort;
    const feed = (ask: Questions["feed"]["ask"]): Promise<unknown> => this.app.ask("feed", ask);
    const complain = (message: string): void => this.#complain(message);
    await followRecord(opening, { feed, signal, complain }).catch((error) => {
      if (!signal.aborted) this.app.complain(asProblemError(error).problem);
    });
  }

  /** false: it could not be opened, and the reader has been told. */
  async #openAny(opening: Opening): Promise<boolean> {
    this.closeFork();
    this.#feeding?.abort();
    this.#feeding = null;
    this.#open = opening;
    for (const hear of this.#textHeard) hear(this.text());
    try {
      await this.app.open(opening);
      return true;
    } catch (error) {
      this.app.complain(asProblemError(error).problem);
      return false;
    }
  }

  /** Keeps the address in step with what is open, so that the page can be loaded again. */
  #address(): void {
    this.#fragment(false).then(
      (fragment) => history.replaceState(null, "", `#${fragment}`),
      () => history.replaceState(null, "", location.pathname),
    );
  }

  async #fragment(whole: boolean): Promise<string> {
    const open = this.#open;
    if (open?.kind !== "scenario")
      throw new FragmentError("A recorded run lies on your disk: send its folder, not a link.");
    const { file, text, files, overrides } = open;
    const { frame } = this.app;
    return writeFragment({
      scenario: this.#entry ?? { file, text, files },
      seed: overrides.seed ?? null,
      policy: overrides.policy ?? null,
      time: whole ? (frame?.now ?? 0) : 0,
      event: whole && frame?.playing !== true ? (frame?.event ?? null) : null,
      actor: whole ? this.app.selected : null,
      fork: whole ? this.fork : null,
    });
  }

  #complain(message: string): void {
    this.app.complain(problemOf(message));
  }
}

function openingOf({ name, text, files }: GalleryEntry): ScenarioOpening {
  return { kind: "scenario", file: `${name}.yaml`, text, files, overrides: {}, fork: null };
}

/** What the program that serves the page wants to be shown; null: it has no wish. */
async function loadServed(): Promise<Opening | null> {
  const response = await fetch("open.json");
  return response.ok ? ((await response.json()) as Opening | null) : null;
}
