// Every page of the program, for the pictures and for the accessibility walk.
//
// `path` may use what `places` finds. `signedOut` pages are seen without an account, `empty` ones on an empty database.
// `press(page, { url, ids })` does something before looking, such as opening a dialog. `deep` pages are states of
// others: the walk sees them in fewer views. `wide`: a phone has no button for it.
// `bare` ones are seen by the owner of an empty shop. `status` is the answer's when it is not 200, `upset` that of what `press` asks.
import { AGENT, signIn } from './lib.mjs';

const open = (selector, wait = 'dialog[open] form, dialog[open] .dlg-b') => async (page) => {
  await page.locator(selector).first().click();
  await page.locator(wait).first().waitFor();
  await page.waitForTimeout(250);
};
const menu = (selector) => open(selector, '[popover]:popover-open');
/** Chooses three rows; then opens a dialog of the bar, when named. */
const choose = (dialog) => async (page) => {
  for (const row of [1, 2, 3]) await page.locator('[data-row]').nth(row).check();
  await page.locator('[data-bulk]:not([hidden])').waitFor();
  if (dialog) await open(`[data-open=${dialog}]`)(page);
};
const submit = (page) => page.locator('main form button.pri[type=submit], dialog[open] button.pri').last().click();

/** Two rows have something wrong, one has an extra cell. */
const FILE = [
  'نام,نام خانوادگی,موبایل,کد ملی,شهر,تاریخ تولد,ایمیل',
  'زهرا,کریمی,۰۹۱۲۳۴۵۶۷۸۹,,تهران,۱۳۶۴/۰۷/۱۲,zahra@example.ir',
  'رضا,مرادی,09351112233,1234567890,مشهد,1370/01/20,',
  'مینا,صادقی,+98 936 222 3344,,شیراز,,mina@example.ir',
  'سمیرا,عباسی,۹۱۲۳۴,,کرج,۱۳۷۲/۱۳/۰۵,',
  'هادی,نوری,00989123332211,,قم,۱۳۵۸/۱۱/۰۲,',
].join('\n');
const bring = async (page) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'مشتریان آبان.csv', mimeType: 'text/csv', buffer: Buffer.from(FILE) });
  await page.locator('form[data-upload] button[type=submit]').click();
  await page.locator('table.preview').waitFor();
};
const bringIn = async (page) => {
  await bring(page);
  await page.locator('#map .form-foot button.pri').click();
  await page.locator('a[href$="rejects.csv"]').waitFor({ timeout: 30_000 });
};
const setUp = (until) => async (page) => {
  const on = () => page.locator('[name=go][value=on]').click();
  await page.locator('[name=name]').fill('فروشگاه ترنج');
  await on();
  await page.locator('[name=lang]').first().waitFor();
  if (until === 'display') return;
  await on();
  await page.locator('[name=email]').fill('negar@example.ir');
  await page.locator('[name=password]').fill('short');
  if (until === 'owner') return;
  await on();
  await page.locator('[role=alert]').waitFor();
};

