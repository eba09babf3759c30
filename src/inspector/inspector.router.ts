import { decodePercent } from '../emulator/percent-encoding.js';
import { InspectorError } from './inspector.errors.js';
import type { RequestFields } from './request-fields.js';

/** What a call is given; the parameters of paths without them are empty. */
export interface Call {
  readonly hub: string;
  readonly id: string;
  readonly fields: RequestFields;
  readonly url: URL;
  /** The `Host` of the request. */
  readonly host: string;
}

type Run = (call: Call) => unknown;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly run: Run;
}

/** The calls of the page, by method and path under `/inspector/api/`; `:hub` and `:id` are parameters. */
export class InspectorRouter {
  readonly #routes: readonly Route[];

  constructor(routes: Readonly<Record<string, Run>>) {
    this.#routes = Object.entries(routes).map(([name, run]) => {
      const [method, path] = name.split(' ') as [string, string];
      return { method, segments: path.split('/'), run };
    });
  }

  /** Throws an InspectorError 404 or 405. */
  find(method: string, path: string): { run: Run; parameters: Pick<Call, 'hub' | 'id'> } {
    let isKnownPath = false;
    for (const route of this.#routes) {
      const parameters = match(route.segments, path.split('/'));
      if (!parameters) continue;
      if (route.method === method) return { run: route.run, parameters };
      isKnownPath = true;
    }
    if (isKnownPath) throw new InspectorError(405, 'This call of the inspector takes another method.');
    throw new InspectorError(404, 'The inspector has no such call.');
  }
}

function match(pattern: readonly string[], segments: readonly string[]): Pick<Call, 'hub' | 'id'> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters = { hub: '', id: '' };
  for (const [index, expected] of pattern.entries()) {
    const segment = decodePercent(segments[index]);
    if (expected === ':hub') parameters.hub = segment;
    else if (expected === ':id') parameters.id = segment;
    else if (expected !== segment) return undefined;
  }
  return parameters;
}
