// The comments of a mapfile: those that are written anew each time, blkcache's settings, and all others,
// which are kept. ddrescue keeps none of them, so nothing that matters lives here alone.
import { printableJson } from "../base/printable.ts";

const SETTING = /^##\s*blkcache:\s*([\w.-]+)\s*=\s*(.*)$/s;
const SETTING_KEY = /^[\w.-]+$/;
/** A value that survives without quotes: no blank at either end, nothing but ASCII that can be seen. */
const PLAIN_VALUE = /^(?!")[!-~](?:[ -~]*[!-~])?$/;

const CREATED_BY_DDRESCUE = /^# (?:Mapfile|Rescue Logfile)\. Created by GNU ddrescue/;
const CURRENT_TIME = "# Current time:";
const MADE_ANEW: readonly RegExp[] = [
  /^# (?:Mapfile|Rescue Logfile)\. Created by /,
  /^# Command line:/,
  /^# Start time:/,
  /^# Current time:/,
  /^#\s*current_pos\s+current_status(?:\s+current_pass)?$/,
  /^#\s*pos\s+size\s+status$/,
];

/** Sorts comments as they are read. */
export class MapfileComments {
  readonly comments: string[] = [];
  readonly settings = new Map<string, string>();
  #byDdrescue = false;
  #previous = "";

  /** @param comment a line from its `#` on, without its end. */
  add(comment: string): void {
    const text = comment.trimEnd();
    // What ddrescue was doing, in its words, follows the time at which it was doing it.
    const isActivity = this.#byDdrescue && this.#previous.startsWith(CURRENT_TIME);
    this.#previous = text;
    this.#byDdrescue ||= CREATED_BY_DDRESCUE.test(text);
    if (MADE_ANEW.some((pattern) => pattern.test(text))) return;
    const [, key, value] = SETTING.exec(text) ?? [];
    if (key !== undefined) this.settings.set(key, unquote(value));
    else if (!isActivity) this.comments.push(text);
  }
}

/** The comment line that says `key=value`; any value survives. */
export function formatSetting(key: string, value: string): string {
  if (!SETTING_KEY.test(key)) throw new RangeError(`"${key}" cannot be the name of a setting`);
  return `## blkcache: ${key}=${PLAIN_VALUE.test(value) ? value : printableJson(value)}`;
}

/** A badly quoted value is taken literally. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : value;
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}
