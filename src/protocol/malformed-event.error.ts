/** An event that cannot be understood: the sender's fault. */
export class MalformedEventError extends Error {
  override readonly name = 'MalformedEventError';

  /** One line that is fit for an answer: it says what is wrong and repeats nothing of the payload. */
  constructor(readonly reason: string) {
    super(reason);
  }
}
