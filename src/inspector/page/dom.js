/**
 * Makes an element. Attributes that are undefined, null or false are left out, functions become listeners; children that
 * are undefined, null or false are left out too.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  fill(node, ...children);
  return node;
}

/** Replaces what is in the element, by the same rule. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
}

export function byId(id) {
  return document.getElementById(id);
}

/** A table cell, or any element, whose whole text is in its title when it may be cut. */
export function cut(tag, className, text) {
  return element(tag, { class: className, title: text }, text);
}

export function button(label, onClick, attributes = {}) {
  return element('button', { type: 'button', click: onClick, ...attributes }, label);
}

let toastTimer;

/** Says something for a few seconds, to screen readers too. */
export function say(text, isProblem = false) {
  const toast = byId('toast');
  toast.textContent = text;
  toast.classList.toggle('is-problem', isProblem);
  toast.classList.add('is-shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove('is-shown'), 5000);
}

export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    say(`The browser did not let the page copy; select the text instead.`, true);
  }
}

/** Runs what a person asked for, and says why when it fails. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    say(error.message, true);
    return undefined;
  }
}
