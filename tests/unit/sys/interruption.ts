// Interrupts a blocking call of the thread that runs a test. `deno test` runs each file on a thread of its
// own, so a signal to the process would hit another one.
//
// SIGURG does nothing by default. The runtime hears of a signal some time after it has interrupted the call; if no
// listener is left by then, it does what the signal does by default, and SIGUSR1 would end all tests.

/** Runs `test`, and sends its thread signal after signal meanwhile: those find it blocked in a call. */
export async function interrupting(test: () => void | Promise<void>): Promise<void> {
  const ignore = () => {};
  Deno.addSignalListener("SIGURG", ignore);
  const thread = Deno.readLinkSync("/proc/thread-self").split("/").at(-1);
  const script = `while sleep 0.1 && kill -URG ${thread}; do :; done`;
  const sender = new Deno.Command("sh", { args: ["-c", script] }).spawn();
  try {
    await test();
  } finally {
    sender.kill("SIGKILL");
    await sender.status;
    Deno.removeSignalListener("SIGURG", ignore);
  }
}
