import { Logger } from '@nestjs/common';
import type { AzureKeyCredential } from '@azure/web-pubsub';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { connectionStringsOf, isKeyCredential, isUsableKey } from '../service-client/service-connection.js';

const KEY_LOST =
  'The credential of WebPubSubModule has lost its access key: it is empty, or cannot be read. Events are checked with the ' +
  'last one until update() gives it another.';

/** The access keys that are valid at this moment; asked at every use, so that a key can be rotated without a restart. */
export type AccessKeySource = () => readonly string[];

/**
 * Keys of the connection strings, and the live key of an `AzureKeyCredential` (`credential.update(newKey)` takes effect
 * with the next event; a blank key is not taken). Returns `undefined` when no key is known. The same array is returned
 * while no key changed.
 */
export function createAccessKeySource(options: WebPubSubModuleOptions): AccessKeySource | undefined {
  const fixed = [...new Set(connectionStringsOf(options).map(({ accessKey }) => accessKey))];
  const { credential } = options;
  if (!isKeyCredential(credential)) return fixed.length === 0 ? undefined : () => fixed;
  let liveKey: unknown = credential.key;
  let keys: readonly string[] = isUsableKey(liveKey) ? [liveKey, ...fixed] : fixed;
  return () => {
    const key = readKey(credential);
    if (key !== liveKey) {
      liveKey = key;
      // With an empty key anybody could sign; the last one was known to be the service's.
      if (isUsableKey(key)) keys = [key, ...fixed];
      else new Logger('WebPubSub').error(KEY_LOST);
    }
    return keys;
  };
}

/** Undefined also when it cannot be read: credentials may be of an application's own making. */
function readKey(credential: AzureKeyCredential): unknown {
  try {
    return credential.key;
  } catch {
    return undefined;
  }
}
