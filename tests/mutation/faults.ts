// Deliberate faults for `deno task mutate`: each is put into a copy of the sources, alone, and one of the fast tests
// that are named must fail. A fault that no test notices is a promise that nothing guards.

/** One fault. */
export interface Fault {
  /** What is wrong then. */
  readonly name: string;
  /** Under src/. */
  readonly file: string;
  /** What is replaced: it stands in the file exactly once. */
  readonly text: string;
  readonly by: string;
  /** Files and folders under tests/ of which one test must fail. */
  readonly tests: readonly string[];
}

type Row = [name: string, file: string, text: string, by: string, ...tests: string[]];

const DURABILITY: Row[] = [
  [
    "claims are saved without a sync of the bytes",
    "files/durable_claims.ts",
    'unwrap(yield ["fdatasync", data], "fdatasync", { path });',
    "void path;",
    "unit/files/power_cut_test.ts",
  ],
  [
    "the bytes are synced before the snapshot",
    "files/durable_claims.ts",
    'const snapshot = claims.snapshot();\n  unwrap(yield ["fdatasync", data], "fdatasync", { path });',
    'unwrap(yield ["fdatasync", data], "fdatasync", { path });\n  const snapshot = claims.snapshot();',
    "unit/server/map_saver_test.ts",
  ],
  [
    "a sync that failed is taken for a good one",
    "files/durable_claims.ts",
    'unwrap(yield ["fdatasync", data], "fdatasync", { path });',
    'void path;\n  yield ["fdatasync", data];',
    "unit/session/overlay_flush_test.ts",
  ],
  [
    "the map is encoded as it is after the sync",
    "server/map_saver.ts",
    "? withoutDataBehind(snapshot, alignDown(bytes, sectorSize))\n          : snapshot;",
    "? withoutDataBehind(snapshot, alignDown(bytes, sectorSize))\n          : map.snapshot();",
    "unit/server/map_saver_test.ts",
  ],
  [
    "what an image has lost is claimed all the same",
    "server/map_saver.ts",
    "const claimed = bytes < snapshot.size",
    "const claimed = bytes < 0",
    "unit/server/map_saver_test.ts",
  ],
  [
    "failures are saved before they are proved",
    "server/map_saver.ts",
    "withTail(this.#unproved.snapshot(), tail)",
    "withTail(map.snapshot(), tail)",
    "unit/server/map_saver_test.ts",
  ],
  [
    "a map in doubt counts as saved",
    "server/map_saver.ts",
    "version = this.#unproved.isInDoubt ? -1 : map.version;",
    "version = map.version;",
    "unit/server/map_saver_test.ts",
  ],
  [
    "the version is noted when the save has ended",
    "server/map_saver.ts",
    "this.#savedVersion = version;",
    "this.#savedVersion = map.version;",
    "unit/server/map_saver_test.ts",
  ],
  [
    "an overlay's flush syncs nothing when the map is saved already",
    "session/overlay.ts",
    "makeHere(save, disk);",
    "if (!isSaved) makeHere(save, disk);\n      else isWhole = true;",
    "unit/session/overlay_flush_test.ts",
  ],
  [
    "an overlay's flush saves the map as it is after the sync",
    "session/overlay.ts",
    "return snapshot && isWhole ? this.#encode(snapshot) : undefined;",
    "return snapshot && isWhole ? this.#encode(map.snapshot()) : undefined;",
    "unit/session/overlay_flush_test.ts",
  ],
  [
    "writes during an overlay's flush count as flushed",
    "session/overlay.ts",
    "Atomics.store(words, FLUSHED, covered);",
    "Atomics.store(words, FLUSHED, Atomics.load(words, DONE));",
    "unit/session/overlay_flush_test.ts",
  ],
  [
    "an overlay goes on after a sync that failed",
    "session/overlay.ts",
    "if (!isSynced) return this.#break(error.message);",
    "if (!isSynced) return EIO;",
    "unit/session/overlay_flush_test.ts",
  ],
  [
    "a new file is renamed without an fsync",
    "files/replacement.ts",
    'unwrap(yield ["fsync", fd], "fsync", { path });',
    "void path;",
    "unit/files/power_cut_test.ts",
  ],
  [
    "a rename is not made durable",
    "files/replacement.ts",
    "  yield* syncFolder(entry);\n}",
    "}",
    "unit/files/power_cut_test.ts",
  ],
  [
    "the previous content is moved away although it could be linked",
    "files/replacement.ts",
    'if ((yield ["linkat", fd, nameOf(entry, ""), fd, link, 0]) === 0) {',
    'if ((yield ["linkat", fd, nameOf(entry, ""), fd, link, 0]) === 1) {',
    "unit/files/power_cut_test.ts",
  ],
  [
    "the write record does not reach the disk",
    "reader/write_intents.ts",
    'unwrap(this.#disk(["fdatasync", this.#fd]), "fdatasync", { path: this.#path });',
    "",
    "unit/reader/write_intents_test.ts",
  ],
  [
    "a region that is written to again is not recorded again",
    "reader/write_intents.ts",
    "      this.#regions.delete(region);\n",
    "",
    "unit/reader/write_intents_test.ts",
  ],
  [
    "a region counts as done although its write has failed",
    "reader/write_intents.ts",
    "if (writtenMs > sinceMs || this.#suspects.has(region)) continue;",
    "if (writtenMs > sinceMs) continue;",
    "unit/reader/write_intents_test.ts",
  ],
  [
    "the device is written to before the record says so",
    "reader/device_writes.ts",
    "const recorded = intents.begin(start, end, performance.now());",
    "const recorded = 0;",
    "unit/reader/device_writes_crash_test.ts",
  ],
  [
    "a flush of the device leaves the image unsynced",
    "reader/device_writes.ts",
    'const result = disk(["fdatasync", imageFd]);',
    "const result = Math.min(0, image, disk.length);",
    "unit/reader/device_writes_test.ts",
  ],
  [
    "a flush does not reach the device",
    "reader/device_writes.ts",
    "const device = writable.sync();",
    "const device = 0 * writable.write.length;",
    "unit/reader/device_writes_crash_test.ts",
  ],
  [
    "the record of an unfinished run is ignored",
    "opening/forget_unfinished.ts",
    "if (area.status !== FINISHED) continue;",
    "continue;",
    "unit/opening/forget_unfinished_test.ts",
  ],
  [
    "a record goes before the sidecar is saved",
    "opening/finish_writes.ts",
    "  const sidecar = formatSidecar(",
    "  removeRecord(medium);\n  const sidecar = formatSidecar(",
    "unit/opening/finish_writes_test.ts",
  ],
];

