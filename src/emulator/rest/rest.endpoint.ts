import type { IncomingMessage, ServerResponse } from 'node:http';
import { canonicalHubName } from '../../protocol/names.js';
import type { HubRegistry } from '../core/hub.registry.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { RequestEndpoint } from '../endpoint.js';
import { restRoutes } from './operations/index.js';
import { authorizeRestCall, type RestAuthorizationOptions } from './rest-authorization.js';
import { answerPreflight } from './rest-cors.js';
import { RestParameters } from './rest-parameters.js';
import { decodeRestPath } from './rest-path.js';
import { RestQuery } from './rest-query.js';
import { RestRequest } from './rest-request.js';
import { API_VERSIONS, writeAnswer, writeError } from './rest-response.js';
import type { RestAnswer, RestRoute, RestService } from './rest-route.js';
import { RestRouter } from './rest-router.js';
import { RestError, restErrors } from './rest.errors.js';

/** The data-plane REST API of the service: `/api/health` and `/api/hubs/{hub}/...`. */
export class RestEndpoint implements RequestEndpoint {
  readonly #router = new RestRouter(restRoutes);
  readonly #service: RestService;

  constructor(
    private readonly context: EmulatorContext,
    hubs: HubRegistry,
    private readonly options: RestAuthorizationOptions,
  ) {
    this.#service = { context, hubs };
  }

  handles(pathname: string): boolean {
    return /^\/api(\/|$)/i.test(pathname);
  }

  async handle(message: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (message.method === 'OPTIONS') return answerPreflight(message, response);
    const startedAt = this.context.clock.now();
    const target = (message.url ?? '/').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
    const [rawPath, query] = splitTarget(target);
    const request = new RestRequest(message, url.origin, rawPath);
    const call = { target, segments: decodeRestPath(rawPath), query: new RestQuery(query) };
    let responseBody: Buffer | undefined;
    let reason: string | undefined;
    try {
      const answer = await this.#answer(request, call);
      responseBody = writeAnswer(response, answer);
      // A generated token is as good as a password, even in the record.
      if (answer.isSecret) responseBody = undefined;
    } catch (error) {
      const refusal = error instanceof RestError ? error : this.#fail(message, rawPath, error);
      reason = refusal.message;
      responseBody = writeError(response, refusal);
    }
    this.#record(request, call, response, { durationMs: this.context.clock.now() - startedAt, responseBody, reason });
  }

  /** The order of checks is the service's: version, path and query, token, then what the operation looks at [rest-api 1]. */
  async #answer(request: RestRequest, call: RestCall): Promise<RestAnswer> {
    const match = this.#router.find(request.message.method ?? '', call.segments);
    if (match.kind === 'unknown') throw restErrors.unknownOperation(request.rawPath);
    if (match.kind === 'otherMethod') throw restErrors.methodNotAllowed(match.allowed);
    requireKnownVersion(call.query);
    const action = match.route.prepare(new RestParameters(match.path, call.query), this.#service);
    if (!match.route.isPublic) this.#authorize(request, call.target, match.route);
    return action(request);
  }

  #authorize(request: RestRequest, target: string, route: RestRoute): void {
    try {
      request.tokenClaims = authorizeRestCall(request.message, request.origin, target, this.context, this.options);
    } catch (error) {
      if (error instanceof RestError) this.context.logger.warn(`${route.id} was refused: ${error.message}`);
      throw error;
    }
  }

  #record(
    request: RestRequest,
    call: RestCall,
    response: ServerResponse,
    outcome: { durationMs: number; responseBody: Buffer | undefined; reason: string | undefined },
  ): void {
    const { authorization: _authorization, ...requestHeaders } = request.message.headers;
    this.context.traffic.record({
      door: 'rest',
      hub: /^hubs$/i.test(call.segments[1] ?? '') ? canonicalHubName(call.segments[2] ?? '') : '',
      method: request.message.method ?? '',
      path: call.target.replaceAll(/([?&]access_token=)[^&]*/gi, '$1...'),
      status: response.statusCode,
      contentType: request.message.headers['content-type'],
      requestHeaders,
      requestBody: request.body,
      responseHeaders: response.getHeaders(),
      tokenClaims: request.tokenClaims,
      ...outcome,
    });
  }

  #fail(message: IncomingMessage, rawPath: string, error: unknown): RestError {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.context.logger.error(`${message.method} ${rawPath} failed: ${detail}`);
    return new RestError(500, {
      code: 'Error.InternalServerError',
      message: 'The emulator failed; its log says more.',
    });
  }
}

interface RestCall {
  readonly target: string;
  readonly segments: readonly string[];
  readonly query: RestQuery;
}

function splitTarget(target: string): [path: string, query: string] {
  const [withoutFragment] = target.split('#', 1) as [string];
  const mark = withoutFragment.indexOf('?');
  return mark < 0 ? [withoutFragment, ''] : [withoutFragment.slice(0, mark), withoutFragment.slice(mark + 1)];
}

/** [rest-api 1] a missing version is taken as the newest; an unknown or repeated one is refused */
function requireKnownVersion(query: RestQuery): void {
  const versions = query.list('api-version');
  if (versions.length > 1 || !versions.every((version) => (API_VERSIONS as readonly string[]).includes(version))) {
    throw restErrors.unsupportedVersion();
  }
}
