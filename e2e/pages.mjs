// Every page of the program, for the pictures and for the accessibility walk.
//
// `path` may use what `places` finds. `signedOut` pages are seen without an account, `empty` ones on an empty database.
// `press` names something to do before looking, such as opening a dialog.
export const PAGES = [
  { name: 'set-up', path: () => '/', empty: true, signedOut: true },
  { name: 'sign-in', path: () => '/sign-in', signedOut: true },
  { name: 'today', path: () => '/today' },
  { name: 'parties', path: () => '/parties' },
  { name: 'parties-new', path: () => '/parties/new' },
  { name: 'party', path: ({ party }) => `/parties/${party}` },
  { name: 'follow-ups', path: () => '/follow-ups' },
  { name: 'imports', path: () => '/imports' },
  { name: 'interactions-new', path: ({ party }) => `/interactions/new?party=${party}` },
  { name: 'notifications', path: () => '/notifications' },
  { name: 'settings', path: () => '/settings' },
  ...['security', 'organisation', 'people', 'people/new', 'units', 'posts', 'posts/new', 'words', 'readiness', 'history'].map((page) => ({
    name: `settings-${page.replace('/', '-')}`,
    path: () => `/settings/${page}`,
  })),
  { name: 'palette', path: () => '/today', press: async (page) => { await page.keyboard.press('Control+k'); await page.waitForTimeout(400); } },
  { name: 'not-found', path: () => '/no-such-page', status: 404 },
];

/** Ids that the addresses of PAGES need. */
export async function places(call) {
  const busiest = await call('GET', '/parties?limit=1&sort=-spent').catch(() => call('GET', '/parties?limit=1'));
  return { party: busiest.items[0]?.id };
}
