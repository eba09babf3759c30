/** The claims of a JWT, without its signature and unchecked; undefined when the text is no JWT. */
export function readTokenClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature, ...rest] = token.split('.');
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** When the token's times are, in words; undefined when it names none. */
export function describeTokenTimes(claims: Readonly<Record<string, unknown>>): string | undefined {
  const times = [
    ['issued', claims['iat']],
    ['valid from', claims['nbf']],
    ['expires', claims['exp']],
  ] as const;
  const words = times.flatMap(([word, seconds]) =>
    typeof seconds === 'number' && Math.abs(seconds) < 8.64e12
      ? [`${word} ${new Date(seconds * 1000).toISOString()}`]
      : [],
  );
  return words.length > 0 ? words.join(', ') : undefined;
}
