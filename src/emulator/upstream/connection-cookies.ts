import { CookieJar } from 'tough-cookie';
import { isAsciiHeaderText } from '../../protocol/header-text.js';

/**
 * The cookies upstream gave to one client connection [upstream-events 4.3]. They live as long as the connection, by the
 * system's time.
 */
export class ConnectionCookies {
  #jar?: CookieJar;

  /** The value of `Cookie` for a request to that URL; undefined: none match. */
  headerFor(url: string): string | undefined {
    return this.#jar?.getCookieStringSync(cookieUrl(url)) || undefined;
  }

  /** Stores the lines of `Set-Cookie`. Returns what was wrong with those that could not be stored. */
  store(url: string, lines: readonly string[]): string[] {
    // Upstream is the customer's own server: any domain that covers its host is good, listed as a public suffix or not.
    this.#jar ??= new CookieJar(undefined, { rejectPublicSuffixes: false });
    const problems: string[] = [];
    for (const line of lines) {
      // As all headers of a request but the user id [upstream-events 4.2].
      if (!isAsciiHeaderText(line)) {
        problems.push('it holds other than printable ASCII, and could not be sent back');
        continue;
      }
      try {
        // A line that is no cookie at all is silently skipped by the jar.
        if (!this.#jar.setCookieSync(line, cookieUrl(url))) problems.push('it is not a cookie');
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    return problems;
  }
}

/** A tunnel URL has no host to keep cookies for; one that cannot exist takes its place. */
function cookieUrl(url: string): string {
  return /^tunnel:/i.test(url) ? `https://tunnel.invalid${url.slice('tunnel://'.length)}` : url;
}
