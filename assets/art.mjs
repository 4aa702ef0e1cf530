// Drawings made from numbers, so that they need no image file.

/** The mark: two links of a chain that meet. `ground` and `line` are CSS colours. */
export const logo = ({ ground, line }) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="${ground}"/>` +
  `<path d="M13.2 18.8a4.6 4.6 0 0 1-6.5 0 4.6 4.6 0 0 1 0-6.5 4.6 4.6 0 0 1 6.5 0l5.6 7.4a4.6 4.6 0 0 0 6.5 0 4.6 4.6 0 0 0 0-6.5 4.6 4.6 0 0 0-6.5 0" fill="none" stroke="${line}" stroke-width="2.6" stroke-linecap="round"/></svg>`;

/** Girih-like lattice for the sign-in page: twelve-fold stars on a triangular grid, light lines on nothing. */
export function girih() {
  const side = 150,
    height = side * Math.sqrt(3);
  const star = (x, y) =>
    Array.from({ length: 12 }, (_, k) => {
      const at = (n) =>
        `${(x + (side / 2) * Math.cos((n * Math.PI) / 6)).toFixed(1)} ${(y + (side / 2) * Math.sin((n * Math.PI) / 6)).toFixed(1)}`;
      return `M${at(k)}L${at(k + 5)}`;
    }).join('');
  const tile = [
    [0, 0],
    [side, 0],
    [side / 2, height / 2],
    [0, height],
    [side, height],
  ]
    .map(([x, y]) => star(x, y))
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 900" preserveAspectRatio="xMidYMid slice"><defs>` +
    `<radialGradient id="g" cx=".72" cy=".2" r="1"><stop offset="0" stop-color="#2f9c9e" stop-opacity=".85"/><stop offset=".55" stop-color="#0a4c5c" stop-opacity=".3"/><stop offset="1" stop-color="#082634" stop-opacity="0"/></radialGradient>` +
    `<linearGradient id="m" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".5"/><stop offset=".62" stop-color="#fff" stop-opacity=".1"/><stop offset="1" stop-color="#fff" stop-opacity=".02"/></linearGradient>` +
    `<mask id="k"><rect width="760" height="900" fill="url(#m)"/></mask>` +
    `<pattern id="p" width="${side}" height="${height.toFixed(2)}" patternUnits="userSpaceOnUse"><path d="${tile}" fill="none" stroke="#cdf0ee"/></pattern></defs>` +
    `<rect width="760" height="900" fill="url(#g)"/><rect width="760" height="900" fill="url(#p)" mask="url(#k)"/></svg>\n`
  );
}
