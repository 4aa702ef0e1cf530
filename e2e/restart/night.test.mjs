// Jobs of the night whose server is killed in the middle: what they come to is what an undisturbed night comes to.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as lib from '../lib.mjs';

const CUSTOMERS = 1_600;
/** A server lives so long before it is killed. */
const LIVES_MS = [150, 350, 600, 900];
/** A lease lasts a minute; the rest is for a slow machine. */
const TAKEN_OVER_MS = 170_000;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** Purchases of two years until yesterday, the same for every shop of a run. */
function till() {
  let state = 7n;
  const chance = (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number((state >> 33n) % BigInt(below));
  };
  const start = Date.now() - 730 * 86_400_000;
  const lines = ['customer,date,invoice,product,quantity,unit_price'];
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    let day = chance(500);
    const [pace, liked] = [30 + chance(150), chance(40)];
    const end = Math.min(729, day + chance(700));
    for (let visit = 0; day <= end; visit++) {
      const date = new Date(start + day * 86_400_000).toISOString().slice(0, 10);
      for (const product of new Set([liked, (liked + chance(3)) % 40, chance(40)])) {
        lines.push(`C${customer},${date},F${customer}-${visit},P${product},${1 + chance(3)},${100 + product * 25}`);
      }
      day += 1 + chance(2 * pace);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A shop with these purchases, whose jobs of the night wait. */
async function shop(engine, text) {
  const data = lib.place(engine);
  await lib.addUser(data);
  const file = join(data, 'till.csv');
  writeFileSync(file, text);
  await lib.peyvand(['op', 'cost_rates.set', '-'], { data, input: '{"rates": [{"item": "goods", "amount": "60"}]}' });
  await lib.peyvand(['import', 'purchases', file, '--calendar', 'gregorian'], { data });
  for (const job of ['facts.rebuild', 'insight.refresh', 'profits.refresh']) await lib.peyvand(['op', job], { data });
  return data;
}

/** Without ids and moments, which are other ones in every shop. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (!value || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !/(^|_)id$|_at$|^next$|^input_hash$|^run$/.test(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}

/** All that the jobs come to. */
async function come(data) {
  const op = async (...args) => JSON.parse(await lib.peyvand(['op', ...args], { data }));
  const customers = await op('parties.list', 'sort=worth', 'desc=true', 'limit=200');
  return {
    fits: (await op('insight.current')).map(({ kind, model, quality, refusal, customers }) => ({ kind, model, quality, refusal, customers })),
    rfm: plain((await op('insight.rfm')).cells),
    customers: plain(customers.items).map(({ name, purchases, spent_minor, p_active, value_12m_minor, recency, frequency, value }) => ({ name, purchases, spent_minor, p_active, value_12m_minor, recency, frequency, value })),
    cohorts: plain(await op('insight.cohorts')),
    pairs: plain(await op('insight.products', 'by=certainty', 'limit=200')),
    sales: plain(await op('insight.abc', 'span=all', 'limit=200')),
    baskets: plain(await op('insight.baskets', 'by=certainty', 'limit=200')),
    profits: plain((await op('profits.list', 'limit=200')).items),
    whale: plain((await op('profits.summary')).whale),
    moves: plain(await op('profits.moves')),
  };
}

const isWhole = (found) =>
  found.fits.length === 5 && found.cohorts.cohorts.length > 3 && found.pairs.items.length > 0 && found.sales.items.length === 40 &&
  found.baskets.items.length > 0 && found.profits.length === 200 && found.moves.months.length === 7;

/** Waits until the jobs have come to their end: they have come to all there is, and nothing changes any more. */
async function settled(data, isEnough) {
  const until = Date.now() + TAKEN_OVER_MS;
  for (let last = ''; ; ) {
    await wait(1_500);
    const found = await come(data);
    const text = JSON.stringify(found);
    if (isEnough(found) && text === last) return found;
    if (Date.now() > until) return found;
    last = text;
  }
}

for (const engine of lib.ENGINES) {
  test(`jobs of the night that were killed come to the same (${engine})`, async () => {
    const text = till();
    const calm = await shop(engine, text);
    let server = await lib.serve(calm);
    const known = await settled(calm, isWhole);
    await server.stop();
    assert.ok(isWhole(known), `the jobs of an undisturbed night: ${JSON.stringify(known).slice(0, 2_000)}`);

    const rough = await shop(engine, text);
    for (const life of LIVES_MS) {
      server = await lib.serve(rough);
      await wait(life);
      await server.kill();
    }
    assert.notDeepEqual(await come(rough), known, 'the jobs were over before the servers were killed: make the file longer');
    server = await lib.serve(rough);
    const found = await settled(rough, (found) => isWhole(found) && JSON.stringify(found) === JSON.stringify(known));
    await server.stop();
    for (const part of Object.keys(known)) assert.deepEqual(found[part], known[part], part);
  });
}
