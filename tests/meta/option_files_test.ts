// An option of the reader costs few files: its row in the table, its parsing, its type and the place of its use. When a
// record on the way is restated field by field, each new option has to be written down there as well.
import { assert, assertEquals } from "@std/assert";
import { OPTIONS } from "../../src/cli/options.ts";
import { type SourceFile, sourceFiles, withoutComments } from "./source_files.ts";

const MOST_FILES = 4;

/** Options that end in the reader, by their names there; without those whose name says several things, such as --rate. */
const FIELDS: Readonly<Record<string, string>> = {
  "retries": "retries",
  "max-read-rate": "maxReadRate",
  "min-read-rate": "minReadRate",
  "pause-on-error": "pauseOnErrorMs",
  "cooldown": "cooldownMs",
  "max-errors": "maxErrors",
  "max-error-rate": "maxErrorRate",
  "verify": "verifyBytes",
};

/** The files whose code names an option, as the user writes it or as a field. */
function filesNaming(option: string, field: string, files: readonly SourceFile[]): string[] {
  const named = new RegExp(`"${option}"|(?<![\\w$-])${field}(?![\\w$-])`);
  return files.filter(({ text }) => named.test(withoutStrings(withoutComments(text))))
    .map(({ path }) => path);
}

/** Sentences may name an option; only a string that is its name and no more counts. */
function withoutStrings(code: string): string {
  return code.replace(/"[^"\n]*"|`[^`]*`/g, (string) => /^"[a-z-]+"$/.test(string) ? string : '""');
}

Deno.test("an option of the reader stands in at most 4 files", () => {
  const files = sourceFiles();
  for (const [option, field] of Object.entries(FIELDS)) {
    assert(OPTIONS.some(({ name }) => name === option), `there is no option --${option}`);
    const naming = filesNaming(option, field, files);
    assert(naming.includes("cli/options.ts"), `--${option} is not found where it is`);
    assert(naming.length <= MOST_FILES, `--${option} stands in ${naming.join(", ")}`);
  }
});

Deno.test("an option is found by its name and by its field, and not in a sentence", () => {
  const texts: readonly [string, string][] = [
    ["a.ts", 'values["max-errors"]'],
    ["b.ts", "const { maxErrors } = options;"],
    ["c.ts", "// maxErrors\nconst x = 'y';"],
    ["d.ts", 'say("it ended at --max-errors");'],
    ["e.ts", "const maxErrorsOf = 1, x = `${maxErrorsOf}`;"],
  ];
  const files = texts.map(([path, text]) => ({ path, text }));
  assertEquals(filesNaming("max-errors", "maxErrors", files), ["a.ts", "b.ts"]);
});
