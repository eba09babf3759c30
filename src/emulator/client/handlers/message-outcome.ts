import type { AckMessage } from '../../../protocol/service-message.js';

/** How a client message went; nothing to say means success. */
export interface MessageOutcome {
  readonly error?: NonNullable<AckMessage['error']>;
  /** What follows the ack on the wire. */
  readonly afterAck?: () => void;
}

export function forbidden(verb: string, group: string): MessageOutcome {
  return {
    error: { name: 'Forbidden', message: `The client does not have permission to ${verb} group '${group}'.` },
  };
}

export const INTERNAL_ERROR = { name: 'InternalServerError', message: 'Internal server error' } as const;
