// What the process asks of the system before anything else. Main thread.
import { UserError } from "../base/errors.ts";
import { ignoreSignal, raiseToHardLimit, RLIMIT_NOFILE, SIGXFSZ } from "../sys/process_limits.ts";
import { SystemError } from "../sys/system_error.ts";
import { tryThreads } from "../sys/threads.ts";

/** @throws {UserError} when the system allows no thread, without which the runtime cannot even print. */
export function prepareProcess(): void {
  try {
    raiseToHardLimit(RLIMIT_NOFILE);
  } catch (error) {
    // Forbidden by a sandbox: then the limit stays as it is.
    if (!(error instanceof SystemError)) throw error;
  }
  // A file that may not grow any more is an error of a write like any other, and not the end of the process.
  ignoreSignal(SIGXFSZ);
  if (tryThreads(1) < 0) {
    throw new UserError("the system allows no more threads (RLIMIT_NPROC, or pids.max)", {
      hints: ["raise the limit: ulimit -u, or TasksMax= in a systemd unit"],
    });
  }
}
