// By physical key: on a Persian layout the key of C writes «ز», so letters are matched by event.code.
import { tinykeys } from 'tinykeys';
import { all, on, one, root } from './dom.js';
import { openPalette } from './palette.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const code = (letter) => `Key${letter.toUpperCase()}`;
const NO_TEXT = ['checkbox', 'radio', 'button', 'submit', 'reset', 'range', 'file', 'color'];

const writing = ({ isContentEditable, tagName, type }) =>
  isContentEditable || tagName === 'TEXTAREA' || tagName === 'SELECT' || (tagName === 'INPUT' && !NO_TEXT.includes(type));
const busy = (event) =>
  event.repeat || event.isComposing || root.dataset.shortcuts === 'off' || writing(event.target) || one('dialog:modal');

const row = () => document.activeElement?.closest('[data-rows] > *');
const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const last = (selector, from) => all(selector, from).filter(visible).at(-1);

/** Clicks what can be clicked, otherwise puts the cursor in it. False when there is nothing. */
function press(element, event) {
  if (!element) return false;
  event.preventDefault();
  if (writing(element)) element.focus();
  else element.click();
  return true;
}

// All lists of a page are one to walk through.
function step(event, by) {
  const rows = all('[data-rows] > *').filter(visible);
  const at = rows.indexOf(row());
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  if (!next) return;
  event.preventDefault();
  next.tabIndex = -1;
  next.focus();
}

function key(event, name, codeName = name) {
  const here = row();
  return (
    press(here && last(`[data-row-key="${name}"]`, here), event) || press(last(`[data-key="${name}"],[data-key="${codeName}"]`), event)
  );
}

const keys = {};
for (const letter of LETTERS) keys[`KeyG ${code(letter)}`] = (event) => press(one(`[data-go="${letter}"]`), event);
for (const letter of LETTERS) if (letter !== 'g') keys[code(letter)] = (event) => key(event, letter, code(letter));
const pick = (event) => {
  const box = row() && one('input[data-row]', row());
  if (!box) return key(event, 'x', 'KeyX');
  event.preventDefault();
  box.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
};
Object.assign(keys, {
  KeyJ: (event) => step(event, 1),
  KeyK: (event) => step(event, -1),
  ArrowDown: (event) => row() === event.target && step(event, 1),
  ArrowUp: (event) => row() === event.target && step(event, -1),
  KeyX: pick,
  'Shift+KeyX': pick,
  KeyZ: (event) => press(last('#toasts [data-undo]'), event) || key(event, 'z', 'KeyZ'),
  Enter: (event) => row() === event.target && press(one('[data-row-open]', row()) ?? one('a[href]', row()), event),
  '$mod+Enter': (event) => row() === event.target && window.open((one('a[data-row-open]', row()) ?? one('a[href]', row()))?.href),
  BracketLeft: (event) => key(event, '['),
  BracketRight: (event) => key(event, ']'),
  Slash: (event) => press(last('[data-list-search]'), event) || (event.preventDefault(), openPalette()),
  'Shift+Slash': (event) => one('#shortcuts') && (event.preventDefault(), one('#shortcuts').showModal()),
});
tinykeys(window, keys, { ignore: busy });
tinykeys(window, { '$mod+KeyK': (event) => (event.preventDefault(), openPalette()) }, { ignore: (event) => event.repeat });

// Ctrl Enter in a text area sends its form.
on('keydown', 'textarea', (event, text) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) text.form?.requestSubmit();
});
// Esc leaves the search box, so that the letters are shortcuts again.
on('keydown', '[data-list-search]', (event, input) => event.key === 'Escape' && input.blur());
