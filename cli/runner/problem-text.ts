/** The problems of files and flags as a command prints them. */
import { formatProblems, type Problem } from "../../topologies/problems.ts";

/** Problems of one file shown before the rest is only counted. */
const MAX_SHOWN = 10;

/** `text` is the file that a problem without a line of its own stands in. */
export function problemText(text: string, problems: readonly Problem[], most = MAX_SHOWN): string {
  // What is wrong with a flag stands in no file.
  const flags = problems.filter(({ file }) => file.startsWith("("));
  const inFiles = problems.filter(({ file }) => !file.startsWith("("));
  const aboutFlags = flags.map(({ file, message, didYouMean }) => {
    const question = didYouMean === undefined ? "" : `; did you mean ${didYouMean}?`;
    return `--${file.slice(1, -1)}: ${message}${question}`;
  });
  const shown = inFiles.slice(0, most);
  const more = inFiles.length > shown.length ? [`and ${inFiles.length - shown.length} more problems`] : [];
  const aboutFiles = shown.length === 0 ? [] : [formatProblems(text, shown).trimEnd()];
  return [...aboutFlags, ...aboutFiles, ...more].join("\n");
}
