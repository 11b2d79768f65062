// Interrupts a blocking call of the thread that runs a test. `deno test` runs each file on a thread of its
// own, so a signal to the process would hit another one.

/** Runs `test`, and sends its thread a signal after 100 ms; `test` must be blocked in a call then. */
export async function interrupting(test: () => void | Promise<void>): Promise<void> {
  const ignore = () => {};
  Deno.addSignalListener("SIGUSR1", ignore);
  const thread = Deno.readLinkSync("/proc/thread-self").split("/").at(-1);
  const script = `sleep 0.1; kill -USR1 ${thread}`;
  const sender = new Deno.Command("sh", { args: ["-c", script] }).spawn();
  try {
    await test();
  } finally {
    await sender.status;
    Deno.removeSignalListener("SIGUSR1", ignore);
  }
}
