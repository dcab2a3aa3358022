// The page itself: the frame around sidebar, channel and thread, and what is drawn again when something changes.

import { h, icon } from './dom.js';
import { updateModal } from './modal.js';
import { mainPane, threadPane } from './panes.js';
import { switcher } from './people.js';
import { sidebar } from './sidebar.js';
import { start, store, subscribe } from './store.js';

const app = document.getElementById('app');
const side = sidebar(), main = mainPane(), thread = threadPane(), person = switcher();
const burger = h('button', { type: 'button', class: 'icon-btn burger', 'aria-label': 'Channels', 'aria-expanded': 'false', 'aria-controls': 'sidebar' }, icon('menu'));
const brand = h('div', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: '26', height: '26' }), h('strong', {}), h('span', { class: 'pill' }, 'sandbox'));
const banner = h('div', { class: 'banner', role: 'status', hidden: true });
const scrim = h('div', { class: 'scrim' });

function drawer(open) {
  app.classList.toggle('drawer', open);
  burger.setAttribute('aria-expanded', String(open));
  if (open) side.el.querySelector('a')?.focus();
}
burger.addEventListener('click', () => drawer(!app.classList.contains('drawer')));
scrim.addEventListener('click', () => drawer(false));
side.el.addEventListener('click', (e) => { if (e.target.closest('a, button')) drawer(false); });
side.el.addEventListener('keydown', (e) => { if (e.key === 'Escape' && app.classList.contains('drawer')) { drawer(false); burger.focus(); } });

function frame() {
  brand.querySelector('strong').textContent = store.team.name || 'Mayfly';
  const unread = store.channels.reduce((n, c) => n + (c.unread || 0), 0);
  document.title = (unread ? '(' + unread + ') ' : '') + (store.team.name || 'Mayfly') + ' workspace · sandbox';
  app.classList.toggle('with-thread', !!store.route.thread);
  const lost = !store.online ? 'The connection to the workspace was lost. Trying again…' : !store.me && store.failed ? store.failed : '';
  banner.hidden = !lost;
  banner.textContent = lost;
  burger.classList.toggle('has-unread', unread > 0);
}

subscribe((what) => {
  frame();
  if (what === 'modal') { updateModal(); return; }
  side.update();
  person.update();
  if (what !== 'thread') main.update();
  if (what !== 'channel' && what !== 'home') thread.update();
  if (what === 'route') updateModal();
});

app.replaceChildren(h('header', { class: 'topbar' }, burger, brand, h('div', { class: 'grow' }), person.el), banner, h('div', { class: 'frame' }, side.el, scrim, main.el, thread.el));
app.removeAttribute('aria-busy');
thread.el.hidden = true;

document.addEventListener('keydown', (e) => {
  if (e.key === '/' && e.target === document.body) { e.preventDefault(); document.querySelector('#compose-main')?.focus(); }
});

start();
