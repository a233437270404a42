/** The scenario's YAML: completed, explained and checked in place, run when it is saved. */
import "../style/editor.css";
import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, undo } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { SchemaNode } from "../../../topologies/json-schema.ts";
import { type App, type Panel, ProblemError } from "../app.ts";
import { clear, h } from "../dom.ts";
import { assist, explainIn, type Known } from "./assist.ts";
import { namesOfRun } from "./completion-names.ts";
import { marksOf, type ProblemMark } from "./problem-marks.ts";
import { APPEARANCE } from "./theme.ts";

/** What the editor needs of the page around it. */
export interface EditorShell {
  /** YAML of the scenario that is open; "": a recorded run. */
  text(): string;
  /** Its name, for problems. */
  file(): string;
  /** Files that it names. */
  files(): Readonly<Record<string, string>>;
  /** Opens the text as a run of its own. */
  run(text: string): Promise<void>;
  /** Another scenario has been opened. */
  onText(hear: (text: string) => void): void;
}

const CHECK_DELAY = 400;
const PROBLEMS_SHOWN = 20;
const KEYS =
  "Ctrl+S runs it, Ctrl+Space completes, F8 goes to the next problem. Tab indents: Escape, then Tab leaves the editor.";
const EMPTY = "A recorded run has no scenario to edit. Write or paste one, and run it.";

export function mountEditor(root: HTMLElement, app: App, shell: EditorShell): Panel {
  return new EditorPanel(root, app, shell);
}

class EditorPanel implements Panel {
  readonly #app: App;
  readonly #shell: EditorShell;
  readonly #view: EditorView;
  readonly #status: HTMLElement;
  readonly #help: HTMLElement;
  readonly #problems: HTMLElement;
  readonly #runButton: HTMLButtonElement;
  #schema: SchemaNode | null = null;
  /** The text that runs. */
  #run: string;
  #marks: readonly ProblemMark[] = [];
  /** Opened from outside and not looked at yet: its first problem is to be brought into sight. */
  #isNew = true;
  #isRunning = false;
  #helpTimer = 0;

