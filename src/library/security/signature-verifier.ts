import { timingSafeEqual } from 'node:crypto';
import { computeSignature } from '../../protocol/signature.js';
import type { AccessKeySource } from './access-key-source.js';

/** Of an element: the prefix and 32 bytes in hex. */
const ELEMENT_LENGTH = 'sha256='.length + 64;

/**
 * Checks `ce-signature` [upstream-events 7]: some element must be the HMAC of the connection id with some known key. The
 * HMAC of a connection whose signature was right is remembered, since it is the same for all its events; what a forger
 * sends is not, so that nobody can push real connections out. Memory is bounded by two generations of
 * `maxConnections` each and forgotten when a key changes.
 */
export class SignatureVerifier {
  #keys: readonly string[] = [];
  /** By connection id, the element of each key. */
  #recent = new Map<string, readonly Buffer[]>();
  #older = new Map<string, readonly Buffer[]>();
  readonly #candidate = Buffer.alloc(ELEMENT_LENGTH);

  constructor(
    private readonly keySource: AccessKeySource,
    private readonly maxConnections = 10_000,
  ) {}

  /**
   * Whether the header proves knowledge of a key. The header may hold several elements, with or without blanks after the
   * comma, or come as several lines. Never throws, whatever the header is.
   */
  verify(connectionId: string | undefined, header: string | readonly string[] | undefined): boolean {
    if (!connectionId || header === undefined) return false;
    const keys = this.keySource();
    if (keys !== this.#keys) this.#forget(keys);
    const remembered = this.#recent.get(connectionId) ?? this.#recall(connectionId);
    const expected = remembered ?? keys.map((key) => expectSignature(connectionId, key));
    const isValid = this.#matches(typeof header === 'string' ? header : header.join(','), expected);
    if (isValid && !remembered) this.#remember(connectionId, expected);
    return isValid;
  }

  #matches(header: string, expected: readonly Buffer[]): boolean {
    if (this.#hasElement(header, expected)) return true;
    // Upper-case hex is accepted [upstream-events 7]; nobody sends it.
    const lowerCase = header.toLowerCase();
    return lowerCase !== header && this.#hasElement(lowerCase, expected);
  }

  #hasElement(header: string, expected: readonly Buffer[]): boolean {
    // One element and nothing else is what a resource with one key sends.
    if (header.length === ELEMENT_LENGTH) return this.#isElement(header, expected);
    return header.split(',').some((element) => this.#isElement(element.trim(), expected));
  }

  #isElement(element: string, expected: readonly Buffer[]): boolean {
    if (element.length !== ELEMENT_LENGTH) return false;
    this.#candidate.write(element, 'latin1');
    for (const signature of expected) if (timingSafeEqual(this.#candidate, signature)) return true;
    return false;
  }

  #recall(connectionId: string): readonly Buffer[] | undefined {
    const expected = this.#older.get(connectionId);
    if (expected) this.#remember(connectionId, expected);
    return expected;
  }

  #remember(connectionId: string, expected: readonly Buffer[]): void {
    if (this.#recent.size >= this.maxConnections) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(connectionId, expected);
  }

  #forget(keys: readonly string[]): void {
    this.#keys = keys;
    this.#recent.clear();
    this.#older.clear();
  }
}

/** The element that the key makes, in ASCII. */
function expectSignature(connectionId: string, key: string): Buffer {
  // Not of the pool: a slab of 8 KiB would stay with it.
  const element = Buffer.alloc(ELEMENT_LENGTH);
  element.write(computeSignature(connectionId, key), 'latin1');
  return element;
}
