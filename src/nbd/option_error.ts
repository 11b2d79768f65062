// An option that cannot be granted; negotiation goes on.

/** The option is answered with an error reply and a sentence for the client's user. */
export class OptionError extends Error {
  override name = "OptionError";
  /** NBD_REP_ERR_*. */
  readonly replyType: number;

  constructor(replyType: number, message: string) {
    super(message);
    this.replyType = replyType;
  }
}
