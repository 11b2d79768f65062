// Threads of the C library. Older ones (before 2.34) keep these functions in a library of their own; newer ones
// give them under its name as well.
import { NativeMemory } from "./memory.ts";
import { SystemError } from "./system_error.ts";

const pthread = Deno.dlopen("libpthread.so.0", {
  // int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
  pthread_create: { parameters: ["buffer", "pointer", "pointer", "u64"], result: "i32" },
  // int pthread_join(pthread_t thread, void **retval)
  pthread_join: { parameters: ["u64", "pointer"], result: "i32" },
  // int pthread_sigmask(int how, const sigset_t *set, sigset_t *oldset)
  pthread_sigmask: { parameters: ["i32", "buffer", "pointer"], result: "i32" },
  // int sem_init(sem_t *sem, int pshared, unsigned int value)
  sem_init: { parameters: ["u64", "i32", "u32"], result: "i32" },
  // int sem_post(sem_t *sem)
  sem_post: { parameters: ["u64"], result: "i32" },
  // int sem_wait(sem_t *sem); here its address
  sem_wait: { type: "pointer" },
}).symbols;

// asm-generic/signal-defs.h
const SIG_BLOCK = 0;
const SIGSET_BYTES = 128;
/** More than a sem_t has, on any machine. */
const SEMAPHORE_BYTES = 64;

/** The calling thread takes no signals any more: its system calls are not interrupted; others take them. */
export function blockSignals(): void {
  // Returns the error instead of setting errno, as all of these functions do.
  const error = pthread.pthread_sigmask(SIG_BLOCK, new Uint8Array(SIGSET_BYTES).fill(0xff), null);
  if (error !== 0) throw new SystemError(error, "pthread_sigmask");
}

/**
 * Starts `count` threads that do nothing and ends them: the one way to know what the system allows, since the
 * user's processes, a control group or the machine may be at their limits. Takes some 50 us for each.
 * @returns 0, or -errno: -EAGAIN.
 */
export function tryThreads(count: number): number {
  const semaphore = NativeMemory.allocate(SEMAPHORE_BYTES);
  const { address } = semaphore;
  const threads: bigint[] = [];
  let error = 0;
  pthread.sem_init(BigInt(address), 0, 0);
  while (threads.length < count && error === 0) {
    const id = new BigUint64Array(1);
    // The thread is sem_wait(semaphore).
    error = pthread.pthread_create(
      new Uint8Array(id.buffer),
      null,
      pthread.sem_wait,
      BigInt(address),
    );
    if (error === 0) threads.push(id[0]!);
  }
  for (const _ of threads) pthread.sem_post(BigInt(address));
  for (const thread of threads) pthread.pthread_join(thread, null);
  semaphore.release();
  return -error;
}
