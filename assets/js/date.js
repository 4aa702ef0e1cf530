// <pv-date>: a date in the Jalali, Umm al-Qura or Gregorian calendar. Every calendar fact comes from Intl, walking whole
// days in UTC. The hidden input holds the ISO date; typed text clears it, and then the server reads the text.
import { place, root } from './dom.js';

const DAY = 864e5;
const LOCALE = { fa: 'fa-IR', ar: 'ar', en: 'en-GB' };
const DIGITS = { fa: 'arabext', ar: 'arab', en: 'latn' };
const FIRST_DAY = { fa: 6, ar: 6, en: 1 }; // 0 = Sunday
const WORDS = {
  fa: ['ماه قبل', 'ماه بعد', 'امروز', 'فردا', 'یک هفته بعد', 'انتخاب تاریخ'],
  ar: ['الشهر السابق', 'الشهر التالي', 'اليوم', 'غدًا', 'بعد أسبوع', 'اختيار التاريخ'],
  en: ['Previous month', 'Next month', 'Today', 'Tomorrow', 'In a week', 'Choose date'],
};
const ERA = /\s*(AH|AP|AD|هـ|ه‍.*)$/;
const iso = (time) => new Date(time).toISOString().slice(0, 10);
const at = (text) => Date.parse(`${text}T00:00:00Z`);
const today = () => at(iso(Date.now() - new Date().getTimezoneOffset() * 6e4));
const formats = {};
const format = (locale, calendar, digits, options) =>
  (formats[[locale, calendar, digits, JSON.stringify(options)]] ??= new Intl.DateTimeFormat(`${locale}-u-ca-${calendar}-nu-${digits}`, {
    timeZone: 'UTC',
    ...options,
  }));
const dayOf = (time, calendar) => +format('en', calendar, 'latn', { day: 'numeric' }).format(time).replace(/\D/g, '');
const firstOf = (time, calendar) => time - (dayOf(time, calendar) - 1) * DAY;
const nextMonth = (time, calendar) => {
  let day = firstOf(time, calendar) + 28 * DAY;
  while (dayOf(day, calendar) !== 1) day += DAY;
  return day;
};
const arrow = (d) => `<svg class="i flip" viewBox="0 0 24 24" aria-hidden="true"><path d="${d}"/></svg>`;

class PvDate extends HTMLElement {
  static observedAttributes = ['value'];
  get text() {
    return this.querySelector('input:not([type=hidden])');
  }
  get stored() {
    return this.querySelector('input[type=hidden]');
  }
  get button() {
    return this.querySelector('button:not(.pvd *)');
  }
  get language() {
    const lang = (this.closest('[lang]')?.lang || 'fa').slice(0, 2);
    return WORDS[lang] ? lang : 'en';
  }
  get calendar() {
    return this.getAttribute('calendar') || root.dataset.calendar || 'persian';
  }
  get digits() {
    return this.getAttribute('digits') || root.dataset.digits || DIGITS[this.language];
  }
  get weekStart() {
    return +(this.getAttribute('week-start') || root.dataset.weekStart || FIRST_DAY[this.language]);
  }

  connectedCallback() {
    if (!this.wired) {
      this.wired = true;
      this.addEventListener('click', (event) => this.button?.contains(event.target) && this.toggle());
      this.addEventListener('input', (event) => event.target === this.text && (this.stored.value = ''));
      this.addEventListener(
        'keydown',
        (event) => event.target === this.text && event.key === 'ArrowDown' && event.altKey && (event.preventDefault(), this.toggle()),
      );
    }
  }
  /** Without this script the hidden input stays empty, so the text alone counts. */
  attributeChangedCallback() {
    if (this.stored) this.stored.value = this.getAttribute('value') || '';
  }

  toggle() {
    if (this.sheet) return this.sheet.hidePopover();
    const sheet = (this.sheet = document.createElement('div'));
    sheet.popover = 'auto';
    sheet.className = 'menu pvd start';
    sheet.setAttribute('role', 'dialog');
    sheet.setAttribute('aria-label', WORDS[this.language][5]);
    sheet.addEventListener('click', (event) => this.press(event.target.closest('[data-time],[data-month]')));
    sheet.addEventListener('keydown', (event) => this.move(event));
    const follow = () => place(sheet, this.text.closest('.in') ?? this.text);
    sheet.addEventListener('toggle', ({ newState }) => {
      if (newState === 'open') return addEventListener('scroll', follow, true);
      removeEventListener('scroll', follow, true);
      sheet.remove();
      this.sheet = undefined;
    });
    this.append(sheet);
    this.current = at(this.stored.value || iso(today()));
    this.draw();
    sheet.showPopover();
    follow();
    this.focusDay();
  }