export const PAGES = [
  { name: 'set-up', path: () => '/', empty: true, signedOut: true },
  { name: 'set-up-display', path: () => '/', empty: true, signedOut: true, deep: true, press: setUp('display') },
  { name: 'set-up-owner', path: () => '/', empty: true, signedOut: true, deep: true, press: setUp('owner') },
  { name: 'set-up-wrong', path: () => '/', empty: true, signedOut: true, deep: true, upset: 422, press: setUp('wrong') },
  { name: 'sign-in', path: () => '/sign-in', signedOut: true },
  { name: 'sign-in-view', path: () => '/sign-in', signedOut: true, deep: true, press: (page) => page.locator('summary').click() },
  {
    name: 'sign-in-wrong', path: () => '/sign-in', signedOut: true, deep: true, upset: 422,
    press: async (page) => {
      await page.locator('[name=email]').fill('nobody@example.ir');
      await page.locator('[name=password]').fill('not this one');
      await page.locator('button.pri').click();
      await page.locator('.err').first().waitFor();
    },
  },
  { name: 'today', path: () => '/today' },
  { name: 'today-team', path: () => '/today?scope=unit', deep: true },
  { name: 'today-menu', path: () => '/today?scope=unit', deep: true, press: menu('.todo [popovertarget]') },
  { name: 'today-done', path: () => '/today?scope=unit', deep: true, press: open('.todo a.done') },
  { name: 'parties', path: () => '/parties' },
  { name: 'parties-filtered', path: () => '/parties?role=customer&next=overdue&city=%D8%AA%D9%87%D8%B1%D8%A7%D9%86&spent_from=1000000', deep: true },
  { name: 'parties-none', path: () => '/parties?q=zzqqx', deep: true },
  { name: 'parties-empty', path: () => '/parties', deep: true, bare: true },
  { name: 'parties-chosen', path: () => '/parties', deep: true, press: choose() },
  { name: 'parties-filters', path: () => '/parties', deep: true, press: open('.bar a[data-dialog=wide]') },
  { name: 'parties-figures', path: () => '/parties?education=bachelor&age_from=25&sort=profit&desc=1&cols=tier,rfm,active,worth,rhythm,age,education,job,income', deep: true },
  { name: 'parties-rule', path: () => `/parties?rule=${encodeURIComponent(JSON.stringify({ all: [{ field: { field: 'habit', is: { one_of: ['slowing', 'lapsing'] } } }, { not: { field: { field: 'birth_month', is: { one_of: ['jalali-8'] } } } }] }))}`, deep: true },
  { name: 'parties-view', path: () => '/parties?silent=1&sort=spent&desc=1' },
  { name: 'parties-view-new', path: () => '/parties?silent=1', deep: true, wide: true, press: open('.bar a[href^="/parties/views/new"]') },
  { name: 'parties-columns', path: () => '/parties', deep: true, wide: true, press: open('.bar a[data-dialog=narrow]') },
  { name: 'parties-export', path: () => '/parties', deep: true, wide: true, press: menu('[popovertarget=export]') },
  ...['tag', 'assign', 'follow-up', 'segment'].map((act) => ({ name: `bulk-${act}`, path: () => '/parties', deep: true, press: choose(`bulk-${act}`) })),
  { name: 'parties-new', path: () => '/parties/new' },
  { name: 'parties-new-wrong', path: () => '/parties/new', deep: true, upset: 422, press: async (page) => {
    await page.locator('[name=mobile]').fill('0912');
    await page.locator('[name=national_id]').fill('1234567890');
    await page.locator('.form-foot button.pri').click();
    await page.locator('[role=alert]').waitFor();
  } },
  { name: 'parties-new-twin', path: () => '/parties/new', deep: true, press: async (page, { ids }) => {
    await page.locator('[name=mobile]').fill(ids.phone ?? '');
    await page.locator('#dups h3').waitFor();
  } },
  { name: 'party', path: ({ party }) => `/parties/${party}` },
  { name: 'party-organisation', path: ({ organisation }) => `/parties/${organisation}`, deep: true },
  { name: 'party-more', path: ({ party }) => `/parties/${party}`, deep: true, press: menu('[popovertarget=customer-more]') },
  { name: 'parties-pairs', path: () => '/parties/pairs' },
  { name: 'party-merge', path: ({ party }) => `/parties/${party}/merge`, deep: true },
  { name: 'party-merge-compare', path: ({ persons }) => `/parties/${persons[0]}/merge?other=${persons[1]}`, deep: true },
  { name: 'party-merged', path: ({ merged }) => `/parties/${merged}`, deep: true },
  { name: 'party-contact', path: ({ party }) => `/parties/${party}`, deep: true, press: menu('#contacts [popovertarget]') },
  { name: 'party-change-contact', path: ({ party }) => `/parties/${party}`, deep: true, press: async (page) => {
    await menu('#contacts [popovertarget^=way]')(page);
    await open('#contacts a[href$="/edit"]:visible')(page);
  } },
  { name: 'party-edit', path: ({ party }) => `/parties/${party}/edit`, deep: true },
  { name: 'party-log', path: ({ party }) => `/parties/${party}`, deep: true, press: async (page) => {
    await page.locator('a[href^="/interactions/new"]:visible').first().click();
    await page.locator('dialog[open] form').waitFor();
    await page.waitForTimeout(250);
  } },
  ...['contacts', 'addresses', 'preferences', 'relations'].map((what) => ({ name: `party-new-${what}`, path: ({ party }) => `/parties/${party}`, deep: true, press: open(`a[href$="/${what}/new"]`) })),
  { name: 'party-cost', path: ({ party }) => `/parties/${party}`, deep: true, press: open('#profit a[href*="/costs/new"]') },
  { name: 'party-plan', path: ({ party }) => `/parties/${party}`, deep: true, press: open('.acts2 a[href^="/follow-ups/new"]') },
  { name: 'segments', path: () => '/segments' },
  { name: 'segments-empty', path: () => '/segments', deep: true, bare: true },
  { name: 'segment', path: ({ segment }) => `/segments/${segment}` },
  { name: 'segment-more', path: ({ segment }) => `/segments/${segment}`, deep: true, press: menu('[popovertarget=segment-more]') },
  { name: 'segment-overlap', path: ({ segment }) => `/segments/${segment}/overlap` },
  { name: 'segment-moves', path: ({ segment }) => `/segments/${segment}/moves` },
  { name: 'goals', path: () => '/segments/goals' },
  { name: 'goal', path: () => '/segments/goals', press: async (page) => {
    await page.locator('.tb a[href^="/segments/goals/"]').first().click();
    await page.locator('form input[name=version]').waitFor({ state: 'attached' });
  } },
  { name: 'goals-empty', path: () => '/segments/goals', deep: true, bare: true },
  { name: 'segment-edit', path: ({ segment }) => `/segments/${segment}/edit` },
  { name: 'segment-new', path: () => '/segments/new', deep: true },
  { name: 'segment-figures', path: () => '/segments/new', deep: true, press: async (page) => {
    for (const kind of ['education', 'birth_month', 'birthday', 'phone', 'habit', 'usual_gap', 'interaction']) {
      const rows = await page.locator('.rule').count();
      await page.locator('input[name="0.add"]').fill(kind);
      await page.locator('button[value="add:0"]').click();
      await page.locator('.rule').nth(rows).waitFor();
    }
  } },
  { name: 'segment-wrong', path: () => '/segments/new', deep: true, upset: 422, press: async (page) => {
    for (const kind of ['city', 'role', 'spent', 'birth', 'interaction']) {
      const rows = await page.locator('.rule').count();
      await page.locator('input[name="0.add"]').fill(kind);
      await page.locator('button[value="add:0"]').click();
      await page.locator('.rule').nth(rows).waitFor();
    }
    await page.locator('.form-foot button.pri').click();
    await page.locator('.rule .err').first().waitFor();
  } },
  { name: 'follow-ups', path: () => '/follow-ups' },
  { name: 'follow-ups-team', path: () => '/follow-ups?view=open&scope=unit', deep: true },
  { name: 'follow-ups-done', path: () => '/follow-ups?view=done&scope=unit', deep: true },
  { name: 'follow-ups-cancelled', path: () => '/follow-ups?view=cancelled', deep: true },
  { name: 'follow-ups-new', path: () => '/follow-ups', deep: true, press: open('a[href="/follow-ups/new"]') },
  { name: 'follow-ups-customer', path: () => '/follow-ups/new', deep: true, press: async (page) => {
    await page.locator('[name=party_text]').pressSequentially('ا', { delay: 30 });
    await page.locator('[role=option]').first().waitFor();
  } },
  ...['edit', 'snooze', 'hand-over', 'done'].map((act) => ({ name: `follow-up-${act}`, path: ({ followUp }) => `/follow-ups/${followUp}/${act}`, deep: true })),
  { name: 'follow-up-snooze-dialog', path: () => '/follow-ups?scope=unit', deep: true, press: async (page) => {
    await page.locator('.todo [popovertarget]').first().click();
    await page.locator('[popover]:popover-open a[href$="/snooze"]').click();
    await page.locator('dialog[open] form').waitFor();
    await page.waitForTimeout(250);
  } },
  { name: 'follow-up-date', path: () => '/follow-ups/new', deep: true, press: async (page) => {
    await page.locator('pv-date button').first().click();
    await page.waitForTimeout(250);
  } },
  { name: 'lifecycle', path: () => '/lifecycle' },
  { name: 'lifecycle-leaving', path: () => '/lifecycle?beside=leaving', deep: true },
  { name: 'lifecycle-empty', path: () => '/lifecycle', deep: true, bare: true },
  { name: 'lifecycle-loyal', path: () => '/lifecycle/people?list=stage&stage=loyal', deep: true },
  { name: 'lifecycle-gate', path: () => '/lifecycle/people?list=gate&gate=g12' },
  { name: 'lifecycle-silent', path: () => '/lifecycle/people?list=leaving&stage=loyal', deep: true },
  { name: 'lifecycle-gates', path: () => '/lifecycle/gates' },
  { name: 'lifecycle-gate-change', path: () => '/lifecycle/gates/g12', deep: true },
  { name: 'opportunities', path: () => '/opportunities' },
  { name: 'opportunities-lost', path: () => '/opportunities?view=lost&reason=price' },
  { name: 'opportunities-all', path: () => '/opportunities?view=all', deep: true },
  { name: 'opportunities-empty', path: () => '/opportunities', deep: true, bare: true },
  { name: 'opportunities-menu', path: () => '/opportunities', deep: true, press: menu('#opportunities [popovertarget]') },
  { name: 'opportunities-new', path: () => '/opportunities', deep: true, press: open('a[href="/opportunities/new"]') },
  { name: 'opportunities-edit', path: () => '/opportunities', deep: true, press: async (page) => {
    await menu('#opportunities [popovertarget]')(page);
    await open('[popover]:popover-open a[href$="/edit"]')(page);
  } },
  { name: 'opportunities-close-lost', path: () => '/opportunities', deep: true, press: async (page) => {
    await menu('#opportunities [popovertarget]')(page);
    await open('[popover]:popover-open a[href$="/close/lost"]')(page);
  } },
  { name: 'insight-conversion', path: () => '/insight/conversion' },
  { name: 'insight-conversion-empty', path: () => '/insight/conversion', deep: true, bare: true },
  { name: 'insight-competitors', path: () => '/insight/competitors' },
  { name: 'insight-competitors-empty', path: () => '/insight/competitors', deep: true, bare: true },
  { name: 'insight', path: () => '/insight' },
  { name: 'insight-empty', path: () => '/insight', deep: true, bare: true },
  { name: 'insight-how', path: () => '/insight', deep: true, press: async (page) => { for (const summary of await page.locator('main details.how summary').all()) await summary.click(); } },
  { name: 'insight-cohorts', path: () => '/insight/cohorts' },
  { name: 'insight-cohorts-counts', path: () => '/insight/cohorts?months=24&show=count', deep: true },
  { name: 'insight-cohorts-empty', path: () => '/insight/cohorts', deep: true, bare: true },
  { name: 'insight-rhythm', path: () => '/insight/rhythm' },
  { name: 'insight-rhythm-late', path: () => '/insight/rhythm?habit=lapsing', deep: true },
  { name: 'insight-rhythm-empty', path: () => '/insight/rhythm', deep: true, bare: true },
  { name: 'insight-risk', path: () => '/insight/risk' },
  { name: 'insight-risk-complained', path: () => '/insight/risk?reason=complained', deep: true, press: async (page) => { for (const summary of await page.locator('main details.how summary').all()) await summary.click(); } },
  { name: 'insight-risk-empty', path: () => '/insight/risk', deep: true, bare: true },
  { name: 'insight-risk-save', path: () => '/insight/risk', deep: true, press: open('main a[href^="/insight/risk/saves/new"]') },
  { name: 'insight-saves', path: () => '/insight/risk/saves' },
  { name: 'insight-saves-empty', path: () => '/insight/risk/saves', deep: true, bare: true },
  { name: 'insight-trend', path: () => '/insight/trend' },
  { name: 'insight-trend-empty', path: () => '/insight/trend', deep: true, bare: true },
  { name: 'insight-keeping', path: () => '/insight/sources/keeping' },
  { name: 'insight-keeping-empty', path: () => '/insight/sources/keeping', deep: true, bare: true },
  { name: 'insight-needs', path: () => '/insight/needs' },
  { name: 'insight-needs-empty', path: () => '/insight/needs', deep: true, bare: true },
  { name: 'insight-products', path: () => '/insight/products' },
  { name: 'insight-products-empty', path: () => '/insight/products', deep: true, bare: true },
  { name: 'insight-rules', path: () => '/insight/products/together' },
  { name: 'insight-rules-certain', path: () => '/insight/products/together?by=certainty', deep: true },
  { name: 'insight-rules-empty', path: () => '/insight/products/together', deep: true, bare: true },
  { name: 'insight-sales', path: () => '/insight/products/sales' },
  { name: 'insight-sales-class', path: () => '/insight/products/sales?span=all&class=b', deep: true },
  { name: 'insight-sales-empty', path: () => '/insight/products/sales', deep: true, bare: true },
  { name: 'insight-sources', path: () => '/insight/sources' },
  { name: 'insight-sources-empty', path: () => '/insight/sources', deep: true, bare: true },
  { name: 'insight-value', path: () => '/insight/value' },
  { name: 'insight-value-empty', path: () => '/insight/value', deep: true, bare: true },
  { name: 'insight-value-rates', path: () => '/insight/value', deep: true, press: async (page) => { for (const summary of await page.locator('main details summary').all()) await summary.click(); } },
  { name: 'insight-value-more', path: () => '/insight/value', deep: true, press: menu('[popovertarget=value-more]') },
  { name: 'insight-value-cost', path: () => '/insight/value', deep: true, press: async (page) => { await menu('[popovertarget=value-more]')(page); await open('a[href="/insight/value/costs/new"]')(page); } },
  { name: 'insight-relations', path: () => '/insight/value/relations' },
  { name: 'insight-relations-hour', path: () => '/insight/value/relations?by=hour', deep: true, press: async (page) => { for (const summary of await page.locator('main details.how summary').all()) await summary.click(); } },
  { name: 'insight-relations-empty', path: () => '/insight/value/relations', deep: true, bare: true },
  { name: 'insight-relations-spending', path: () => '/insight/value/relations', deep: true, press: open('main a[href$="/spending"]') },
  { name: 'insight-people', path: () => '/insight/value/people?by=age' },
  { name: 'insight-people-job', path: () => '/insight/value/people?by=job', deep: true },
  { name: 'insight-people-empty', path: () => '/insight/value/people', deep: true, bare: true },
  { name: 'insight-movement', path: () => '/insight/value/movement' },
  { name: 'insight-movement-empty', path: () => '/insight/value/movement', deep: true, bare: true },
  { name: 'insight-moved', path: () => '/insight/value/movement', deep: true, press: async (page) => { await page.locator('table.heat td a').nth(1).click(); await page.locator('#h-moved').waitFor(); } },
  { name: 'insight-costs', path: () => '/insight/value/costs', deep: true },
  { name: 'insight-costs-empty', path: () => '/insight/value/costs', deep: true, bare: true },
  { name: 'insight-value-customers', path: () => '/insight/value/customers?losing=true', deep: true },
  { name: 'parties-scores', path: () => '/parties?frequency_value_from=4&active_until=0.5&sort=active&desc=1&cols=last_purchase,spent,rfm,active,worth,owner', deep: true },
  { name: 'experience', path: () => '/experience' },
  { name: 'experience-new', path: () => '/experience/new' },
  { name: 'experience-new-wrong', path: () => '/experience/new', deep: true, upset: 422, press: async (page) => {
    await page.locator('[name=name]').fill('یلدا');
    await submit(page);
    await page.locator('[role=alert]').first().waitFor();
  } },
  { name: 'experience-policy', path: ({ policy }) => `/experience/${policy}` },
  { name: 'experience-next', path: ({ policy }) => `/experience/${policy}/edit`, deep: true },
  { name: 'experience-grants', path: () => '/experience/grants' },
  { name: 'experience-grants-sent', path: () => '/experience/grants?state=redeemed', deep: true },
  { name: 'experience-redeem', path: () => '/experience/redeem' },
  { name: 'experience-redeem-wrong', path: () => '/experience/redeem', deep: true, upset: 422, press: async (page) => {
    await page.locator('[name=code]').fill('123456789012');
    await submit(page);
    await page.locator('[role=alert]').first().waitFor();
  } },
  { name: 'experience-gifts', path: () => '/experience/gifts' },
  { name: 'experience-treatments', path: () => '/experience/treatments' },
  { name: 'experience-treatment', path: () => '/experience/treatments/new' },
  { name: 'experience-respect', path: () => '/experience/respect' },
  { name: 'experience-incidents', path: () => '/experience/incidents' },
  { name: 'experience-incident-new', path: () => '/experience/incidents/new' },
  { name: 'experience-incident-wrong', path: () => '/experience/incidents/new', deep: true, upset: 422, press: async (page) => {
    await page.locator('[name=severity]').selectOption('3');
    await submit(page);
    await page.locator('[role=alert]').first().waitFor();
  } },
  { name: 'experience-incident', path: ({ incident }) => `/experience/incidents/${incident}` },
  { name: 'experience-protocols', path: () => '/experience/protocols' },
  { name: 'experience-violations', path: () => '/experience/violations' },
  { name: 'experiments', path: () => '/experience/experiments' },
  { name: 'experiments-new', path: () => '/experience/experiments/new' },
  { name: 'experiments-plan', path: () => '/experience/experiments/new', deep: true, press: async (page) => {
    await page.locator('[name=treatment_ids]').first().check();
    await page.locator('[name=plan]').click();
    await page.locator('#plan').waitFor();
  } },
  { name: 'experiments-import', path: () => '/experience/experiments/import', deep: true },
  { name: 'experiment', path: ({ experiments }) => `/experience/experiments/${experiments.decided}` },
  { name: 'experiment-price', path: ({ experiments }) => `/experience/experiments/${experiments.price}` },
  { name: 'experiment-running', path: ({ experiments }) => `/experience/experiments/${experiments.running}` },
  { name: 'experiment-people', path: ({ experiments }) => `/experience/experiments/${experiments.running}/people` },
  { name: 'best', path: () => '/experience/best' },
  { name: 'best-empty', path: () => '/experience/best', deep: true, bare: true },
  { name: 'fairness', path: () => '/experience/fairness' },
  { name: 'fairness-audits', path: () => '/experience/fairness/audits', deep: true },
  { name: 'fairness-audit', path: ({ fairness }) => `/experience/fairness/${fairness.odd}` },
  { name: 'fairness-equal', path: ({ fairness }) => `/experience/fairness/${fairness.equal}`, deep: true },
  { name: 'fairness-answer', path: ({ fairness }) => `/experience/fairness/${fairness.odd}/answer/${fairness.group}` },
  { name: 'fairness-answer-wrong', path: ({ fairness }) => `/experience/fairness/${fairness.odd}/answer/${fairness.group}`, deep: true, upset: 422, press: async (page) => {
    await submit(page);
    await page.locator('.errs').waitFor();
  } },
  { name: 'fairness-empty', path: () => '/experience/fairness', deep: true, bare: true },
  { name: 'why', path: ({ fairness }) => `/experience/grants/${fairness.grant}/why` },
  { name: 'why-open', path: ({ fairness }) => `/g/${fairness.code}` },
  { name: 'experiments-empty', path: () => '/experience/experiments', deep: true, bare: true },
  { name: 'indicators', path: () => '/experience/indicators' },
  { name: 'indicators-repeats', path: () => '/experience/indicators?view=repeats' },
  { name: 'indicators-amounts', path: () => '/experience/indicators?view=amounts', deep: true },
  { name: 'indicators-kinds', path: () => '/experience/indicators?view=kinds' },
  { name: 'indicators-people', path: () => '/experience/indicators/customers?cell=repeated', deep: true },
  { name: 'indicators-empty', path: () => '/experience/indicators', deep: true, bare: true },
  { name: 'advocacy-indicators', path: () => '/advocacy/indicators' },
  { name: 'advocacy-indicators-empty', path: () => '/advocacy/indicators', deep: true, bare: true },
  { name: 'experience-empty', path: () => '/experience', deep: true, bare: true },
  { name: 'advocacy', path: () => '/advocacy' },
  { name: 'advocacy-queue', path: () => '/advocacy?view=queue', deep: true },
  { name: 'advocacy-empty', path: () => '/advocacy', deep: true, bare: true },
  { name: 'advocacy-kinds', path: () => '/advocacy/kinds' },
  { name: 'advocacy-new', path: () => '/advocacy/new' },
  { name: 'advocacy-new-wrong', path: () => '/advocacy/new', deep: true, upset: 422, press: async (page) => {
    await submit(page);
    await page.locator('.errs').waitFor();
  } },
  { name: 'advocacy-odd', path: ({ odd }) => `/advocacy/${odd}` },
  { name: 'advocacy-one', path: ({ referral }) => `/advocacy/${referral}`, deep: true },
  { name: 'advocacy-codes', path: () => '/advocacy/codes' },
  { name: 'advocacy-code', path: ({ coded }) => `/advocacy/codes/${coded}` },
  { name: 'network', path: () => '/advocacy/network' },
  { name: 'network-empty', path: () => '/advocacy/network', deep: true, bare: true },
  { name: 'referral-value', path: () => '/advocacy/value' },
  { name: 'referral-value-empty', path: () => '/advocacy/value', deep: true, bare: true },
  { name: 'referral-value-wrong', path: () => '/advocacy/value', deep: true, upset: 422, press: async (page) => {
    await page.locator('form[action="/advocacy/value"] button').click();
    await page.locator('.err').first().waitFor();
  } },
  { name: 'benefits', path: () => '/advocacy/benefits' },
  { name: 'benefits-empty', path: () => '/advocacy/benefits', deep: true, bare: true },
  { name: 'benefits-new', path: () => '/advocacy/benefits/new' },
  { name: 'benefits-new-wrong', path: () => '/advocacy/benefits/new', deep: true, upset: 422, press: async (page) => {
    await submit(page);
    await page.locator('.errs').waitFor();
  } },
  { name: 'benefit', path: ({ benefit }) => `/advocacy/benefits/${benefit}` },
  { name: 'ledger', path: () => '/advocacy/ledger' },
  { name: 'ledger-empty', path: () => '/advocacy/ledger', deep: true, bare: true },
  { name: 'ledger-of', path: ({ earner }) => `/advocacy/ledger/${earner}` },
  { name: 'ledger-owes', path: ({ owing }) => `/advocacy/ledger/${owing}`, deep: true },
  { name: 'advocacy-code-none', path: ({ organisation }) => `/advocacy/codes/${organisation}`, deep: true },
  { name: 'referral-link', path: ({ referralCode }) => `/r/${referralCode}`, signedOut: true },
  { name: 'referral-link-wrong', path: ({ referralCode }) => `/r/${referralCode}`, signedOut: true, deep: true, upset: 422, press: async (page) => {
    await page.locator('button.pri').click();
    await page.locator('.err').waitFor();
  } },
  { name: 'referral-link-thanks', path: ({ referralCode }) => `/r/${referralCode}?done=true`, signedOut: true, deep: true },
  { name: 'service', path: () => '/service?days=365' },
  { name: 'service-open', path: () => '/service', deep: true, press: async (page) => { for (const summary of await page.locator('main details.how summary').all()) await summary.click(); } },
  { name: 'service-empty', path: () => '/service', deep: true, bare: true },
  { name: 'service-asks', path: () => '/service/asks' },
  { name: 'service-asks-waiting', path: () => '/service/asks?waiting=true', deep: true },
  { name: 'service-asks-empty', path: () => '/service/asks', deep: true, bare: true },
  { name: 'service-cases', path: () => '/service/cases' },
  { name: 'service-cases-closed', path: () => '/service/cases?view=closed&kind=complaint', deep: true },
  { name: 'service-cases-empty', path: () => '/service/cases', deep: true, bare: true },
  { name: 'service-case-new', path: () => '/service/cases', deep: true, press: open('a[href="/service/cases/new"]') },
  { name: 'service-case', path: ({ openCase }) => `/service/cases/${openCase}` },
  { name: 'service-case-closed', path: ({ closedCase }) => `/service/cases/${closedCase}`, deep: true },
  { name: 'service-case-settings', path: () => '/service/cases/settings', deep: true },
  { name: 'service-answers', path: () => '/service/answers?kind=nps&score_until=6' },
  { name: 'service-interviews', path: () => '/service/interviews' },
  { name: 'service-interviews-empty', path: () => '/service/interviews', deep: true, bare: true },
  { name: 'service-interview-new', path: ({ party }) => `/service/interviews/new?party=${party}` },
  { name: 'service-interview', path: ({ interview }) => `/service/interviews/${interview}`, press: (page) => page.locator('#quotes details summary').first().click() },
  { name: 'service-quotes', path: () => '/service/quotes' },
  { name: 'service-guide', path: ({ guide }) => `/service/surveys/${guide}`, deep: true },
  { name: 'service-feedback', path: () => '/service/feedback' },
  { name: 'service-feedback-empty', path: () => '/service/feedback', deep: true, bare: true },
  { name: 'service-feedback-new', path: () => '/service/feedback', deep: true, press: open('a[href="/service/feedback/new"]') },
  { name: 'service-feedback-one', path: ({ told }) => `/service/feedback/${told}` },
  { name: 'service-feedback-in-work', path: ({ inWork }) => `/service/feedback/${inWork}`, deep: true },
  { name: 'service-surveys', path: () => '/service/surveys' },
  { name: 'service-surveys-empty', path: () => '/service/surveys', deep: true, bare: true },
  { name: 'service-survey-new', path: () => '/service/surveys', deep: true, press: open('a[href="/service/surveys/new"]') },
  { name: 'service-survey', path: ({ survey }) => `/service/surveys/${survey}` },
  { name: 'service-survey-draft', path: ({ draft }) => `/service/surveys/${draft}`, deep: true, press: async (page) => { await page.locator('main .list details summary').first().click(); } },
  { name: 'service-survey-preview', path: ({ draft }) => `/service/surveys/${draft}/preview`, deep: true },
  { name: 'service-survey-taken', path: ({ survey }) => `/service/surveys/${survey}/answer`, deep: true },
  { name: 'survey', path: ({ surveyToken }) => `/s/${surveyToken}`, signedOut: true },
  { name: 'survey-wrong', path: ({ surveyToken }) => `/s/${surveyToken}`, signedOut: true, deep: true, upset: 422, press: async (page) => {
    await page.locator('form button.pri').click();
    await page.locator('.err').first().waitFor();
  } },
  { name: 'survey-thanks', path: ({ surveyToken }) => `/s/${surveyToken}?done=true`, signedOut: true, deep: true },
  { name: 'survey-kiosk', path: ({ surveyToken }) => `/s/${surveyToken}/kiosk`, signedOut: true },
  { name: 'imports', path: () => '/imports' },
  { name: 'imports-empty', path: () => '/imports', deep: true, bare: true },
  { name: 'imports-map', path: () => '/imports', deep: true, press: bring },
  { name: 'imports-result', path: () => '/imports', deep: true, press: bringIn },
  { name: 'imports-undo', path: () => '/imports', deep: true, press: async (page) => { await bringIn(page); await open('[data-open=undo-import]')(page); } },
  { name: 'interactions-new', path: ({ party }) => `/interactions/new?party=${party}` },
  { name: 'purchases-new', path: ({ party }) => `/purchases/new?party=${party}` },
  { name: 'purchases-new-wrong', path: ({ party }) => `/purchases/new?party=${party}`, deep: true, upset: 422, press: async (page) => {
    await page.locator('#code').fill('12');
    await submit(page);
    await page.locator('.errs').waitFor();
  } },
  { name: 'interactions-new-wrong', path: () => '/interactions/new', deep: true, upset: 422, press: async (page) => {
    await page.locator('details summary').click();
    await page.locator('[name=party_text]').fill('zzqqx');
    await page.locator('[name=at_text]').fill('سال بعد');
    await submit(page);
    await page.locator('[role=alert]').first().waitFor();
  } },
  { name: 'notifications', path: () => '/notifications' },
  { name: 'notifications-drawer', path: () => '/today', deep: true, press: open('.top a[href="/notifications"]', 'dialog[open] #notes') },
  { name: 'settings', path: () => '/settings' },
  ...['security', 'organisation', 'people', 'people/new', 'units', 'posts', 'posts/new', 'words', 'readiness', 'history'].map((page) => ({
    name: `settings-${page.replace('/', '-')}`,
    path: () => `/settings/${page}`,
  })),
  { name: 'settings-readiness-answer', path: () => '/settings/readiness', deep: true, press: async (page) => {
    const details = page.locator('main details summary');
    if (await details.count()) await details.first().click();
  } },
  { name: 'settings-person', path: ({ person }) => `/settings/people/${person}`, deep: true },
  { name: 'settings-post', path: ({ post }) => `/settings/posts/${post}`, deep: true },
  { name: 'settings-history-filtered', path: () => '/settings/history?kind=party', deep: true },
  { name: 'settings-history-open', path: () => '/settings/history', deep: true, press: async (page) => {
    const details = page.locator('main td details summary, main li details summary');
    if (await details.count()) await details.first().click();
  } },
  { name: 'palette', path: () => '/today', press: async (page) => { await page.keyboard.press('Control+k'); await page.waitForTimeout(400); } },
  { name: 'palette-found', path: () => '/today', deep: true, press: async (page) => {
    await page.keyboard.press('Control+k');
    await page.locator('#palette input').pressSequentially('0912', { delay: 30 });
    await page.waitForTimeout(600);
  } },
  { name: 'palette-none', path: () => '/today', deep: true, press: async (page) => {
    await page.keyboard.press('Control+k');
    await page.locator('#palette input').pressSequentially('zzqqx', { delay: 30 });
    await page.waitForTimeout(600);
  } },
  { name: 'shortcuts', path: () => '/today', deep: true, press: async (page) => { await page.keyboard.press('Shift+?'); await page.waitForTimeout(300); } },
  { name: 'not-found', path: () => '/no-such-page', status: 404 },
  { name: 'forbidden', path: () => '/sign-in', signedOut: true, deep: true, upset: 403, press: async (page, { url }) => {
    await signIn(page, { url }, AGENT);
    await page.goto(`${url}/settings/people`);
  } },
];

