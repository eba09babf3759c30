/** Beside the code, in the 125 bytes of a control frame [RFC 6455 5.5]. */
const MAX_REASON_BYTES = 123;

/** Cuts a reason to what a close frame holds, between characters. */
export function fitCloseReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  let fitted = '';
  let length = 0;
  for (const character of reason) {
    length += Buffer.byteLength(character);
    if (length > MAX_REASON_BYTES) break;
    fitted += character;
  }
  return fitted;
}
