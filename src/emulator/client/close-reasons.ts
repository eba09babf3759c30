/** Codes and reasons with which the service closes sockets [client-websocket 11]. */
export interface CloseReason {
  readonly code: number;
  /** At most 123 bytes of UTF-8. */
  readonly reason: string;
}

export const CLOSES = {
  invalidFrame: { code: 1002, reason: 'The client frame is invalid.' },
  invalidUtf8: { code: 1007, reason: 'The client message is not valid UTF-8.' },
  messageTooLarge: { code: 1009, reason: 'The client message is too large.' },
  notRecovered: { code: 1008, reason: 'The connection could not be recovered.' },
  notAuthorizedToSend: { code: 1008, reason: 'The connection is not authorized for raw sendToGroup mode.' },
  outboundQueueFull: { code: 1008, reason: 'The outbound message queue is full.' },
  reliableBufferFull: { code: 1008, reason: 'The reliable message buffer is full.' },
  eventFailed: { code: 1011, reason: 'Internal server error' },
  /** [assumed] The service's log calls it PingTimeout; its close code is not published. */
  pingTimeout: { code: 1011, reason: 'PingTimeout' },
  /** [assumed] */
  shutdown: { code: 1001, reason: 'The service is shutting down.' },
} as const satisfies Record<string, CloseReason>;
