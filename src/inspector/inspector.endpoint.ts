import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Hub } from '../emulator/core/hub.js';
import type { HubRegistry } from '../emulator/core/hub.registry.js';
import type { UpstreamTransport } from '../emulator/core/upstream-transport.js';
import type { EmulatorContext } from '../emulator/emulator-context.js';
import type { RequestEndpoint } from '../emulator/endpoint.js';
import { answerText } from '../emulator/text-answer.js';
import { originalRequest } from '../emulator/upstream/secrets.js';
import type { ValidationState } from '../emulator/upstream/webhook.validator.js';
import { refuseAccess } from './access.guard.js';
import { mintClientToken } from './client-token.js';
import { EventResender } from './event.resender.js';
import { HubActions } from './hub-actions.js';
import { viewHub, viewMembers } from './hub-view.js';
import { InspectorError, notInRecord } from './inspector.errors.js';
import { InspectorRouter, type Call } from './inspector.router.js';
import { PageFiles } from './page-files.js';
import { RequestFields } from './request-fields.js';
import { describeDetail } from './traffic-detail.js';
import { TrafficFeed } from './traffic-feed.js';
import { TrafficMetrics } from './traffic-metrics.js';

/** What the inspector looks into. */
export interface InspectedRooms {
  readonly context: EmulatorContext;
  readonly hubs: HubRegistry;
  readonly router: HandlerValidations;
  readonly transports: readonly UpstreamTransport[];
  readonly endpoint: () => string;
  readonly connectionString: () => string;
  /** Names beside those of loopback under which the page may be opened. */
  readonly allowedHosts: readonly string[];
}

/** What the router of events knows of the validation of event handlers. */
export interface HandlerValidations {
  validationStates(hub: Hub): ValidationState[];
  revalidate(hub: Hub): Promise<ValidationState[]>;
}

const PATH = '/inspector';
const API_PATH = `${PATH}/api/`;

/** The door at `/inspector`: the page, the feed of the traffic record, and what the page's buttons do. */
export class InspectorEndpoint implements RequestEndpoint {
  readonly #files = new PageFiles();
  readonly #feed: TrafficFeed;
  readonly #metrics: TrafficMetrics;
  readonly #actions: HubActions;
  readonly #resender: EventResender;
  readonly #calls: InspectorRouter;

