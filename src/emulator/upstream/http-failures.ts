import { blankUrl } from './secrets.js';

/** Not worth a second try: time ran out, or the request cannot be written at all [upstream-events 8.1]. */
const PERMANENT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'ETIMEDOUT',
]);

export function isRetryableFailure(error: Error): boolean {
  return !PERMANENT_CODES.has(codeOf(error));
}

/** Why a request got no answer over HTTP, and what to do about it. */
export function describeTransportFailure(url: string, error: Error): string {
  const shown = blankUrl(url);
  const { origin, hostname, port, protocol } = new URL(url);
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${origin}: is the application running there? (${shown})`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name ${hostname} of ${shown} is not known on this machine`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${origin} could not be reached: is the address right, and is it open from here? (${shown})`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return (
        `The certificate of ${origin} is not trusted (${code}): name its issuer in NODE_EXTRA_CA_CERTS ` +
        'when the emulator starts, or use http://'
      );
    case 'CERT_HAS_EXPIRED':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate of ${origin} is not valid for it (${code})`;
    case 'UND_ERR_HEADERS_OVERFLOW':
      return `${shown} answered with more headers than the emulator reads; is the connection state very large?`;
    case 'UND_ERR_INVALID_ARG':
      return `Nothing was sent to ${shown}: the request cannot be written as HTTP`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `${origin} does not speak TLS: does the urlTemplate need http:// in the place of https://?`;
    default:
      break;
  }
  // Servers that speak TLS answer with an alert, or not at all.
  const hint = protocol === 'http:' ? `; does port ${port || '80'} speak https?` : '';
  if (error.name === 'HTTPParserError') return `${shown} answered with something that is not HTTP/1.1${hint}`;
  const detail = code === '' ? '' : ` (${code})`;
  return `The connection to ${shown} broke before the answer was complete${detail}${code === 'UND_ERR_SOCKET' ? hint : ''}`;
}

/** Of a failure to connect to several addresses of one host, the code that all of them share. */
function codeOf(error: Error): string {
  const { code, errors } = error as Error & { code?: unknown; errors?: readonly { code?: unknown }[] };
  if (typeof code === 'string') return code;
  const first = errors?.[0]?.code;
  return typeof first === 'string' ? first : '';
}
