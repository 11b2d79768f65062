// Interrupts a blocking call of the thread that runs a test. `deno test` runs each file on a thread of its
// own, so a signal to the process would hit another one.

/** Runs `test`, and sends its thread signal after signal meanwhile: those find it blocked in a call. */
export async function interrupting(test: () => void | Promise<void>): Promise<void> {
  const ignore = () => {};
  Deno.addSignalListener("SIGUSR1", ignore);
  const thread = Deno.readLinkSync("/proc/thread-self").split("/").at(-1);
  const script = `while sleep 0.1 && kill -USR1 ${thread}; do :; done`;
  const sender = new Deno.Command("sh", { args: ["-c", script] }).spawn();
  try {
    await test();
  } finally {
    sender.kill("SIGKILL");
    await sender.status;
    Deno.removeSignalListener("SIGUSR1", ignore);
  }
}
