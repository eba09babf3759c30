import type { IncomingMessage, ServerResponse } from 'node:http';
import { verifyAccessToken } from '../../protocol/access-token.js';
import { listAccessKeys } from '../access-keys.js';
import { InvalidSettingError } from '../setting.errors.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { RequestEndpoint } from '../endpoint.js';
import { bearerOf, hostNamesOf } from '../handshake.js';
import { isLocalCaller, isPageOfBrowser } from '../local-caller.js';
import type { Fault, FaultHandle } from './fault.js';
import { FaultTargetError } from './fault.errors.js';
import type { FaultSwitches } from './fault-switches.js';

const PATH = '/emulator/faults';
const MAX_BODY_BYTES = 64 * 1024;

interface FaultAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/**
 * Fault switches over HTTP: `GET` and `DELETE /emulator/faults`, `POST` of a fault, `DELETE /emulator/faults/{id}`. Programs
 * on this machine need no token; others need one like those of the REST API, with the URL as its audience. Pages in
 * browsers are refused, with a token too.
 */
export class FaultEndpoint implements RequestEndpoint {
  constructor(
    private readonly context: EmulatorContext,
    private readonly faults: FaultSwitches,
  ) {}

  handles(pathname: string): boolean {
    return pathname === PATH || pathname.startsWith(`${PATH}/`);
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { status, body, headers } = await this.#answer(request, url);
    if (body === undefined) {
      response.writeHead(status, headers).end();
      return;
    }
    response.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage, url: URL): Promise<FaultAnswer> {
    const refusal = isLocalCaller(request) ? undefined : this.#refuse(request, url);
    if (refusal) return refusal;
    const id = url.pathname.slice(PATH.length + 1);
    if (id !== '') return this.#answerForOne(request, id);
    switch (request.method) {
      case 'GET':
        return { status: 200, body: { value: this.faults.list().map(view) } };
      case 'DELETE':
        this.faults.clear();
        return { status: 204 };
      case 'POST':
        return this.#set(await readBody(request));
      default:
        return notAllowed('GET, POST, DELETE');
    }
  }

  #answerForOne(request: IncomingMessage, id: string): FaultAnswer {
    const fault = /^\d{1,9}$/.test(id) ? this.faults.find(Number(id)) : undefined;
    if (!fault) return failure(404, 'NotFound', 'There is no active fault of that id.');
    switch (request.method) {
      case 'GET':
        return { status: 200, body: view(fault) };
      case 'DELETE':
        fault.clear();
        return { status: 204 };
      default:
        return notAllowed('GET, DELETE');
    }
  }

  #set(text: string | undefined): FaultAnswer {
    if (text === undefined) return failure(413, 'TooLarge', `The body may have ${MAX_BODY_BYTES} bytes.`);
    try {
      return { status: 201, body: view(this.faults.set(JSON.parse(text) as Fault)) };
    } catch (error) {
      if (error instanceof InvalidSettingError) return failure(400, 'BadRequest', error.message, error.field);
      if (error instanceof FaultTargetError) return failure(404, 'NotFound', error.message);
      if (error instanceof SyntaxError) return failure(400, 'BadRequest', `The body is not JSON: ${error.message}`);
      throw error;
    }
  }

  /** The default key is public, so that any page can sign a token: none opens this door to a page. */
  #refuse(request: IncomingMessage, url: URL): FaultAnswer | undefined {
    if (isPageOfBrowser(request)) {
      const message = 'Pages in browsers set no faults; call from a program, without Origin and Sec-Fetch-Site.';
      return failure(403, 'Forbidden', message);
    }
    if (this.#hasToken(request, url)) return undefined;
    return failure(
      401,
      'Unauthorized',
      'Calls from elsewhere than this machine, and through proxies, need an access-key token for this URL in the header ' +
        'Authorization.',
    );
  }

  #hasToken(request: IncomingMessage, url: URL): boolean {
    const token = bearerOf(request);
    if (token === undefined) return false;
    return verifyAccessToken(token, {
      accessKeys: listAccessKeys(this.context.accessKeys),
      audiences: [url.origin, ...hostNamesOf(request).map((host) => `http://${host}`)].map(
        (origin) => origin + url.pathname,
      ),
      now: this.context.clock.now(),
    }).isValid;
  }
}

function view({ id, fault, isActive }: FaultHandle): unknown {
  return { id, isActive, fault };
}

function failure(status: number, code: string, message: string, target?: string): FaultAnswer {
  return { status, body: { code, message, target } };
}

function notAllowed(allowed: string): FaultAnswer {
  return { ...failure(405, 'MethodNotAllowed', `Allowed here: ${allowed}.`), headers: { Allow: allowed } };
}

/** Undefined when it is too long; the rest is not kept. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
