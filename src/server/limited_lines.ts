// The output of a foreign program as lines for the log: without control characters, and no
// more than a log can bear. Main thread.
import { printable } from "../base/printable.ts";
import { withTimeout } from "./with_timeout.ts";

/** Lines that are handed on, and characters of each; the rest is dropped. */
export const MOST_OUTPUT_LINES = 100;
export const MOST_LINE_CHARACTERS = 500;
/** What is read of a program's output, bytes. One that says more finds its pipe closed. */
export const MOST_OUTPUT_BYTES = 1024 * 1024;
/** How long output that is under way is waited for after the program's end, milliseconds. */
const LAST_LINES_MS = 500;

/** Output that is being read. */
export interface LimitedLines {
  /** Waits for what has been written, for a moment, and reads no further. */
  end(): Promise<void>;
}

/** Hands on each line, empty ones left out. */
export function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  line: (text: string) => void,
): LimitedLines {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const read = readAll(reader, line);
  return {
    async end() {
      if (!await withTimeout(read, LAST_LINES_MS)) await reader.cancel();
    },
  };
}

async function readAll(
  reader: ReadableStreamDefaultReader<string>,
  tell: (text: string) => void,
): Promise<void> {
  let lines = 0;
  let length = 0;
  let rest = "";
  const line = (text: string) => {
    const shown = printable(text).slice(0, MOST_LINE_CHARACTERS).trim();
    if (shown !== "" && lines++ < MOST_OUTPUT_LINES) tell(shown);
  };
  for (;;) {
    const { done, value = "" } = await reader.read();
    if (done) break;
    length += value.length;
    const parts = (rest + value).split("\n");
    // A line without an end takes no more memory than one that is shown.
    rest = parts.pop()!.slice(0, MOST_LINE_CHARACTERS);
    parts.forEach(line);
    if (length <= MOST_OUTPUT_BYTES) continue;
    await reader.cancel();
    return;
  }
  line(rest);
}
