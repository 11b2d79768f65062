// Sockets that the starting program has opened for us, as systemd does: sd_listen_fds(3).
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { environment, forgetEnvironment, type Variable } from "../sys/environment.ts";

/** The first descriptor that is given (SD_LISTEN_FDS_START). */
const FIRST = 3;
/** More than anybody gives, and few enough to look at each. */
const MOST = 256;

const VARIABLES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] as const;

/** The descriptors that this process was given. The variables are removed: child processes must not inherit them. */
export function takeGivenSockets(): number[] {
  const given = givenSockets(Deno.pid, environment);
  for (const name of VARIABLES) forgetEnvironment(name);
  return given;
}

/** @throws {UserError} when the number of descriptors makes no sense. */
export function givenSockets(
  pid: number,
  variable: (name: Variable) => string | undefined,
): number[] {
  // They may have been meant for a parent that has passed its environment on.
  if (variable("LISTEN_PID") !== String(pid)) return [];
  const text = variable("LISTEN_FDS") ?? "";
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(count <= MOST)) {
    throw new UserError(`LISTEN_FDS is "${printable(text)}", which is no number of sockets`, {
      hints: ["start it by systemd, or without LISTEN_FDS and LISTEN_PID"],
    });
  }
  return Array.from({ length: count }, (_, index) => FIRST + index);
}
