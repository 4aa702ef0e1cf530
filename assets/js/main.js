// Everything here makes a page that already works quicker to use. Nothing renders: the server does.
import 'htmx.org';
import './date.js';
import './dialog.js';
import './draft.js';
import './live.js';
import './menu.js';
import './palette.js';
import './select.js';
import './shortcuts.js';
import './small.js';
import './toasts.js';
import './upload.js';
