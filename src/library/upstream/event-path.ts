import { StartUpError } from '../errors/start-up.error.js';
import { DEFAULT_PATH } from '../web-pubsub.constants.js';

/** The option `path` as it is compared: with a leading slash, without a trailing one. Throws a `StartUpError`. */
export function normalizeEventPath(path: string = DEFAULT_PATH): string {
  let normalized = `/${path}`.replace(/^\/+/, '/');
  while (normalized.endsWith('/')) normalized = normalized.slice(0, -1);
  if (!/^[\w\-.~!$&'()*+,;=:@%/]*$/.test(normalized)) {
    throw new StartUpError(
      `The path ${JSON.stringify(path)} of WebPubSubModule is no path of a URL: write it as in /eventhandler, without query ` +
        'and placeholders; every path below it receives events too.',
    );
  }
  return normalized;
}

/**
 * Whether a request target is the path or below it, in upper or lower case [upstream-events 9]; its query is of no
 * importance. `''` is below any path.
 */
export function createPathTest(path: string): (target: string | undefined) => boolean {
  const { length } = path;
  const lowerPath = path.toLowerCase();
  return (target) => {
    if (target === undefined) return false;
    // Proxies send the whole URL.
    const own = target.charCodeAt(0) === SLASH ? target : pathOfUrl(target);
    if (!own.startsWith(path) && own.slice(0, length).toLowerCase() !== lowerPath) return false;
    const next = own.length === length ? SLASH : own.charCodeAt(length);
    return next === SLASH || next === QUESTION_MARK;
  };
}

const SLASH = 47;
const QUESTION_MARK = 63;

function pathOfUrl(target: string): string {
  return URL.canParse(target) ? new URL(target).pathname : target;
}
