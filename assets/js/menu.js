// Menus are native popovers. Here: a place for them where CSS anchors are missing, and the arrow keys.
import { all, on, one, place } from './dom.js';

const anchored = CSS.supports('position-area', 'block-end');
const button = (menu) => one(`[popovertarget="${CSS.escape(menu.id)}"]`);
const items = (menu) => all('a[href],button:not(:disabled),input', menu);

on(
  'toggle',
  '.menu[popover]:not(.pvd)',
  (event, menu) => {
    if (event.newState !== 'open') return;
    const opener = button(menu);
    if (!anchored && opener) place(menu, opener);
    if (opener?.matches(':focus-visible')) items(menu)[0]?.focus();
  },
  true,
);
on('keydown', '.menu[popover]:not(.pvd)', (event, menu) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.target.matches('input')) return;
  event.preventDefault();
  const list = items(menu);
  list.at((list.indexOf(document.activeElement) + by) % list.length)?.focus();
});
// A choice that is not a link leaves the menu open behind its own result.
on('click', '.menu[popover]:not(.pvd,.notes) :is(a,button)', (_, item) => item.closest('.menu').hidePopover());