const TRUTH: Row[] = [
  [
    "the map claims bytes before the image has them",
    "reader/publisher.ts",
    "    if (this.#write(address, offset, length)) {",
    "    this.#mark(offset, end, FINISHED);\n    if (this.#write(address, offset, length)) {",
    "unit/reader/publisher_test.ts",
  ],
  [
    "a failed read of several sectors calls all of them bad",
    "reader/failing_areas.ts",
    "alone ? BAD_SECTOR : NON_TRIMMED",
    "alone ? BAD_SECTOR : BAD_SECTOR",
    "unit/reader",
  ],
  [
    "finished bytes are taken back by a failed read",
    "reader/publisher.ts",
    "if (before === FINISHED || before === BAD_SECTOR || before === status) continue;",
    "if (before === BAD_SECTOR || before === status) continue;",
    "unit/reader",
    "model/reader_test.ts",
  ],
  [
    "failures without a proof are told to clients",
    "reader/answering.ts",
    "return !unproved.isInDoubt || kind",
    "return true || kind",
    "unit/reader/answering_test.ts",
  ],
  [
    "what was marked while the device was silent stays",
    "map/unproved_marks.ts",
    "for (const { start, end, status } of this.#marks().reverse()) this.#restore(start, end, status);",
    "",
    "unit/map/unproved_marks_test.ts",
  ],
  [
    "an outage does not begin the waiting reads anew",
    "reader/device_trust.ts",
    "    this.#answering.takenBack();\n",
    "",
    "unit/reader/answering_test.ts",
  ],
  [
    "a rescue exceeds its budget of failing reads",
    "reader/rescue.ts",
    "this.#failures >= 2 + 2 * this.#stretches",
    "this.#failures >= 6 + 2 * this.#stretches",
    "model/rescue_test.ts",
    "unit/reader/reader_rescue_test.ts",
  ],
  [
    "the end of a bad stretch is not tried backwards",
    "reader/rescue.ts",
    "      gap.mode = BACKWARD;\n    } else {",
    "      this.#gaps.pop();\n    } else {",
    "model/rescue_test.ts",
    "unit/reader/reader_rescue_test.ts",
  ],
  [
    "zeros are left out of an image that has other bytes there",
    "reader/image_writer.ts",
    "if (this.#fresh) return 0;",
    "return 0;",
    "unit/reader/image_writer_test.ts",
  ],
  [
    "an image that was cut short is written to behind its end",
    "reader/image_writer.ts",
    "if (offset > size) return size < 0 ? size : -ENODATA;",
    "if (size < 0) return size;",
    "unit/reader/image_writer_test.ts",
    "unit/reader/image_trouble_test.ts",
  ],
];

