// Opens a block device on the reader's thread, and begins to serve it. Main thread: it goes on hearing signals and
// says what it waits for, however long the device takes.
import type { DeviceRequest } from "../opening/open_device.ts";
import { printable } from "../base/printable.ts";
import { abandonMedium, type Medium } from "../opening/open_medium.ts";
import { READER_BUSY_SINCE, type SharedState } from "../shared/shared_state.ts";
import type { Opened } from "../workers/reader_init.ts";
import { StartStopped } from "./await_start.ts";
import { DescriptorUsers } from "./descriptor_users.ts";
import { Generation } from "./generation.ts";
import { ReaderThread } from "./reader_thread.ts";
import type { Run } from "./run.ts";
import { WaitingNote } from "./waiting_note.ts";

/**
 * @param over resolves when the device is not wanted any more, with the reason.
 * @param beforeServing is awaited once the device is open.
 * @param releasing receives, when it is not served, a promise that resolves once device and image are released.
 * @returns what serves it, or the reason of `over`: then nothing is left of it, but for a thread that hangs.
 * @throws as `ReaderThread.opened` and `Generation.begin`; nothing is left of it then either.
 */
export async function beginOnReader<Reason extends string>(
  run: Run,
  request: DeviceRequest,
  state: SharedState,
  over: Promise<Reason>,
  beforeServing: (opened: Opened) => Promise<void>,
  releasing: (released: Promise<unknown>) => void = () => {},
): Promise<Generation | Reason> {
  const { isDrive, observe } = run;
  const users = new DescriptorUsers();
  const reader = new ReaderThread(
    { open: request, isDrive, state: state.buffer, sessions: state.sessions },
    { devicePath: request.devicePath, imagePath: "" },
    users,
    observe,
  );
  let begun: Medium | undefined;
  const abandon = async () => {
    state.end();
    // Once it reads, the reader closes the device by itself, but leaves new files on disk.
    if (begun === undefined) reader.abandon();
    releasing(users.gone);
    await reader.end();
    if (begun !== undefined) abandonMedium(begun, users.gone);
  };
  try {
    const opened = await awaitOpened(reader, over, run, state);
    if (typeof opened === "string") {
      await abandon();
      return opened;
    }
    await beforeServing(opened);
    const { medium, writeFd } = opened;
    return await Generation.begin({ ...run, writeFd }, medium, state, users, (init) => {
      begun = medium;
      reader.read(init, medium.imagePath);
      return reader;
    });
  } catch (error) {
    await abandon();
    if (error instanceof StartStopped) return await over;
    throw error;
  }
}

async function awaitOpened<Reason>(
  reader: ReaderThread,
  over: Promise<Reason>,
  { options, observe }: Run,
  state: SharedState,
): Promise<Awaited<typeof reader.opened> | Reason> {
  const { readerCounters } = state;
  // Without a read under way it is the opening itself that takes long.
  const sinceMs = () => readerCounters[READER_BUSY_SINCE] || undefined;
  using _note = new WaitingNote(`${printable(options.devicePath)} to answer`, observe, sinceMs);
  return await Promise.race([reader.opened, over]);
}
