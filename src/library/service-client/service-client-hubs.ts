import { canonicalHubName, isHubName } from '../../protocol/names.js';
import { badHubName } from './service-client.messages.js';

/**
 * The hubs that this process knows by a decorator or a token: what service clients there must be. Classes are defined
 * before an application is made of them, or later, when a module is loaded lazily; so it is one list for the process, and
 * the same for all copies of the package.
 */
interface KnownHubs {
  /** Names in lower case, by which hubs are compared, to their first spelling. */
  readonly names: Map<string, string>;
  /** Told of each name that is new. */
  readonly listeners: Set<(name: string) => void>;
}

const KEY = Symbol.for('nestjs-web-pubsub.service-client-hubs');

/** The form of a hub's name by which hubs are compared. Throws a TypeError when it is no hub name. */
export function readHubName(hub: string): string {
  if (typeof hub !== 'string' || !isHubName(hub)) throw new TypeError(badHubName(hub));
  return canonicalHubName(hub);
}

/** Makes a hub known, and returns `readHubName` of it. */
export function registerHubName(hub: string): string {
  const name = readHubName(hub);
  const { names, listeners } = knownHubs();
  if (!names.has(name)) {
    names.set(name, hub);
    for (const listener of listeners) listener(hub);
  }
  return name;
}

/** As they were first spelled, in the order they became known. */
export function knownHubNames(): string[] {
  return [...knownHubs().names.values()];
}

/** Calls the listener for each name that becomes known from now on; returns what ends it. */
export function onHubName(listener: (name: string) => void): () => void {
  const { listeners } = knownHubs();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function knownHubs(): KnownHubs {
  const holder = globalThis as { [KEY]?: KnownHubs };
  holder[KEY] ??= { names: new Map(), listeners: new Set() };
  return holder[KEY];
}