  constructor(private readonly rooms: InspectedRooms) {
    const { context, hubs, transports } = rooms;
    this.#feed = new TrafficFeed(context.traffic, randomUUID());
    this.#metrics = new TrafficMetrics(
      context.traffic,
      () => context.clock.now(),
      () => countConnections(hubs),
    );
    this.#actions = new HubActions(hubs, context.traffic);
    this.#resender = new EventResender(context, transports);
    this.#calls = this.#routes();
  }

  handles(pathname: string): boolean {
    return pathname === PATH || pathname.startsWith(`${PATH}/`);
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const method = request.method ?? 'GET';
    const isPage = url.pathname === PATH || url.pathname === `${PATH}/`;
    const { remoteAddress } = request.socket;
    const refusal = refuseAccess(
      { method, headers: request.headers, isPage, ...(remoteAddress !== undefined && { remoteAddress }) },
      this.rooms.allowedHosts,
    );
    if (refusal) return answerText(response, refusal.status, refusal.reason);
    for (const [name, value] of securityHeaders(request.headers.host!)) response.setHeader(name, value);
    if (url.pathname.startsWith(API_PATH)) return this.#answerCall(method, request, response, url);
    if (method !== 'GET' && method !== 'HEAD')
      return answerText(response, 405, 'The page of the inspector is read by GET.');
    await this.#answerFile(isPage ? 'index.html' : url.pathname.slice(PATH.length + 1), response);
  }

  async #answerFile(name: string, response: ServerResponse): Promise<void> {
    const file = await this.#files.read(name);
    if (!file) return answerText(response, 404, 'The inspector has no such file; its page is /inspector.');
    response.writeHead(200, { 'Content-Type': file.contentType, 'Content-Length': file.bytes.length });
    response.end(response.req.method === 'HEAD' ? undefined : file.bytes);
  }

  async #answerCall(method: string, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = url.pathname.slice(API_PATH.length);
    if (path === 'feed' && method === 'GET') {
      if (!this.#feed.open(request, response))
        writeJson(response, 503, { problem: 'Too many pages watch; close some.' });
      return;
    }
    try {
      const call = this.#calls.find(method, path);
      const fields = method === 'POST' ? await RequestFields.read(request) : RequestFields.parse('');
      writeJson(response, 200, await call.run({ ...call.parameters, fields, url, host: request.headers.host! }));
    } catch (error) {
      if (!(error instanceof InspectorError)) throw error;
      // What is left of a body that was too large is not read.
      if (error.status === 413) response.setHeader('Connection', 'close');
      writeJson(response, error.status, { problem: error.message });
    }
  }

  #routes(): InspectorRouter {
    const { context, hubs, router, endpoint, connectionString } = this.rooms;
    const hubOf = ({ hub }: Call): Hub => this.#actions.find(hub);
    return new InspectorRouter({
      'GET emulator': () => ({ endpoint: endpoint(), hubs: [...hubs].map(({ name }) => name) }),
      'POST connection-string': () => ({ connectionString: connectionString() }),
      'POST token': ({ fields, host }) => ({
        token: mintClientToken(fields, host, context.accessKeys, context.clock.now()),
      }),
      'GET metrics': () => this.#metrics.read(),
      'POST traffic/clear': () => this.#feed.clear(),
      'GET traffic/:id': ({ id }) => this.#detail(Number(id)),
      'POST traffic/:id/resend': ({ id }) => this.#resend(Number(id)),
      'GET hubs': () => [...hubs].map((hub) => viewHub(hub, router.validationStates(hub), context.traffic)),
      'GET hubs/:hub/members': (call) => viewMembers(hubOf(call), call.url.searchParams.get('search') ?? ''),
      'POST hubs/:hub/validate': async (call) => ({ validations: await router.revalidate(hubOf(call)) }),
      'POST hubs/:hub/send': (call) => this.#actions.send(hubOf(call), call.fields),
      'POST hubs/:hub/connections/:id/close': (call) =>
        this.#actions.close(hubOf(call), call.id, call.fields.optionalText('reason') ?? 'Closed from the inspector'),
      'POST hubs/:hub/connections/:id/drop': (call) => ({ wasCut: this.#actions.drop(hubOf(call), call.id) }),
      'POST hubs/:hub/connections/:id/join': (call) =>
        this.#actions.joinGroup(hubOf(call), call.id, call.fields.group('group')),
      'POST hubs/:hub/connections/:id/leave': (call) =>
        this.#actions.leaveGroup(hubOf(call), call.id, call.fields.group('group')),
    });
  }

  #detail(id: number): unknown {
    const entry = this.rooms.context.traffic.find(id);
    if (!entry) throw notInRecord();
    const original = entry.door === 'upstream' ? originalRequest(entry.request) : undefined;
    return describeDetail(entry, { endpoint: this.rooms.endpoint(), ...(original && { original }) });
  }

  async #resend(id: number): Promise<void> {
    const entry = this.rooms.context.traffic.find(id);
    if (!entry) throw notInRecord();
    if (entry.door !== 'upstream') throw new InspectorError(400, 'Only an upstream event can be sent again.');
    await this.#resender.resend(entry);
  }
}

function countConnections(hubs: HubRegistry): number {
  let count = 0;
  for (const hub of hubs) count += hub.connections.size;
  return count;
}

/** The host has passed the guard, so it is safe to repeat; some browsers do not count `ws:` to `'self'`. */
function securityHeaders(host: string): [name: string, value: string][] {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return [
    ['Content-Security-Policy', policy.join('; ')],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'no-referrer'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cache-Control', 'no-store'],
  ];
}

function writeJson(response: ServerResponse, status: number, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value ?? {}));
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': bytes.length });
  response.end(bytes);
}
