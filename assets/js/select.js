// Choosing rows: [data-select] holds the list, input[data-row] the rows, [data-bulk] what can be done with them.
import { all, count, on, one, ready } from './dom.js';

let last;

const rows = (list) => all('input[data-row]', list);

function show(list) {
  const boxes = rows(list);
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest('tr,li')?.setAttribute('aria-selected', box.checked);
  for (const every of all('[data-select-all]', list)) {
    every.checked = chosen.length > 0 && chosen.length === boxes.length;
    every.indeterminate = chosen.length > 0 && !every.checked;
  }
  for (const bulk of all('[data-bulk]', list)) {
    bulk.hidden = !chosen.length;
    for (const number of all('[data-count]', bulk)) number.textContent = count(chosen.length);
  }
}

function choose(list, boxes, checked) {
  for (const box of boxes) box.checked = checked;
  show(list);
}

on('click', '[data-select] input[data-row]', (event, box) => {
  const list = box.closest('[data-select]');
  const boxes = rows(list);
  const [a, b] = [boxes.indexOf(last), boxes.indexOf(box)].sort((x, y) => x - y);
  if (event.shiftKey && a >= 0) choose(list, boxes.slice(a, b + 1), box.checked);
  last = box;
  show(list);
});
on('change', '[data-select-all]', (_, every) => {
  const list = every.closest('[data-select]');
  choose(list, rows(list), every.checked);
});
on('click', '[data-select-none]', (_, button) => {
  const list = button.closest('[data-select]');
  choose(list, rows(list), false);
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || one('dialog:modal,[popover]:popover-open')) return;
  for (const list of all('[data-select]')) choose(list, rows(list), false);
});
ready(() => all('[data-select]').forEach(show));
