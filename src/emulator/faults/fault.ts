/**
 * What a fault switch can break, for tests. The same object is the body of `POST /emulator/faults`.
 *
 * @publicApi
 */
export type Fault =
  | DropSocketFault
  | ForceRecoveryFault
  | ThrottleClientFault
  | ExpireReconnectionTokenFault
  | ExpireAccessTokenFault
  | DelayUpstreamFault
  | FailUpstreamFault
  | RepeatUpstreamFault
  | RefuseValidationFault;

/**
 * What can be broken on purpose.
 *
 * @publicApi
 */
export type FaultKind = Fault['kind'];

interface ConnectionFault {
  readonly hub: string;
  readonly connectionId: string;
}

/** How often a fault strikes before it ends by itself. */
interface CountedFault {
  /** Default: until it is cleared. */
  readonly times?: number;
}

/**
 * Which calls to upstream are meant: those that match every field given. Each attempt counts, retries too.
 *
 * @publicApi
 */
export interface UpstreamFaultTarget extends CountedFault {
  readonly hub?: string;
  /** `connect`, `message`, ...; compared without regard to case. */
  readonly eventName?: string;
  readonly connectionId?: string;
}

/**
 * Cuts the socket at once, without a closing handshake.
 *
 * @publicApi
 */
export interface DropSocketFault extends ConnectionFault {
  readonly kind: 'dropSocket';
}

/**
 * As `dropSocket`, for a connection that can come back only: anything else is refused.
 *
 * @publicApi
 */
export interface ForceRecoveryFault extends ConnectionFault {
  readonly kind: 'forceRecovery';
}

/**
 * Nothing more is written to the client's present socket, as if the client had ceased to read. Ends with that
 * socket; one that the service closes meanwhile learns of it when the fault ends, and is cut off after 5 seconds.
 *
 * @publicApi
 */
export interface ThrottleClientFault extends ConnectionFault {
  readonly kind: 'throttleClient';
  /** Milliseconds. Default: until it is cleared. */
  readonly durationMs?: number;
}

/**
 * Attempts to recover the connection are refused, as with a token that has run out. Ends with the connection;
 * one that has no reconnection token is refused.
 *
 * @publicApi
 */
export interface ExpireReconnectionTokenFault extends ConnectionFault {
  readonly kind: 'expireReconnectionToken';
}

/**
 * Access tokens of new clients are taken as expired.
 *
 * @publicApi
 */
export interface ExpireAccessTokenFault extends CountedFault {
  readonly kind: 'expireAccessToken';
  readonly hub?: string;
  /** The user the token names. */
  readonly userId?: string;
}

/**
 * Waits before each call.
 *
 * @publicApi
 */
export interface DelayUpstreamFault extends UpstreamFaultTarget {
  readonly kind: 'delayUpstream';
  /** Milliseconds. */
  readonly delayMs: number;
}

/**
 * Calls never reach upstream: they are answered with the status or, without one, break as a lost connection does.
 *
 * @publicApi
 */
export interface FailUpstreamFault extends UpstreamFaultTarget {
  readonly kind: 'failUpstream';
  readonly status?: number;
}

/**
 * Sends each call again after it was answered, as a retry whose first answer was lost; the last answer counts.
 *
 * @publicApi
 */
export interface RepeatUpstreamFault extends UpstreamFaultTarget {
  readonly kind: 'repeatUpstream';
  /** How many more times. Default 1. */
  readonly copies?: number;
}

/**
 * Webhook validations fail without being asked; what was known is forgotten, so it shows at once.
 *
 * @publicApi
 */
export interface RefuseValidationFault extends CountedFault {
  readonly kind: 'refuseValidation';
  readonly hub?: string;
  /** What upstream seems to answer. Default: 200 without an allowed origin. */
  readonly status?: number;
}

/**
 * A fault that was switched on.
 *
 * @publicApi
 */
export interface FaultHandle {
  /** Counts up from 1. */
  readonly id: number;
  readonly fault: Fault;
  /** False when it was cleared, is used up, struck once and for all, or what it was about has ended. */
  readonly isActive: boolean;
  /** Ends the fault; has no effect on one that is over. */
  clear(): void;
}
