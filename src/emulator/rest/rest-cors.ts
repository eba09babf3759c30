import type { IncomingMessage, ServerResponse } from 'node:http';

/** Every call carries its own token, so pages of any origin may make them. */
export const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'api-supported-versions, x-ms-error-code',
};

/** Answers the browser's question before a call from a page of another origin [assumed]. */
export function answerPreflight(message: IncomingMessage, response: ServerResponse): void {
  const wanted = message.headers['access-control-request-headers'];
  response.writeHead(204, {
    ...CORS_HEADERS,
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, DELETE',
    'Access-Control-Allow-Headers': wanted ?? 'Authorization, Content-Type',
    'Access-Control-Max-Age': '600',
    // A page from a public host asks whether it may reach a private one.
    ...(message.headers['access-control-request-private-network'] && {
      'Access-Control-Allow-Private-Network': 'true',
    }),
    Vary: 'Access-Control-Request-Headers',
  });
  response.end();
}
