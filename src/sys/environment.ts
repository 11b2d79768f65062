// The variables of the environment that the program knows. deno.json permits these and no others.

/** Every name there is; deno.json lists the same ones. */
export const ENVIRONMENT = [
  // The terminal.
  "TERM",
  "LC_ALL",
  "LC_CTYPE",
  "LANG",
  // Where the default socket goes.
  "XDG_RUNTIME_DIR",
  "HOME",
  // Sockets that systemd gives: sd_listen_fds(3).
  "LISTEN_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
] as const;

/** A name of the list. */
export type Variable = typeof ENVIRONMENT[number];

/** The value of a variable. Undefined when it is not set, or is not UTF-8: such a value means nothing to us. */
export function environment(name: Variable): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return undefined;
    throw error;
  }
}

/** Takes a variable out of the environment. */
export function forgetEnvironment(name: Variable): void {
  Deno.env.delete(name);
}
