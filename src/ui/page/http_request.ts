// A request as it comes over the connection (RFC 9112), read as far as the live page needs it. Pure.
import { MOST_REQUEST_BYTES } from "./limits.ts";

/** A request. */
export interface PageRequest {
  readonly method: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly headers: Headers;
}

/** Why a request is refused. */
export interface Refused {
  readonly status: number;
  readonly reason: string;
}

// token and field value of RFC 9110, section 5.6.2 and 5.5
const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/(\d)\.(\d)$/;
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** The request at the start of `bytes`; undefined while it is not complete. */
export function requestIn(bytes: Uint8Array): PageRequest | Refused | undefined {
  // Each byte is a character: bytes outside of ASCII have no meaning here.
  const text = String.fromCharCode(...bytes.subarray(0, MOST_REQUEST_BYTES));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length < MOST_REQUEST_BYTES) return undefined;
    return { status: 431, reason: `a request has at most ${MOST_REQUEST_BYTES} bytes` };
  }
  const [line, ...fields] = text.slice(0, end).split("\r\n");
  const [, method, target, major] = REQUEST_LINE.exec(line!) ?? [];
  if (method === undefined || target === undefined) return bad("the request line");
  if (major !== "1") return { status: 505, reason: "only HTTP/1.1" };
  if (!target.startsWith("/")) return bad("the path");
  const headers = headersOf(fields);
  if (headers === undefined) return bad("a header");
  const [path = "", ...query] = target.split("?");
  return { method, path, parameters: new URLSearchParams(query.join("?")), headers };
}

/** Undefined when one is malformed, or there are two hosts. */
function headersOf(fields: readonly string[]): Headers | undefined {
  const headers = new Headers();
  for (const field of fields) {
    const [, name, value] = FIELD.exec(field) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (name.toLowerCase() === "host" && headers.has("host")) return undefined;
    headers.append(name, value);
  }
  return headers;
}

function bad(what: string): Refused {
  return { status: 400, reason: `${what} is not well-formed` };
}
