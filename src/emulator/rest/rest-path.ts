/**
 * The segments of a raw request path, decoded as the service decodes them: once, and without the slash, which stays `%2F`
 * so that it cannot be told from a literal `%2F` [rest-api 2]. What is not percent-encoding stays as it is.
 */
export function decodeRestPath(rawPath: string): string[] {
  const segments = rawPath.split('/').slice(1);
  // One slash at the end is no segment.
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  return segments.map(decodeSegment);
}

/** Runs of encoded bytes are decoded together, for a character may need several. */
function decodeSegment(segment: string): string {
  return segment.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}