  constructor(root: HTMLElement, app: App, shell: EditorShell) {
    this.#app = app;
    this.#shell = shell;
    this.#run = shell.text();
    this.#status = h("span", { class: "editor-status", role: "status" });
    this.#help = h("p", { class: "editor-help" });
    this.#problems = h("ul", { class: "editor-problems", "aria-label": "Problems", hidden: true });
    this.#runButton = h("button", { type: "button", class: "primary", onclick: () => void this.#save() }, "Run");
    this.#view = new EditorView({ state: EditorState.create({ doc: this.#run, extensions: this.#extensions() }) });
    const act = (name: string, command: (view: EditorView) => boolean): HTMLElement =>
      h("button", { type: "button", onclick: () => command(this.#view) }, name);
    root.append(
      h(
        "div",
        { class: "editor" },
        h("div", { class: "editor-tools" }, this.#runButton, act("Undo", undo), act("Redo", redo), this.#status),
        h("div", { class: "editor-text" }, this.#view.dom),
        this.#problems,
        this.#help,
        h("p", { id: "editor-keys", class: "editor-keys muted" }, KEYS),
      ),
    );
    shell.onText((text) => this.#take(text));
    void this.#loadSchema();
  }

  seen(visible: boolean): void {
    if (visible) this.#view.requestMeasure();
  }

  #extensions(): Extension {
    const next = { key: "F8", run: nextDiagnostic };
    const save = { key: "Mod-s", preventDefault: true, run: () => (void this.#save(), true) };
    return [
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentUnit.of("  "),
      EditorState.tabSize.of(2),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": "Scenario, YAML",
        "aria-describedby": "editor-keys",
        tabindex: "0",
        spellcheck: "false",
        autocapitalize: "off",
        autocorrect: "off",
      }),
      placeholder(EMPTY),
      bracketMatching(),
      closeBrackets(),
      search({ top: true }),
      yaml(),
      APPEARANCE,
      assist(() => this.#known()),
      linter((view) => this.#lint(view), { delay: CHECK_DELAY }),
      keymap.of([
        save,
        next,
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of(({ docChanged, selectionSet }) => {
        if (docChanged) this.#edited();
        if (docChanged || selectionSet) this.#explainSoon();
      }),
    ];
  }

  #known(): Known {
    return { schema: this.#schema, names: namesOfRun(this.#app.outline, Object.keys(this.#shell.files())) };
  }

  /** It lies beside the page; without it the editor works, but completes nothing. */
  async #loadSchema(): Promise<void> {
    try {
      const response = await fetch(new URL("schema.json", document.baseURI));
      if (!response.ok) throw new Error(`schema.json: ${response.status}`);
      this.#schema = (await response.json()) as SchemaNode;
    } catch (error) {
      this.#help.textContent = `No completion: the scenario's schema could not be loaded (${error instanceof Error ? error.message : error}).`;
    }
  }

  /** Places of problems hold for the text that was checked. */
  #edited(): void {
    for (const button of this.#problems.querySelectorAll("button")) button.disabled = true;
    this.#say();
  }

  get #text(): string {
    return this.#view.state.doc.toString();
  }

  /** What was there can be had back by undoing. */
  #take(text: string): void {
    this.#run = text;
    this.#isNew = true;
    if (text !== this.#text) {
      this.#view.dispatch({
        changes: { from: 0, to: this.#view.state.doc.length, insert: text },
        selection: { anchor: 0 },
        scrollIntoView: true,
      });
    }
    this.#say();
  }

  async #check(text: string): Promise<readonly ProblemMark[]> {
    const file = this.#shell.file();
    if (text.trim() === "") return [];
    try {
      const { problems } = await this.#app.ask("check", { text, file, files: this.#shell.files() });
      return marksOf(text, file, problems);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return [{ from: 0, to: 0, message: error.message, fix: null }];
    }
  }

  async #lint(view: EditorView): Promise<readonly Diagnostic[]> {
    const text = view.state.doc.toString();
    const marks = await this.#check(text);
    if (text === this.#text) {
      this.#show(marks);
      if (this.#isNew && !view.hasFocus && marks[0] !== undefined) this.#reveal(marks[0]);
      this.#isNew = false;
    }
    return marks.map(diagnosticOf);
  }

  async #save(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#runButton.disabled = true;
    try {
      const text = this.#text;
      const marks = await this.#check(text);
      if (text !== this.#text) return;
      this.#show(marks);
      this.#view.dispatch(setDiagnostics(this.#view.state, marks.map(diagnosticOf)));
      if (marks.length > 0) this.#refuse(marks);
      else if (text.trim() !== "") {
        await this.#shell.run(text);
        this.#run = text;
      }
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.#app.complain(error.problem);
    } finally {
      this.#isRunning = false;
      this.#runButton.disabled = false;
      this.#say(this.#marks.length > 0 ? "Not run: " : "");
    }
  }

  /** With the cursor at the first problem. */
  #refuse([first]: readonly ProblemMark[]): void {
    if (first !== undefined) this.#goTo(first);
  }

  #goTo(mark: ProblemMark): void {
    // The focus scrolls by itself, to where the cursor was.
    this.#view.contentDOM.focus({ preventScroll: true });
    this.#reveal(mark);
  }

  #reveal({ from }: ProblemMark): void {
    const anchor = Math.min(from, this.#view.state.doc.length);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  }

  #show(marks: readonly ProblemMark[]): void {
    this.#marks = marks;
    const rest = marks.length - PROBLEMS_SHOWN;
    clear(
      this.#problems,
      marks.slice(0, PROBLEMS_SHOWN).map((mark) => this.#problemOf(mark)),
      rest > 0 ? h("li", {}, `and ${rest} more`) : null,
    );
    this.#problems.hidden = marks.length === 0;
    this.#say();
  }

  #problemOf(mark: ProblemMark): HTMLElement {
    const { doc } = this.#view.state;
    const { number, from } = doc.lineAt(Math.min(mark.from, doc.length));
    const place = `${number}:${mark.from - from + 1}`;
    const go = h(
      "button",
      { type: "button", class: "plain", onclick: () => this.#goTo(mark) },
      h("code", {}, place),
      ` ${mark.message}`,
    );
    const mend = (): void => {
      this.#view.dispatch({
        changes: { from: mark.from, to: mark.to, insert: mark.fix ?? "" },
        userEvent: "input.fix",
      });
      this.#view.focus();
    };
    return h(
      "li",
      {},
      go,
      mark.fix === null ? null : h("button", { type: "button", onclick: mend }, `Change to ${mark.fix}`),
    );
  }

  #say(before = ""): void {
    const count = this.#marks.length;
    const problems = count === 0 ? "" : `${before}${count} ${count === 1 ? "problem" : "problems"}`;
    const changed = this.#text === this.#run ? "" : "changed, not run yet";
    const text = [problems, changed].filter((part) => part !== "").join(" · ");
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#status.classList.toggle("bad", count > 0);
  }

  /** What the schema says of the place, for those who cannot hover. */
  #explainSoon(): void {
    window.clearTimeout(this.#helpTimer);
    this.#helpTimer = window.setTimeout(() => {
      const explained = explainIn(this.#known(), this.#view, this.#view.state.selection.main.head);
      if (explained === null) this.#help.replaceChildren();
      else this.#help.replaceChildren(h("b", {}, explained.title), ` (${explained.detail}): ${explained.text}`);
    }, 150);
  }
}

function diagnosticOf({ from, to, message, fix }: ProblemMark): Diagnostic {
  const apply = (view: EditorView, begin: number, end: number): void =>
    view.dispatch({ changes: { from: begin, to: end, insert: fix ?? "" }, userEvent: "input.fix" });
  const actions = fix === null ? [] : [{ name: `Change to ${fix}`, apply }];
  return { from, to, severity: "error", message, actions };
}
