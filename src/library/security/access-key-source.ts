import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { connectionStringsOf, isKeyCredential } from '../service-client/service-connection.js';

/** The access keys that are valid at this moment; asked at every use, so that a key can be rotated without a restart. */
export type AccessKeySource = () => readonly string[];

/**
 * Keys of the connection strings, and the live key of an `AzureKeyCredential` (`credential.update(newKey)` takes effect
 * with the next event). Returns `undefined` when no key is known. The same array is returned while no key changed.
 */
export function createAccessKeySource(options: WebPubSubModuleOptions): AccessKeySource | undefined {
  const fixed = [...new Set(connectionStringsOf(options).map(({ accessKey }) => accessKey))];
  const { credential } = options;
  if (!isKeyCredential(credential)) return fixed.length === 0 ? undefined : () => fixed;
  let liveKey = credential.key;
  let keys: readonly string[] = [liveKey, ...fixed];
  return () => {
    const key = credential.key;
    if (key !== liveKey) {
      liveKey = key;
      keys = [key, ...fixed];
    }
    return keys;
  };
}
