/**
 * What passes between the service and a tunnel tool, one message per binary WebSocket message [tunnel 4]. Absent
 * optional fields are `null` on the wire.
 */
export type TunnelMessage =
  | TunnelRequestMessage
  | TunnelResponseMessage
  | TunnelStatusMessage
  | TunnelMoveMessage
  | TunnelCloseMessage
  | TunnelConnectedMessage;

/** Header names to the lines they had. */
export type TunnelHeaders = Readonly<Record<string, readonly string[]>>;

/** An HTTP request to carry out on the other side; from the service to the tool [tunnel 5.1]. */
export interface TunnelRequestMessage {
  readonly kind: 'httpRequest';
  /** Echoed in the answer; unique among the outstanding requests. */
  readonly ackId: number;
  readonly method: string;
  /** Absolute, of any scheme: the tool cannot read a relative one and never answers it. */
  readonly url: string;
  /** Without `Host` and `Content-Length`, which the tool sets. */
  readonly headers: TunnelHeaders;
  /** Absent: the request has no body. */
  readonly content?: Uint8Array;
  /** Echoed unchanged. Default false and empty. */
  readonly localRouting?: boolean;
  readonly channelName?: string;
}

/** The answer, or a part of it [tunnel 5.2]. */
export interface TunnelResponseMessage {
  readonly kind: 'httpResponse';
  readonly ackId: number;
  readonly statusCode: number;
  /** Names in the case in which they came. */
  readonly headers: TunnelHeaders;
  readonly content?: Uint8Array;
  /** More parts with this `ackId` follow; status and headers count from the first. */
  readonly isIncomplete: boolean;
  readonly localRouting?: boolean;
  readonly channelName?: string;
}

/** A line for the tool's log. */
export interface TunnelStatusMessage {
  readonly kind: 'serviceStatus';
  readonly message: string;
}

/**
 * `reconnect` makes the tool replace this connection by another, `rebalance` makes it open one more and keep this
 * [tunnel 6].
 */
export interface TunnelMoveMessage {
  readonly kind: 'reconnect' | 'rebalance';
  /** Comes back as the query parameter `target` of the new connection. */
  readonly targetId?: string;
  /** Base URL of the service to go to; absent: the one the tool was started with. */
  readonly endpoint?: string;
  readonly message?: string;
}

/** Ends the connection; the tool does not come back. */
export interface TunnelCloseMessage {
  readonly kind: 'close';
  readonly message?: string;
}

/** The service's first message: until it comes, the tool does not call itself connected [tunnel 4.1]. */
export interface TunnelConnectedMessage {
  readonly kind: 'connected';
  readonly connectionId: string;
  /** The `sub` of the tool's token: its server id. */
  readonly userId?: string;
  /** The tool keeps it and never uses it. */
  readonly reconnectionToken?: string;
}
