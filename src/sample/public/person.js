/** How many colours chat.css has for people: `.tone-0` and on. */
const TONE_COUNT = 8;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The same name has the same colour in every window. */
export function toneOf(name) {
  // FNV-1a with its upper bits folded in, since the lower ones hardly differ between short names.
  let hash = 0x811c9dc5;
  for (const character of name.normalize('NFC')) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  return ((hash ^ (hash >>> 27)) >>> 0) % TONE_COUNT;
}

/** The first character as a reader sees it, so that a letter keeps its accents and an emoji stays whole. */
export function initialOf(name) {
  const first = graphemes.segment(name.trim())[Symbol.iterator]().next();
  return first.done ? '?' : first.value.segment.toLocaleUpperCase();
}

export function paintAvatar(element, name) {
  element.className = `avatar tone-${toneOf(name)}`;
  element.textContent = initialOf(name);
}