  press(button) {
    if (!button) return;
    if (button.dataset.time) return this.pick(+button.dataset.time);
    const first = firstOf(this.current, this.calendar);
    this.current = button.dataset.month > 0 ? nextMonth(first, this.calendar) : firstOf(first - DAY, this.calendar);
    this.draw();
    this.sheet.querySelector(`[data-month="${button.dataset.month}"]`).focus();
  }

  move(event) {
    if (!event.target.dataset.time) return;
    const forward = getComputedStyle(this).direction === 'rtl' ? -1 : 1;
    const days = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: 7, ArrowUp: -7 }[event.key];
    if (days) this.current += days * DAY;
    else if (event.key === 'PageDown') this.current = nextMonth(this.current, this.calendar);
    else if (event.key === 'PageUp') this.current = firstOf(firstOf(this.current, this.calendar) - DAY, this.calendar);
    else return;
    event.preventDefault();
    this.draw();
    this.focusDay();
  }

  focusDay() {
    this.sheet.querySelector('[tabindex="0"][data-time]')?.focus();
  }
  part(time, options) {
    return format(LOCALE[this.language], this.calendar, this.digits, options).format(time).replace(ERA, '');
  }

  pick(time) {
    this.stored.value = iso(time);
    this.text.value = [{ day: 'numeric' }, { month: 'long' }, { year: 'numeric' }].map((options) => this.part(time, options)).join(' ');
    this.sheet.hidePopover();
    this.button?.focus();
    this.stored.dispatchEvent(new Event('change', { bubbles: true }));
  }

  draw() {
    const { calendar, current, language: lang, weekStart, digits } = this;
    const words = WORDS[lang];
    const first = firstOf(current, calendar),
      end = nextMonth(first, calendar),
      now = today();
    const chosen = this.stored.value && at(this.stored.value);
    const number = (n) => n.toLocaleString(`en-u-nu-${digits}`, { useGrouping: false });
    const day = (time) => {
      if (time < first || time >= end) return '<td></td>';
      const marks = `${time === now ? ' aria-current="date"' : ''}${new Date(time).getUTCDay() === 5 && lang !== 'en' ? ' class="hol"' : ''}`;
      const other = calendar === 'gregory' ? '' : `<small>${new Date(time).getUTCDate()}</small>`;
      return `<td role="gridcell" aria-selected="${time === chosen}"><button type="button" data-time="${time}" tabindex="${time === current ? 0 : -1}"${marks}>${number(dayOf(time, calendar))}${other}</button></td>`;
    };
    const week = (start) => `<tr>${[0, 1, 2, 3, 4, 5, 6].map((k) => day(start + k * DAY)).join('')}</tr>`;
    const weeks = [];
    for (let start = first - ((new Date(first).getUTCDay() - weekStart + 7) % 7) * DAY; start < end; start += 7 * DAY)
      weeks.push(week(start));
    const sunday = at('2026-11-15');
    const heads = [0, 1, 2, 3, 4, 5, 6].map(
      (k) =>
        `<th scope="col">${format(LOCALE[lang], 'gregory', digits, { weekday: 'narrow' }).format(sunday + (weekStart + k) * DAY)}</th>`,
    );
    const turn = (by, label, path) =>
      `<button type="button" class="b ghost ic sm" data-month="${by}" aria-label="${label}">${arrow(path)}</button>`;
    this.sheet.innerHTML =
      `<div class="pvd-h">${turn(-1, words[0], 'M15 6l-6 6l6 6')}<b aria-live="polite">${this.part(first, { month: 'long' })} ${this.part(first, { year: 'numeric' })}</b>${turn(1, words[1], 'M9 6l6 6l-6 6')}</div>` +
      `<table role="grid"><thead><tr>${heads.join('')}</tr></thead><tbody>${weeks.join('')}</tbody></table>` +
      `<div class="pvd-f">${[0, 1, 7].map((days, k) => `<button type="button" class="b ghost sm" data-time="${now + days * DAY}">${words[2 + k]}</button>`).join('')}</div>`;
  }
}
customElements.define('pv-date', PvDate);
