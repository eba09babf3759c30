import type { IncomingMessage } from 'node:http';
import { readDataType, readEventType, type EventType } from '../../protocol/event-request.decoder.js';
import type { MessageDataType } from '../../protocol/message-data.js';
import type { HubHandlers, HubRegistry } from '../hubs/hub.registry.js';
import type { EntraValidator } from '../security/entra-validator.js';
import type { UpstreamSecurity } from '../security/upstream-security.js';
import { DESCRIBE_HUBS_TYPE } from '../web-pubsub.constants.js';
import type { EventLog } from './event.log.js';
import { OriginVerdicts, type OriginVerdict } from './origin-verdicts.js';
import { readRequestBody, SlowBodies, takeHostBody, type BodyOutcome, type HostRequest } from './request-body.js';

export interface EventAdmissionOptions {
  readonly maxBodyBytes: number;
  readonly security: UpstreamSecurity;
  readonly registry: HubRegistry;
  readonly log: EventLog;
}

/** A request that gets no further. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** One line, fit for an answer. */
  readonly reason: string;
  readonly allow?: string;
}

/** A request whose headers passed every check. */
interface AdmittedEvent {
  readonly kind: 'admitted';
  readonly type: EventType;
  readonly dataType: MessageDataType;
  readonly origins: readonly string[];
  readonly handlers: HubHandlers;
}

/**
 * What is to be answered, before the handler: a refusal, or an event whose body is there. `description`: somebody who may
 * know asks what is served.
 */
export type PreparedEvent =
  | Refusal
  | (AdmittedEvent & { readonly body: Buffer })
  | { readonly kind: 'aborted' }
  | { readonly kind: 'description' };

/** Who sent a request is proved. */
interface Sender {
  readonly kind: 'sender';
  readonly type: EventType;
  readonly origins: readonly string[];
}

const ALLOWED_METHODS = 'POST, OPTIONS, GET';
/** How long the body of an event may take. */
const BODY_PATIENCE_MS = 30_000;

/** Which requests become events: the checks of the headers, in the order of what a stranger may learn, and the body. */
export class EventAdmission {
  readonly #options: EventAdmissionOptions;
  readonly #origins: OriginVerdicts;
  readonly #slowBodies = new SlowBodies(BODY_PATIENCE_MS);
  #isClosed = false;

  constructor(options: EventAdmissionOptions) {
    this.#options = options;
    this.#origins = new OriginVerdicts(options.security.origins);
  }

  /**
   * Checks the headers, then reads the body: `done` is called once, at the latest when the sender gives up. Nothing is
   * written.
   */
  prepare(request: IncomingMessage, host: HostRequest | undefined, done: (prepared: PreparedEvent) => void): void {
    const sender = this.#checkSender(request);
    if (sender.kind === 'refusal') {
      done(sender);
      return;
    }
    const { entra } = this.#options.security;
    if (!entra) {
      this.#admit(request, host, sender, done);
      return;
    }
    void this.#checkBearer(entra, request, host, sender, done);
  }

  /** Refuses events from now on, with 503. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives up the bodies that are still being read. */
  dispose(): void {
    this.#slowBodies.close();
  }

  /** Method, event or not, origin, signature. */
  #checkSender(request: IncomingMessage): Refusal | Sender {
    const { headers } = request;
    if (request.method !== 'POST') {
      return { ...refuse(405, 'Events come by POST, validation by OPTIONS or GET.'), allow: ALLOWED_METHODS };
    }
    const type = readEventType(headers);
    if (!type)
      return refuse(400, 'The request is not an event of Web PubSub: ce-awpsversion or ce-type is missing or foreign.');
    if (this.#isClosed) return refuse(503, 'The application is shutting down.');
    const { signature } = this.#options.security;
    const origin = this.#origins.of(headers);
    if (!origin.isAllowed) return this.#refuseOrigin(origin);
    const connectionId = headers['ce-connectionid'] as string | undefined;
    if (!connectionId) return refuse(400, 'The request has no ce-connectionId header.');
    const signatureHeader = headers['ce-signature'];
    if (signature && !signature.verify(connectionId, signatureHeader)) {
      this.#options.log.signatureRefused(connectionId, signatureHeader === undefined);
      return refuse(
        401,
        signatureHeader === undefined ? 'The request has no ce-signature header.' : 'The signature is wrong.',
      );
    }
    return { kind: 'sender', type, origins: origin.origins };
  }

