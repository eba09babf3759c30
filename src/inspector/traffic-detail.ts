import type { UpstreamRequest } from '../emulator/core/upstream-transport.js';
import type { ClientTraffic, RestTraffic, TrafficEntry, UpstreamTraffic } from '../emulator/traffic-log.js';
import { viewBody, type BodyView } from './body-view.js';
import { formatCurl } from './curl-command.js';
import { viewState } from './state-view.js';
import { describeTokenTimes, readTokenClaims } from './token-claims.js';
import { describeRow, type TrafficRow } from './traffic-row.js';

/** Everything about one entry, decoded. */
export interface TrafficDetail {
  readonly row: TrafficRow;
  readonly sections: readonly DetailSection[];
  /** Absent: the entry is no HTTP request. */
  readonly curl?: string;
  readonly canResend: boolean;
}

export type DetailSection =
  | { readonly kind: 'headers'; readonly title: string; readonly headers: readonly HeaderLine[] }
  | { readonly kind: 'body'; readonly title: string; readonly body: BodyView }
  | { readonly kind: 'decoded'; readonly title: string; readonly text: string; readonly note?: string };

export type HeaderLine = readonly [name: string, value: string];

export interface DetailSources {
  /** Address of the emulator, for REST calls. */
  readonly endpoint: string;
  /** The upstream request before its secrets were blanked; only the claims of its bearer token are shown. */
  readonly original?: UpstreamRequest;
}

export function describeDetail(entry: TrafficEntry, { endpoint, original }: DetailSources): TrafficDetail {
  const row = describeRow(entry);
  switch (entry.door) {
    case 'client':
      return { row, sections: clientSections(entry), canResend: false };
    case 'rest':
      return { row, sections: restSections(entry), curl: restCurl(entry, endpoint), canResend: false };
    case 'upstream':
      return {
        row,
        sections: upstreamSections(entry, original),
        curl: formatCurl({ ...entry.request, headers: listHeaders(entry.request.headers) }),
        canResend: entry.request.method === 'POST',
      };
  }
}

function clientSections(entry: ClientTraffic): DetailSection[] {
  return [
    ...claimsSection(entry.tokenClaims),
    ...(entry.frame === undefined ? [] : [{ kind: 'body', title: 'Frame', body: viewBody(entry.frame) } as const]),
  ];
}

function restSections(entry: RestTraffic): DetailSection[] {
  const responseHeaders = listHeaders(entry.responseHeaders ?? {});
  return [
    ...headersSection('Request headers', listHeaders(entry.requestHeaders ?? {})),
    ...claimsSection(entry.tokenClaims),
    ...bodySection('Request body', entry.requestBody, entry.contentType),
    ...headersSection('Response headers', responseHeaders),
    ...bodySection('Response body', entry.responseBody, findHeader(responseHeaders, 'content-type')),
  ];
}

function upstreamSections(entry: UpstreamTraffic, original: UpstreamRequest | undefined): DetailSection[] {
  const requestHeaders = listHeaders(entry.request.headers);
  const bearer = findHeader(listHeaders(original?.headers ?? {}), 'authorization');
  const sections: DetailSection[] = [
    ...bodySection('Request body', entry.request.body, findHeader(requestHeaders, 'content-type')),
    ...stateSection('Connection state', findHeader(requestHeaders, 'ce-connectionState')),
    ...claimsSection(bearer === undefined ? undefined : readTokenClaims(bearer.replace(/^Bearer\s+/i, ''))),
    ...headersSection('Request headers', requestHeaders),
  ];
  if (entry.response) {
    const headers = listHeaders(entry.response.headers);
    sections.push(
      ...bodySection('Response body', entry.response.body, findHeader(headers, 'content-type')),
      ...stateSection('New connection state', findHeader(headers, 'ce-connectionState')),
      ...headersSection('Response headers', headers),
    );
  }
  return sections;
}

function restCurl(entry: RestTraffic, endpoint: string): string {
  const kept = listHeaders(entry.requestHeaders ?? {}).filter(
    ([name]) => !/^(host|content-length|connection|accept-encoding|authorization)$/i.test(name),
  );
  const type = findHeader(kept, 'content-type') === undefined ? entry.contentType : undefined;
  return formatCurl({
    method: entry.method,
    url: endpoint + entry.path,
    headers: [
      ['Authorization', 'Bearer ***'],
      ...(type === undefined ? [] : [['Content-Type', type] as const]),
      ...kept,
    ],
    ...(entry.requestBody && { body: entry.requestBody }),
  });
}

function headersSection(title: string, headers: readonly HeaderLine[]): DetailSection[] {
  return headers.length === 0 ? [] : [{ kind: 'headers', title, headers }];
}

function bodySection(title: string, body: Uint8Array | undefined, contentType: string | undefined): DetailSection[] {
  return !body || body.length === 0 ? [] : [{ kind: 'body', title, body: viewBody(body, contentType) }];
}

function stateSection(title: string, header: string | undefined): DetailSection[] {
  if (header === undefined) return [];
  const { text, note } = viewState(header);
  return [{ kind: 'decoded', title, text, ...(note !== undefined && { note }) }];
}

function claimsSection(claims: Readonly<Record<string, unknown>> | undefined): DetailSection[] {
  if (!claims) return [];
  const times = describeTokenTimes(claims);
  const note = times === undefined ? 'Without the signature.' : `Without the signature; ${times}.`;
  return [{ kind: 'decoded', title: 'Token claims', text: JSON.stringify(claims, undefined, 2), note }];
}

function listHeaders(headers: Readonly<Record<string, number | string | readonly string[] | undefined>>): HeaderLine[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((line): HeaderLine => [name, String(line)]),
  );
}

function findHeader(headers: readonly HeaderLine[], name: string): string | undefined {
  return headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}