const MAP: Row[] = [
  [
    "a run is not joined with the equal one behind it",
    "map/extent_editor.ts",
    "if (to.status === this.#status) this.#removed++;",
    "if (to.status === this.#status && false) this.#removed++;",
    "unit/map/file_map_test.ts",
    "model/map_file_map_test.ts",
  ],
  [
    "the total of the last run that goes is not counted",
    "map/extent_editor.ts",
    "this.#gains[to.status] -= this.#end - position;",
    "",
    "unit/map/file_map_test.ts",
  ],
  [
    "a map that is full is changed",
    "map/extent_editor.ts",
    "+ added - this.#removed > this.#memory.maxTransitions",
    "> this.#memory.maxTransitions",
    "unit/map/file_map_test.ts",
    "model/map_file_map_test.ts",
  ],
  [
    "what is said beyond a cut is kept",
    "map/map_snapshot.ts",
    "const lostFrom = isData ? Math.max(start, end) : extentEnd;",
    "const lostFrom = isData ? Math.max(start, end + 1) : extentEnd;",
    "unit/map/map_snapshot_test.ts",
  ],
  [
    "finished bytes behind the device's end are rounded away",
    "map/mapfile_conversion.ts",
    "if (excess > 0n && !options.isCut) {",
    "if (excess > 512n && !options.isCut) {",
    "unit/map",
  ],
  [
    "a reader keeps what it saw although the writer was busy",
    "map/seqlock.ts",
    "const unchanged = Atomics.add(this.#words, this.#sequence, 0) === sequence;",
    "const unchanged = sequence >= 0 && Atomics.add(this.#words, this.#sequence, 0) >= 0;",
    "unit/map/seqlock_test.ts",
  ],
  [
    "a reader begins in the middle of a write",
    "map/seqlock.ts",
    "return (sequence & 1) === 0 ? sequence : this.#awaitEven();",
    "return this.#words.length < 0 ? this.#awaitEven() : sequence;",
    "unit/map/seqlock_test.ts",
  ],
  [
    "the writer does not wait for readers that hold it",
    "map/seqlock.ts",
    "if (Atomics.load(this.#words, this.#hold) !== 0) this.#awaitReaders();",
    "if (Atomics.load(this.#words, this.#hold) < 0) this.#awaitReaders();",
    "unit/map/seqlock_test.ts",
  ],
];

