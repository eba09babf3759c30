import { parse } from 'lossless-json';

/** A place in a text as editors count it, from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * The first place at which the text stops being JSON. The runtime's own parser names none for some mistakes, and which
 * those are depends on its version. Only the place is handed on: the words may quote what stands there, a key among it.
 */
export function findJsonMistake(text: string): TextPlace | undefined {
  try {
    // A field that is there twice is no mistake for the runtime.
    parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue });
    return undefined;
  } catch (error) {
    const position = / at position (\d+)$/.exec((error as Error).message)?.[1];
    return position === undefined ? undefined : placeAt(text, Number(position));
  }
}

function placeAt(text: string, position: number): TextPlace {
  const lines = text.slice(0, position).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
