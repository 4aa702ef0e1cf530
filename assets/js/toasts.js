// The bar of a toast is its clock, drawn and paused by the stylesheet; one without a bar stays until it is closed.
import { all, fragment, on, one } from './dom.js';

const MOST = 3;
const box = one('#toasts');

export function toast(html) {
  if (!box) return;
  box.append(fragment(html));
  window.htmx.process(box);
}

if (box) {
  box.addEventListener('animationend', (event) => event.target.matches('.clock i') && event.target.closest('.toast').remove());
  new MutationObserver(() => {
    const passing = all('.toast', box).filter((toast) => one('.clock', toast));
    for (const old of passing.slice(0, -MOST)) old.remove();
  }).observe(box, { childList: true });
}
on('click', '.toast [data-close]', (_, button) => button.closest('.toast').remove());
// An undo that was carried out has no more to say.
document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
  if (ctx.response?.status < 400) ctx.sourceElement.closest?.('.toast')?.remove();
});
// No answer at all: the page holds the words for it in <template id="no-answer">.
document.addEventListener('htmx:error', ({ detail: { ctx, error } }) => {
  const words = one('#no-answer');
  if (ctx && error?.name !== 'AbortError' && words) toast(words.innerHTML);
});