/** Ids that the addresses of PAGES need. */
export async function places(call) {
  const list = (path) => call('GET', path).then((answer) => answer.items ?? answer, () => []);
  const [busiest] = await list('/parties?limit=1&sort=spent&desc=true');
  const [organisation] = await list('/parties?limit=1&kind=organisation&sort=spent&desc=true');
  const persons = (await list('/parties?limit=2&kind=person&sort=spent&desc=true')).map((one) => one.id);
  const [merge] = await list('/audit?kind=party.merged&limit=1');
  const [followUp] = await list('/follow-ups?limit=1');
  const [person] = await list('/users?limit=1');
  const [post] = await list('/posts');
  const [segment] = await list('/segments?limit=1');
  const [policy] = await list('/policies?limit=1');
  const [incident] = await list('/incidents?open=true&limit=1');
  const tried = await list('/experiments?limit=50');
  const experiments = { decided: tried.find((one) => one.decision === 'adopt')?.id, running: tried.find((one) => one.state === 'running')?.id, price: tried.find((one) => one.kind === 'discount' && !one.is_imported)?.id };
  const [different] = await list('/fairness/open?limit=1');
  const [equal] = (await list('/fairness/audits?latest=true&limit=100')).filter((one) => one.verdict === 'ok');
  const [given] = await list('/grants?state=offered&limit=1');
  const fairness = { odd: different?.audit_id, group: different?.id, equal: equal?.id, grant: given?.id, code: given?.code };
  const [live] = await list('/surveys?state=live&is_guide=false&limit=1');
  const [draft] = await list('/surveys?state=draft&limit=1');
  const [guide] = await list('/surveys?is_guide=true&limit=1');
  const [interview] = await list('/interviews?limit=1');
  const [told] = await list('/feedback?view=done&limit=1');
  const [inWork] = await list('/feedback?view=in_work&limit=1');
  const [openCase] = await list('/cases?limit=1');
  const [closedCase] = await list('/cases?view=closed&kind=complaint&limit=1');
  const [referral] = await list('/referrals?view=confirmed&limit=1');
  const [odd] = await list('/referrals?view=queue&limit=1');
  const [coded] = await list('/referral-codes?limit=1');
  const [, benefit] = await list('/benefits?limit=2');
  const [earner] = await list('/ledger?kind=spent&limit=1');
  const [owing] = await list('/ledger?kind=taken_back&limit=1');
  return { guide: guide?.id, interview: interview?.id, told: told?.id, inWork: inWork?.id, openCase: openCase?.id, closedCase: closedCase?.id, incident: incident?.id, referral: referral?.id, odd: odd?.id, coded: coded?.party_id, benefit: benefit?.id, earner: earner?.party_id, owing: owing?.party_id, referralCode: coded?.code, policy: policy?.id, experiments, fairness, survey: live?.id, surveyToken: live?.open_token, draft: draft?.id, segment: segment?.id, party: busiest?.id, phone: busiest?.phone, organisation: organisation?.id ?? busiest?.id, persons, merged: merge?.party_id, followUp: followUp?.id, person: person?.id, post: post?.id };
}
