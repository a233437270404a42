/** Examples to look at, and scenarios and runs from the reader's disk. */
import "../style/gallery.css";
import { asProblemError } from "../app-state.ts";
import { clear, h } from "../dom.ts";
import { problemOf } from "../worker-client.ts";
import { readRunFolder, type RunFiles } from "./run-folder.ts";

export interface GalleryEntry {
  /** "31-explore" */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** YAML. */
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface Choice {
  entry(entry: GalleryEntry): void;
  /** A scenario from disk, with files chosen along with it. */
  scenario(file: string, text: string, files: Readonly<Record<string, string>>): void;
  run(run: RunFiles): void;
  complain(problem: ReturnType<typeof problemOf>): void;
}

/** Largest scenario file. */
const MAX_SCENARIO = 16 * 1024 * 1024;

/** The examples that lie beside the page. @throws where they cannot be had. */
export async function loadGallery(): Promise<readonly GalleryEntry[]> {
  const response = await fetch("gallery.json");
  if (!response.ok) throw new Error(`gallery.json: ${response.status} ${response.statusText}`);
  return (await response.json()) as readonly GalleryEntry[];
}

export interface Gallery {
  readonly element: HTMLDialogElement;
  show(entries: readonly GalleryEntry[]): void;
}

export function makeGallery(choice: Choice): Gallery {
  const list = h("ul", { class: "gallery-list" });
  const element = h("dialog", { class: "gallery", "aria-labelledby": "gallery-title" });
  const close = (): void => element.close();
  const scenario = picker(
    { accept: ".yaml,.yml,text/yaml", multiple: true },
    async (files) => {
      close();
      await openFiles(files, choice);
    },
    choice.complain,
  );
  const folder = picker(
    { webkitdirectory: true },
    async (files) => {
      close();
      choice.run(await readRunFolder(files));
    },
    choice.complain,
  );
  element.append(
    h(
      "header",
      {},
      h("h2", { id: "gallery-title" }, "What to explore"),
      h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, "✕"),
    ),
    h(
      "p",
      { class: "gallery-disk" },
      h("button", { type: "button", onclick: scenario }, "Open a scenario file …"),
      h("button", { type: "button", onclick: folder }, "Open a run's folder …"),
      h("span", { class: "muted" }, "Nothing is uploaded: files are read by this page only."),
    ),
    list,
  );
  return {
    element,
    show(entries) {
      clear(
        list,
        entries.map((entry) =>
          h(
            "li",
            {},
            card(entry, () => (close(), choice.entry(entry))),
          ),
        ),
      );
      element.showModal();
    },
  };
}

function card({ name, title, about }: GalleryEntry, open: () => void): HTMLElement {
  return h(
    "button",
    { type: "button", class: "gallery-card", "data-name": name, onclick: open },
    h("strong", {}, title),
    h("code", { class: "muted" }, name),
    h("span", {}, about),
  );
}

/** Asks for files; a choice that is called off comes to nothing. */
function picker(
  attributes: Readonly<Record<string, string | boolean>>,
  use: (files: readonly File[]) => Promise<void>,
  complain: Choice["complain"],
): () => void {
  return () => {
    const input = h("input", { type: "file", ...attributes });
    input.addEventListener("change", () => {
      use([...(input.files ?? [])]).catch((error) => complain(asProblemError(error).problem));
    });
    input.click();
  };
}

/** The first YAML file is the scenario; the others are files that it names. */
export async function openFiles(files: readonly File[], choice: Choice): Promise<void> {
  const main = files.find(({ name }) => /\.ya?ml$/i.test(name)) ?? files[0];
  if (main === undefined) return;
  const large = files.find(({ size }) => size > MAX_SCENARIO);
  if (large !== undefined) {
    choice.complain(
      problemOf(`${large.name} is larger than 16 MiB: it is no scenario. A run is opened by its folder.`),
    );
    return;
  }
  const others = files.filter((file) => file !== main);
  const texts = await Promise.all(others.map(async (file) => [file.name, await file.text()] as const));
  choice.scenario(main.name, await main.text(), Object.fromEntries(texts));
}
