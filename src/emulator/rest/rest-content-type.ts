import { restErrors } from './rest.errors.js';

export interface RestContentType {
  readonly kind: 'text' | 'json' | 'binary';
  /** To text, from the charset that was declared; UTF-8 without one. */
  readonly decode: (bytes: Buffer) => string;
}

const TYPE = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*/y;
const PARAMETER = /;\s*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")\s*)?/y;

/** A message's kind by its media type [rest-api 5.1]; a missing header means binary. Throws 415. */
export function readContentType(header: string | undefined): RestContentType {
  if (header === undefined || header === '') return { kind: 'binary', decode: (bytes) => bytes.toString() };
  const { mediaType, charset } = parse(header);
  switch (mediaType) {
    case 'application/octet-stream':
      return { kind: 'binary', decode: (bytes) => bytes.toString() };
    case 'application/json':
      return { kind: 'json', decode: decoder(charset) };
    case 'text/plain':
      return { kind: 'text', decode: decoder(charset) };
    default:
      throw restErrors.unsupportedMediaType(
        `The content type ${mediaType} is not supported; use application/json, text/plain or application/octet-stream.`,
      );
  }
}

function parse(header: string): { mediaType: string; charset: string } {
  TYPE.lastIndex = 0;
  const type = TYPE.exec(header);
  if (!type) throw restErrors.unsupportedMediaType('The Content-Type header is malformed.');
  let charset = 'utf-8';
  for (let position = type[0].length; position < header.length;) {
    PARAMETER.lastIndex = position;
    const [match, name, value] = PARAMETER.exec(header) ?? [];
    if (match === undefined) throw restErrors.unsupportedMediaType('The Content-Type header is malformed.');
    if (name?.toLowerCase() === 'charset' && value !== undefined) charset = unquote(value);
    position += match.length;
  }
  return { mediaType: type[1].toLowerCase(), charset };
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}

/** A byte order mark stays, as in the service's text; JSON with one is no JSON. */
function decoder(charset: string): (bytes: Buffer) => string {
  try {
    const utf8 = new TextDecoder(charset, { ignoreBOM: true });
    return (bytes) => utf8.decode(bytes);
  } catch {
    throw restErrors.unsupportedMediaType(`The charset ${charset.slice(0, 40)} is not known.`);
  }
}
