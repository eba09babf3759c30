import { createHmac } from 'node:crypto';

const PREFIX = 'sha256=';

/**
 * One element of `ce-signature`: `sha256=` and the lower-case hex of HMAC-SHA256 over the connection id. The key is the
 * text of the access key, not its base64 content [upstream-events 7].
 */
export function computeSignature(connectionId: string, accessKey: string): string {
  return PREFIX + createHmac('sha256', accessKey).update(connectionId).digest('hex');
}

/** The value of `ce-signature`: one element per access key, primary first. */
export function signConnectionId(connectionId: string, accessKeys: readonly string[]): string {
  return accessKeys.map((accessKey) => computeSignature(connectionId, accessKey)).join(',');
}
