import type { RestMethod, RestRoute } from './rest-route.js';

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: RestRoute; readonly path: Readonly<Record<string, string>> }
  | { readonly kind: 'otherMethod'; readonly allowed: readonly RestMethod[] }
  | { readonly kind: 'unknown' };

interface Pattern {
  readonly segments: readonly { readonly name?: string; readonly literal?: string }[];
  readonly routes: RestRoute[];
}

/** Finds the operation of a decoded path. Literal segments are compared without regard to case. */
export class RestRouter {
  /** By number of segments. */
  readonly #patterns = new Map<number, Pattern[]>();

  constructor(routes: readonly RestRoute[]) {
    const byPath = new Map<string, Pattern>();
    for (const route of routes) {
      let pattern = byPath.get(route.path);
      if (!pattern) {
        pattern = { segments: route.path.split('/').slice(1).map(parseSegment), routes: [] };
        byPath.set(route.path, pattern);
        const sameLength = this.#patterns.get(pattern.segments.length) ?? [];
        this.#patterns.set(pattern.segments.length, [...sameLength, pattern]);
      }
      pattern.routes.push(route);
    }
  }

  find(method: string, segments: readonly string[]): RouteMatch {
    for (const pattern of this.#patterns.get(segments.length) ?? []) {
      const path = matchSegments(pattern, segments);
      if (!path) continue;
      const route = pattern.routes.find((candidate) => candidate.method === method);
      if (route) return { kind: 'found', route, path };
      return { kind: 'otherMethod', allowed: pattern.routes.map((candidate) => candidate.method) };
    }
    return { kind: 'unknown' };
  }
}

function parseSegment(text: string): Pattern['segments'][number] {
  const name = /^\{(.+)\}$/.exec(text)?.[1];
  return name === undefined ? { literal: text.toLowerCase() } : { name };
}

function matchSegments(pattern: Pattern, segments: readonly string[]): Record<string, string> | undefined {
  const path: Record<string, string> = {};
  for (const [index, { name, literal }] of pattern.segments.entries()) {
    const segment = segments[index];
    if (name !== undefined && segment !== '') path[name] = segment;
    else if (literal === undefined || segment.toLowerCase() !== literal) return undefined;
  }
  return path;
}
