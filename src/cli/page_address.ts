// Where `--http` may listen.

import { type ListenAddress } from "./listen_address.ts";
import { usageError } from "./usage_error.ts";

/** What the program's permissions in deno.json name: this machine alone, or every address it has. */
const PAGE_HOSTS: readonly string[] = ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"];

/** @throws {UserError} for any other host. */
export function pageAddress(address: ListenAddress): ListenAddress {
  if (PAGE_HOSTS.includes(address.host)) return address;
  throw usageError(
    `--http: the page cannot be served on ${address.host} alone`,
    `--http ${address.port} serves it to this machine`,
    `--http 0.0.0.0:${address.port} serves it on every address`,
  );
}
