// The form of an identity in the sidecar file. A person or another program may have been at it: every
// field is checked. Unknown fields are ignored, so that a later version can add some.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { type Accepted, type Identity, NOTHING_ACCEPTED, type Stretch } from "./identity.ts";
import type { Volume } from "../filesystems/volume.ts";

/** Goes up when an older program would misread the fields. */
export const IDENTITY_VERSION = 1;

// The lengths are going to be read and held in memory: bounded, whatever the file says.
const MAX_STRETCHES = 64;
const MAX_STRETCH_BYTES = 1 << 20;

/** An identity as plain JSON. */
export function identityToJson(identity: Identity): Record<string, unknown> {
  return { version: IDENTITY_VERSION, ...identity };
}

/** @throws {UserError} that names the field, when `value` is not what `identityToJson` makes. */
export function identityFromJson(value: unknown): Identity {
  const fields = new Fields(value, "the identity");
  const version = fields.number("version");
  if (version !== IDENTITY_VERSION) {
    throw new UserError(
      `the identity has version ${version}, this program knows ${IDENTITY_VERSION}`,
      {
        hints: ["use the blkcache that wrote it, or a newer one"],
      },
    );
  }
  return {
    size: fields.number("size"),
    sectorSize: fields.number("sectorSize"),
    fingerprint: fields.text("fingerprint", /^[0-9a-f]{8}$/),
    model: fields.text("model"),
    serial: fields.text("serial"),
    usbSerial: fields.has("usbSerial") ? fields.text("usbSerial") : null,
    partition: fields.has("partition") ? fields.number("partition") : null,
    volume: volumeFrom(fields.value("volume")),
    stretches: stretchesFrom(fields.value("stretches")),
    accepted: fields.has("accepted") ? acceptedFrom(fields.value("accepted")) : NOTHING_ACCEPTED,
    imageId: fields.has("imageId") ? fields.text("imageId", /^[0-9a-f]{16}$/) : null,
  };
}

function acceptedFrom(value: unknown): Accepted {
  const fields = new Fields(value, "what was accepted");
  return {
    stretches: stretchesFrom(fields.value("stretches")),
    sizes: fields.list("sizes", (item, at) => new Fields({ [at]: item }, "a size").number(at)),
    serials: fields.list("serials", (item, at) => {
      const serial = new Fields({ [at]: item }, "a serial number").text(at);
      if (serial === null) throw fields.damaged("serials");
      return serial;
    }),
  };
}

function volumeFrom(value: unknown): Volume | null {
  if (value === null) return null;
  const fields = new Fields(value, "the volume");
  const kinds: readonly Volume["kind"][] = ["iso9660", "udf", "gpt", "mbr"];
  const kind = kinds.find((name) => name === fields.value("kind"));
  if (!kind) throw fields.damaged("kind");
  return {
    kind,
    label: fields.text("label"),
    created: fields.text("created"),
    modified: fields.text("modified"),
    id: fields.text("id"),
    size: fields.value("size") === null ? null : fields.number("size"),
  };
}

function stretchesFrom(value: unknown): Stretch[] {
  if (!Array.isArray(value) || value.length > MAX_STRETCHES) {
    throw new Fields({}, "the identity").damaged("stretches");
  }
  return value.map((item) => {
    const fields = new Fields(item, "a stretch");
    const sha1 = fields.text("sha1", /^[0-9a-f]{40}$/);
    if (sha1 === null) throw fields.damaged("sha1");
    const length = fields.number("length");
    if (length > MAX_STRETCH_BYTES) throw fields.damaged("length");
    return { offset: fields.number("offset"), length, sha1 };
  });
}

/** Fields of a JSON object, each checked as it is taken out. */
class Fields {
  readonly #object: Record<string, unknown>;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    this.#what = what;
    if (typeof value !== "object" || value === null) throw this.damaged(undefined);
    this.#object = value as Record<string, unknown>;
  }

  value(name: string): unknown {
    return this.#object[name];
  }

  /** A size, an offset, a length: never negative. */
  number(name: string): number {
    const value = this.value(name);
    if (!Number.isSafeInteger(value) || value as number < 0) throw this.damaged(name);
    return value as number;
  }

  /** Null is allowed; control characters are taken out. */
  text(name: string, form?: RegExp): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== "string" || form && !form.test(value)) throw this.damaged(name);
    return printable(value);
  }

  /** False also for null. */
  has(name: string): boolean {
    return this.value(name) != null;
  }

  list<T>(name: string, from: (item: unknown, at: string) => T): T[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > MAX_STRETCHES) throw this.damaged(name);
    return value.map((item, index) => from(item, String(index)));
  }

  damaged(name: string | undefined): UserError {
    const what = name === undefined ? this.#what : `"${name}" of ${this.#what}`;
    return new UserError(`${what} is damaged`, {
      hints: [
        "without the sidecar file the image is compared with the device instead: move it away",
      ],
    });
  }
}
