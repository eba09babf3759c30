import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostRequest } from './request-body.js';
import type { Slotted } from './slot-list.js';

/** A request on the way to its answer. */
export class EventExchange implements Slotted {
  slot = -1;
  /** Its answer has been written. */
  isAnswered = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** The framework's request, when the framework had this one before. */
    readonly host: HostRequest | undefined,
    /** In milliseconds; -1 when nobody wants to know. */
    readonly startedAt: number,
    /** The host gets the request before it is answered, and must find a stream that has ended. */
    readonly goesOn: boolean,
  ) {}
}
