import { isDeepStrictEqual } from 'node:util';
import {
  decodeStateHeader,
  encodeStateHeader,
  type ConnectionStateForm,
  type ConnectionStateValues,
} from '../protocol/connection-states.codec.js';

const NO_STATES: ReadonlyMap<string, unknown> = new Map();

/**
 * The state that the service keeps for one connection and sends with each of its events [upstream-events 5]: JSON values
 * by name. What a blocking event's handler changes (`connect` and user events) is written back with its answer; the
 * service ignores it on other events.
 *
 * The parameter types the states: `@States() states: ConnectionStates<{ room: string }>`. Values come from the service
 * as they were stored, and are not validated.
 *
 * @publicApi
 */
export class ConnectionStates<T extends object = Record<string, unknown>> {
  readonly #received: ReadonlyMap<string, unknown>;
  /** Absent while there are none: most events come without states and set none. */
  #current: ConnectionStateValues | undefined;
  /** What received objects were when a handler first saw them, as text: they may be changed in place. */
  #seen: Map<string, string> | undefined;
  #isTouched = false;

  /** States as they were received; by default none. */
  constructor(received: ReadonlyMap<string, unknown> = NO_STATES) {
    this.#received = received;
    if (received.size > 0) this.#current = new Map(received);
  }

  /** The value of a state; `undefined` when it is not set. Changing an object or array in place counts as a change. */
  get<K extends keyof T & string>(name: K): T[K] | undefined {
    const value = this.#current?.get(name);
    if (typeof value === 'object' && value !== null) this.#handOut(name, value);
    return value as T[K] | undefined;
  }

  /**
   * Sets a state to a JSON value, of which it keeps a copy; `undefined` deletes it. Setting the value that it already has
   * is no change. With the `dotnet` state codec a `Uint8Array` is stored as these bytes.
   * Throws a TypeError for what JSON cannot hold: functions, symbols, bigints, cycles.
   */
  set<K extends keyof T & string>(name: K, value: T[K] | undefined): this {
    if (value === undefined) {
      this.delete(name);
      return this;
    }
    const copy = copyOf(name, value);
    const current = (this.#current ??= new Map());
    if (current.has(name) && isDeepStrictEqual(current.get(name), copy)) return this;
    current.set(name, copy);
    this.#isTouched = true;
    return this;
  }

  /** Whether a state is set. */
  has(name: keyof T & string): boolean {
    return this.#current?.has(name) ?? false;
  }

  /** Whether there was such a state. Deleting the last one clears the state at the service. */
  delete(name: keyof T & string): boolean {
    const isDeleted = this.#current?.delete(name) ?? false;
    if (isDeleted) this.#isTouched = true;
    return isDeleted;
  }

  /** Deletes all states; the service is told so with an empty header. */
  clear(): void {
    if (this.size === 0) return;
    this.#current = undefined;
    this.#isTouched = true;
  }

  /** A plain object of all states. */
  toJSON(): Partial<T> {
    return Object.fromEntries(this.entries()) as Partial<T>;
  }

  /** How many states there are. */
  get size(): number {
    return this.#current?.size ?? 0;
  }

  /** Whether they differ from what was received, so that they must be written back. */
  get isChanged(): boolean {
    if (!this.#isTouched) return false;
    if (this.size !== this.#received.size) return true;
    for (const [name, value] of this.#current ?? NO_STATES) {
      if (!this.#received.has(name)) return true;
      const before = this.#received.get(name);
      const seen = this.#seen?.get(name);
      if (value === before && seen === undefined) continue;
      if (serialize(value) !== (seen ?? serialize(before))) return true;
    }
    return false;
  }

  /** Names and values, in the order they were set. */
  *entries(): IterableIterator<[string, unknown]> {
    for (const [name, value] of this.#current ?? NO_STATES) {
      if (typeof value === 'object' && value !== null) this.#handOut(name, value);
      yield [name, value];
    }
  }

  #handOut(name: string, value: object): void {
    this.#isTouched = true;
    if (this.#received.get(name) !== value || this.#seen?.has(name)) return;
    (this.#seen ??= new Map()).set(name, serialize(value));
  }
}

/** Reads the opaque state of an event; absent or empty, there are none. Throws a `BadConnectionStateError`. */
export function decodeConnectionStates(raw: string | undefined, codec: ConnectionStateForm): ConnectionStates {
  return raw ? new ConnectionStates(decodeStateHeader(raw, codec)) : new ConnectionStates();
}

/** The value of the state header; empty when there are no states. */
export function encodeConnectionStates<T extends object>(
  states: ConnectionStates<T>,
  codec: ConnectionStateForm,
): string {
  return encodeStateHeader(new Map(states.entries()), codec);
}

/** Connection state that grew past `maxStateBytes`: the handler's fault, so not for the service to see. */
export class ConnectionStateTooLargeError extends Error {
  override readonly name = 'ConnectionStateTooLargeError';

  constructor(
    readonly hub: string,
    readonly event: string,
    /** Of the encoded header. */
    readonly sizeBytes: number,
    readonly maxStateBytes: number,
  ) {
    super(
      `The connection state of hub "${hub}" would be ${sizeBytes} bytes after the event "${event}", more than the ` +
        `${maxStateBytes} of maxStateBytes. Store large data elsewhere and its key in the state.`,
    );
  }
}

/** Throws a `ConnectionStateTooLargeError` when the encoded state (ASCII) is larger than `maxStateBytes`. */
export function assertStateFits(encoded: string, maxStateBytes: number, hub: string, event: string): void {
  if (encoded.length > maxStateBytes) {
    throw new ConnectionStateTooLargeError(hub, event, encoded.length, maxStateBytes);
  }
}

function serialize(value: unknown): string {
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('base64')}` : JSON.stringify(value);
}

function copyOf(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw notJson(name, { cause: error });
  }
  if (json === undefined) throw notJson(name);
  return JSON.parse(json);
}

function notJson(name: string, options?: ErrorOptions): TypeError {
  return new TypeError(
    `The connection state "${name}" cannot be written as JSON. Set texts, numbers, booleans, lists or plain objects.`,
    options,
  );
}
