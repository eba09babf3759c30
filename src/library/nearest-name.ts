/** How many letters may be wrong, missing, too many or swapped: at most so many, and one in so many. */
const MAX_DISTANCE = 2;
const LETTERS_PER_MISTAKE = 4;

/** The name that was probably meant by a misspelled one; undefined when it is like none. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  // A short name is near to everything.
  let limit = Math.min(MAX_DISTANCE, Math.floor(name.length / LETTERS_PER_MISTAKE));
  for (const candidate of known) {
    if (hasWordAfter(name, candidate)) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance > limit) continue;
    nearest = candidate;
    limit = distance - 1;
  }
  return nearest;
}

/** `credentialId` is another name than `credential`. */
function hasWordAfter(name: string, start: string): boolean {
  return name.startsWith(start) && /^[A-Z]/.test(name.slice(start.length));
}

/** Changes of one letter, and swaps of neighbours, that make one text of the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        last[column] + 1,
        current[column - 1] + 1,
        last[column - 1] + (isSame ? 0 : 1),
        isSwapped ? beforeLast[column - 2] + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length];
}