const SHARED: Row[] = [
  [
    "a slot that is used again stays cancelled",
    "shared/request_queue.ts",
    "    state.slotState[slot] = SLOT_QUEUED;\n",
    "",
    "unit/shared/request_queue_test.ts",
  ],
  [
    "a bell before the reader's last look is lost",
    "shared/shared_state.ts",
    "    const heard = Atomics.load(this.words, BELL);\n    Atomics.store(this.words, READER_ASLEEP, 1);\n    if (isIdle()) Atomics.wait(this.words, BELL, heard, timeoutMs);",
    "    Atomics.store(this.words, READER_ASLEEP, 1);\n    if (isIdle()) Atomics.wait(this.words, BELL, Atomics.load(this.words, BELL), timeoutMs);",
    "unit/shared/shared_state_test.ts",
  ],
  [
    "a session that sleeps is not woken",
    "shared/request_queue.ts",
    "if (Atomics.exchange(state.words, state.waitingWord(session), 0) !== 0) {",
    "if (Atomics.exchange(state.words, state.waitingWord(session), 0) > 1) {",
    "unit/shared/request_queue_test.ts",
  ],
  [
    "a session sleeps although something has ended",
    "shared/request_queue.ts",
    "    if (this.#endedHead === Atomics.load(this.#state.words, this.#endedTailWord)) return true;\n    this.disarmWakeUp();\n    return false;",
    "    return true;",
    "unit/shared/request_queue_test.ts",
  ],
];

const NBD: Row[] = [
  [
    "a read beyond the end is answered",
    "nbd/request_rules.ts",
    "return offset + length > size ? outside : undefined;",
    "return offset > size ? outside : undefined;",
    "unit/nbd/requests_test.ts",
  ],
  [
    "a read-only export takes writes",
    "nbd/request_rules.ts",
    "      if (writer === undefined) return READ_ONLY;\n      if (length > MAX_PAYLOAD_BYTES) return TOO_LONG;",
    "      if (length > MAX_PAYLOAD_BYTES) return TOO_LONG;",
    "unit/nbd",
  ],
  [
    "a refusal has no errno",
    "nbd/replies.ts",
    "      this.#simpleHeader(errno);",
    "      this.#simpleHeader(0);",
    "unit/nbd/requests_test.ts",
  ],
  [
    "the last chunk of an error is not marked as the last",
    "nbd/replies.ts",
    "this.chunkHeader(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_ERROR, 6 + sentence.length);",
    "this.chunkHeader(0, NBD_REPLY_TYPE_ERROR, 6 + sentence.length);",
    "unit/nbd/requests_test.ts",
  ],
  [
    "an unreadable sector is told at the wrong offset",
    "nbd/replies.ts",
    "    this.#offset(at + 6, offset);",
    "    this.#offset(at + 6, offset + 512);",
    "unit/nbd/ended_read_test.ts",
  ],
  [
    "neighbouring extents are equal",
    "nbd/block_status.ts",
    "if (position > start && nextFlags !== flags) {",
    "if (position > start) {",
    "unit/nbd/block_status_test.ts",
  ],
];

const FUSE: Row[] = [
  [
    "a read is cut at the end of the file by one byte",
    "fuse/requests.ts",
    "const length = Math.min(asked, backend.size - offset);",
    "const length = Math.min(asked, backend.size - offset - 1);",
    "unit/fuse/serve_mount_test.ts",
  ],
  [
    "a file can be opened to be written",
    "fuse/requests.ts",
    "if ((flags & O_ACCMODE) !== 0) return this.#replies.error(EROFS);",
    "",
    "unit/fuse/serve_mount_test.ts",
  ],
  [
    "an incomplete file goes through the page cache",
    "fuse/requests.ts",
    "const cached = (flags & this.#options.directFlag) === 0 && this.#file.isComplete();",
    "const cached = (flags & this.#options.directFlag) === 0;",
    "unit/fuse/serve_mount_test.ts",
  ],
];

