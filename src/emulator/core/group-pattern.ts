/**
 * Wildcard patterns of the roles `webpubsub.joinLeaveGroups.` and `webpubsub.sendToGroups.` [auth 6]: `?` is one
 * character except `.`, `*` any run without `.`, `**` any run; `\` takes the meaning from `*`, `?` and `\`.
 */
export type ParsedGroupPattern =
  | { readonly kind: 'literal'; readonly group: string }
  /** `**` alone. */
  | { readonly kind: 'everything' }
  | { readonly kind: 'pattern'; readonly pattern: GroupPattern }
  | { readonly kind: 'invalid'; readonly problem: string };

type Token =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'run'; readonly crossesDots: boolean };

const MAX_LENGTH = 1_024;
const MAX_ASTERISKS = 5;

export function parseGroupPattern(text: string): ParsedGroupPattern {
  if (text === '') return { kind: 'invalid', problem: 'the pattern is empty' };
  if (text.length > MAX_LENGTH) return { kind: 'invalid', problem: `a pattern has at most ${MAX_LENGTH} characters` };
  const tokens: Token[] = [];
  let asterisks = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '\\') {
      const escaped = text.charAt(++index);
      if (escaped !== '*' && escaped !== '?' && escaped !== '\\') {
        return { kind: 'invalid', problem: 'a backslash may only stand before *, ? or another backslash' };
      }
      tokens.push({ kind: 'character', character: escaped });
    } else if (character === '?') {
      tokens.push({ kind: 'any' });
    } else if (character === '*') {
      let length = 1;
      while (text.charAt(index + 1) === '*') {
        index++;
        length++;
      }
      asterisks += length;
      tokens.push({ kind: 'run', crossesDots: length > 1 });
    } else {
      tokens.push({ kind: 'character', character });
    }
  }
  if (asterisks > MAX_ASTERISKS)
    return { kind: 'invalid', problem: `a pattern has at most ${MAX_ASTERISKS} asterisks` };
  const [first] = tokens;
  if (tokens.length === 1 && first?.kind === 'run' && first.crossesDots) return { kind: 'everything' };
  if (tokens.every((token) => token.kind === 'character')) {
    return { kind: 'literal', group: tokens.map((token) => token.character).join('') };
  }
  return { kind: 'pattern', pattern: new GroupPattern(tokens) };
}

/** Matches whole names, case-sensitively. */
export class GroupPattern {
  constructor(private readonly tokens: readonly Token[]) {}

  /**
   * Follows all ways through the pattern at once, so that the time is bounded by the product of both lengths, where
   * backtracking would grow with a power of the name's length for each asterisk.
   */
  matches(group: string): boolean {
    const count = this.tokens.length;
    let reached = new Uint8Array(count + 1);
    let next = new Uint8Array(count + 1);
    reached[0] = 1;
    this.#skipEmptyRuns(reached);
    for (const character of utf16Units(group)) {
      next.fill(0);
      let isAlive = false;
      for (let position = 0; position < count; position++) {
        if (!reached[position]) continue;
        const token = this.tokens[position];
        if (token.kind === 'run') {
          if (!token.crossesDots && character === '.') continue;
          next[position] = 1;
        } else if (token.kind === 'any' ? character !== '.' : character === token.character) {
          next[position + 1] = 1;
        } else {
          continue;
        }
        isAlive = true;
      }
      if (!isAlive) return false;
      this.#skipEmptyRuns(next);
      [reached, next] = [next, reached];
    }
    return reached[count] === 1;
  }

  #skipEmptyRuns(reached: Uint8Array): void {
    for (let position = 0; position < this.tokens.length; position++) {
      if (reached[position] && this.tokens[position].kind === 'run') reached[position + 1] = 1;
    }
  }
}

function* utf16Units(text: string): Generator<string> {
  for (let index = 0; index < text.length; index++) yield text.charAt(index);
}