  #refuseOrigin({ origins }: OriginVerdict): Refusal {
    this.#options.log.originRefused(origins);
    return refuse(
      403,
      origins.length === 0
        ? 'The request has no WebHook-Request-Origin header.'
        : 'Events of this origin are not accepted.',
    );
  }

  async #checkBearer(
    entra: EntraValidator,
    request: IncomingMessage,
    host: HostRequest | undefined,
    sender: Sender,
    done: (prepared: PreparedEvent) => void,
  ): Promise<void> {
    const verdict = await entra.validate(request.headers.authorization);
    if (verdict.kind === 'accepted') {
      this.#admit(request, host, sender, done);
      return;
    }
    const detail = verdict.kind === 'unavailable' ? ` (${verdict.detail})` : '';
    this.#options.log.bearerRefused(verdict.reason + detail);
    done(refuse(verdict.kind === 'refused' ? 401 : 503, verdict.reason));
  }

  /** Hub, content type, size; then the body. */
  #admit(
    request: IncomingMessage,
    host: HostRequest | undefined,
    sender: Sender,
    done: (prepared: PreparedEvent) => void,
  ): void {
    const { registry, log, maxBodyBytes } = this.#options;
    const { headers } = request;
    if (sender.type.kind === 'unknown' && this.#isDescriptionAsked(headers)) {
      done({ kind: 'description' });
      return;
    }
    const hub = headers['ce-hub'] as string | undefined;
    if (!hub) {
      done(refuse(400, 'The request has no ce-hub header.'));
      return;
    }
    const handlers = registry.find(hub);
    if (!handlers) {
      log.hubUnknown(
        hub,
        registry.hubs.map((known) => known.hub),
      );
      done(refuse(404, 'The hub is unknown here.'));
      return;
    }
    const dataType = readDataType(sender.type.kind, headers);
    if (!dataType) {
      done(refuse(415, 'The content type is none of those that events have.'));
      return;
    }
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      done(refuse(415, 'The body of an event must not be compressed.'));
      return;
    }
    if (Number(headers['content-length'] ?? 0) > maxBodyBytes) {
      done(refuseTooLarge(maxBodyBytes));
      return;
    }
    const { type, origins } = sender;
    const admitted: AdmittedEvent = { kind: 'admitted', type, origins, dataType, handlers };
    const hostBody = host && takeHostBody(request, host);
    if (hostBody) done(this.#withBody(admitted, hostBody));
    else {
      readRequestBody(request, maxBodyBytes, this.#slowBodies, (outcome) => done(this.#withBody(admitted, outcome)));
    }
  }

  /** Only where somebody has proved to be trusted: with neither signature nor bearer required, nobody has. */
  #isDescriptionAsked(headers: IncomingMessage['headers']): boolean {
    const { signature, entra } = this.#options.security;
    return (signature !== undefined || entra !== undefined) && headers['ce-type'] === DESCRIBE_HUBS_TYPE;
  }

  #withBody(admitted: AdmittedEvent, outcome: BodyOutcome): PreparedEvent {
    const { maxBodyBytes, log } = this.#options;
    switch (outcome.kind) {
      case 'read':
        if (outcome.body.length > maxBodyBytes) return refuseTooLarge(maxBodyBytes);
        return withBody(admitted, outcome.body);
      case 'tooLarge':
        return refuseTooLarge(maxBodyBytes);
      case 'tooSlow':
        return refuse(408, 'The body did not arrive in time.');
      case 'lost':
        log.bodyLost();
        return refuse(500, 'Internal server error');
      case 'aborted':
        return { kind: 'aborted' };
    }
  }
}

/** By hand, since spreading an object costs more than the rest of the check. */
function withBody({ type, dataType, origins, handlers }: AdmittedEvent, body: Buffer): PreparedEvent {
  return { kind: 'admitted', type, dataType, origins, handlers, body };
}

export function refuse(status: number, reason: string): Refusal {
  return { kind: 'refusal', status, reason };
}

function refuseTooLarge(maxBodyBytes: number): Refusal {
  return refuse(413, `The body is larger than ${maxBodyBytes} bytes.`);
}
