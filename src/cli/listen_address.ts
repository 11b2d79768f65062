// `[HOST:]PORT` as `--listen` and `--http` take it. HOST is an address: names are not resolved.
import { usageError } from "../base/errors.ts";

/** A TCP address to listen on. */
export interface ListenAddress {
  /** An IPv4 or IPv6 address (without brackets) or "localhost". */
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

const DEFAULT_HOST = "127.0.0.1";

/** @throws {RangeError} with a sentence for a person. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?<host>[^:[\]]*|\[(?<bracketed>[^[\]]*)\]):)?(?<port>[^:[\]]*)$/.exec(text);
  if (match?.groups === undefined) {
    throw new RangeError(
      isIpv6(text.replace(/:\d+$/, "")) || isIpv6(text)
        ? `"${text}" is ambiguous: an IPv6 address stands in brackets, as in [::1]:10809`
        : `"${text}" is not PORT, HOST:PORT or [IPV6]:PORT`,
    );
  }
  const { host = DEFAULT_HOST, bracketed, port = "" } = match.groups;
  if (isIpv4(port)) throw new RangeError(`"${text}" has no port: write ${text}:10809`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new RangeError(`"${port}" is not a port, a number from 0 to 65535`);
  }
  if (bracketed !== undefined) {
    if (!isIpv6(bracketed)) throw new RangeError(`"${bracketed}" is not an IPv6 address`);
    return { host: bracketed, port: Number(port) };
  }
  if (host !== "localhost" && !isIpv4(host)) {
    throw new RangeError(
      host === "" || host === "*"
        ? `"${text}" names no address: write 0.0.0.0:${port} for all of them`
        : `"${host}" is not an address; names are not looked up`,
    );
  }
  return { host, port: Number(port) };
}

/** True when only programs on this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.startsWith("127.") || /^[0:]*:0*1$/.test(host);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  // The URL parser knows the grammar of RFC 4291.
  return text.includes(":") && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

/** The addresses that the permissions in deno.json allow for the page: loopback and the wildcards. */
const PAGE_HOSTS: readonly string[] = ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"];

/** `address`, if the page may listen there. @throws {UserError} for a host that is not in PAGE_HOSTS. */
export function pageAddress(address: ListenAddress): ListenAddress {
  if (PAGE_HOSTS.includes(address.host)) return address;
  throw usageError(
    `--http: the page cannot be served on ${address.host} alone`,
    `--http ${address.port} serves it to this machine`,
    `--http 0.0.0.0:${address.port} serves it on every address`,
  );
}
