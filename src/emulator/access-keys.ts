/** The access keys of the emulated resource; either verifies, the first signs [auth 10]. */
export interface AccessKeys {
  readonly primary: string;
  readonly secondary?: string;
}

/**
 * The key of a resource that nobody configured; public, hence for local use only.
 *
 * @publicApi
 */
export const DEFAULT_ACCESS_KEY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH';

export function listAccessKeys(keys: AccessKeys): string[] {
  return keys.secondary === undefined ? [keys.primary] : [keys.primary, keys.secondary];
}