const IDENTITY: Row[] = [
  [
    "two places that agree are proof enough",
    "identity/medium_decision.ts",
    "export const ENOUGH_PROOFS = 3;",
    "export const ENOUGH_PROOFS = 2;",
    "unit/identity/medium_decision_test.ts",
  ],
  [
    "one difference disproves although others agree",
    "identity/medium_decision.ts",
    "if (content.proofs === 0 && (ids.length > 0",
    "if ((ids.length > 0",
    "unit/identity/medium_decision_test.ts",
  ],
  [
    "equal heads prove that it is the same medium",
    "identity/medium_decision.ts",
    "isTelling && !isHead",
    "isTelling || isHead",
    "unit/identity/medium_decision_test.ts",
  ],
  [
    "another size is no question",
    "identity/medium_decision.ts",
    'if (decision.answer === "same" && isOtherSize(evidence)) {',
    'if (decision.answer === "other" && isOtherSize(evidence)) {',
    "unit/identity/medium_decision_test.ts",
  ],
  [
    "--force goes on with another medium",
    "opening/confirm_medium.ts",
    'if (decision.answer === "other") throw',
    'if (decision.answer === "other" && !force) throw',
    "unit/device/medium_pairs_test.ts",
  ],
];

const REFUSALS: Row[] = [
  [
    "an image may lie on the source",
    "files/place.ts",
    '  if (relation === "on the source") {\n    return {',
    '  if (relation === "on the source" && facts.readOnly) {\n    return {',
    "unit/files/place_test.ts",
  ],
  [
    "a file of another user's is used in a directory like /tmp",
    "files/entry.ts",
    'if (stat !== undefined && access === "sticky" && !isOurs(stat)) {',
    'if (stat !== undefined && access === "public" && !isOurs(stat)) {',
    "unit/files/entry_test.ts",
  ],
  [
    "a directory that everybody can change is trusted",
    "files/entry.ts",
    'if (access === "public") {',
    'if (access === "public" && path === "") {',
    "unit/files/entry_test.ts",
  ],
  [
    "a complete run is promised although the save has failed",
    "server/run_end.ts",
    'if (!isSaved || reason === "reader failed") return EXIT_FAILURE;',
    'if (reason === "reader failed") return EXIT_FAILURE;',
    "unit/server/run_end_test.ts",
  ],
];

const ROSTER: Row[] = [
  [
    "a session that ends is not replaced for those who wait",
    "server/session_roster.ts",
    '    return [{ do: "stop resting", session }, ...this.#startForCallers()];',
    '    return [{ do: "stop resting", session }];',
    "model/session_roster_test.ts",
  ],
  [
    "the last free session is dismissed",
    "server/session_roster.ts",
    'this.#count("free") < 2',
    'this.#count("free") < 1',
    "unit/server/session_pool_test.ts",
  ],
];

const THREADS: Row[] = [
  [
    "the number of a worker that died is used again",
    "server/session_roster.ts",
    "  died(session: number): RosterAction[] {\n    this.#remove(session);",
    "  died(session: number): RosterAction[] {\n    this.#remove(session);\n    this.#freeNumbers.push(session);",
    "unit/server/session_pool_test.ts",
  ],
  [
    "a medium that is refused ends the run",
    "server/drive_life.ts",
    "const isOurs = this.#isFirst && !(error instanceof MediumRefused);",
    "const isOurs = this.#isFirst;",
    "unit/server/drive_life_test.ts",
  ],
  [
    "a reader that hangs is waited for without end",
    "server/thread.ts",
    "return withTimeout(this.ended, timeoutMs);",
    "return this.ended.then(() => true);",
    "unit/server/thread_test.ts",
    "unit/server/reader_thread_test.ts",
  ],
  [
    "what a thread had is closed again when it fails after its end",
    "server/thread.ts",
    'if (this.#state !== "runs") return;\n    this.#state = "has ended";',
    'this.#state = "has ended";',
    "unit/server/thread_test.ts",
    "unit/server/thread_end_test.ts",
  ],
  [
    "the descriptors of a thread that hangs are closed",
    "server/thread.ts",
    "users?.add(this.ended);",
    "",
    "unit/server/thread_test.ts",
    "unit/server/reader_thread_test.ts",
  ],
];

/** The deliberate faults, each of which a fast test must notice. */
export const FAULTS: readonly Fault[] = [
  ...[DURABILITY, TRUTH, MAP, SHARED, NBD, FUSE, IDENTITY, REFUSALS, ROSTER, THREADS].flat(),
].map(([name, file, text, by, ...tests]) => ({ name, file, text, by, tests }));
