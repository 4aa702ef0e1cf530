export const root = document.documentElement;
export const one = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];

/** Listens on the document, so that parts swapped in later are covered. `fn(event, element)`; true for `capture` also catches events that do not bubble. */
export const on = (type, selector, fn, capture = false) =>
  document.addEventListener(
    type,
    (event) => {
      const found = event.target.closest?.(selector);
      if (found) fn(event, found);
    },
    capture,
  );

/** Runs for the page and for every part htmx puts in or morphs. */
export const ready = (fn) => {
  fn(document);
  document.addEventListener('htmx:after:swap', () => fn(document));
};

/** The element made from one fragment of our own server's HTML. */
export const fragment = (html) => {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
};

/** A count in the digits of this person (`<html data-digits="arabext">`). */
export const count = (n) => n.toLocaleString(`en-u-nu-${root.dataset.digits || 'latn'}`);

/** Headers that every request of the page carries, as the body hands them to htmx. */
export const headers = () => JSON.parse(document.body.getAttribute('hx-headers:inherited') || '{}');

/** Places a box of the top layer under its button, or above where there is no room. */
export function place(box, button) {
  const at = button.getBoundingClientRect();
  const rtl = getComputedStyle(button).direction === 'rtl';
  const left = rtl === box.classList.contains('start') ? at.right - box.offsetWidth : at.left;
  const below = at.bottom + 4 + box.offsetHeight < innerHeight;
  box.classList.add('placed');
  box.style.inset = 'auto';
  box.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - box.offsetHeight - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
}
