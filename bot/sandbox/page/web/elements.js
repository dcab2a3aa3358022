// The interactive elements of Block Kit: buttons, menus, pickers and inputs.
//
// A place is where blocks stand: {press(action) -> Promise, inputs (a Map of what is entered, by block and action), note(text),
// modal (inputs are collected and sent with the whole)}. An element that is pressed shows that it waits until the app has
// acknowledged it; what went wrong is noted where it was pressed.

import { fragment, h, icon, safeURL, spinner } from './dom.js';
import { withEmoji } from './emoji.js';
import { closeMenu, confirm, menu, popover, steps } from './menu.js';
import { mrkdwn, names } from './mrkdwn.js';

// textOf renders a text object, plain or mrkdwn.
export function textOf(t) {
  if (typeof t === 'string') return document.createTextNode(t);
  if (!t || typeof t !== 'object') return document.createTextNode('');
  if (t.type === 'mrkdwn') return mrkdwn(t.text);
  const s = String(t.text ?? '');
  const out = [];
  s.split('\n').forEach((x, i) => { if (i) out.push(h('br', {})); out.push(t.emoji === false ? x : withEmoji(x)); });
  return fragment(out);
}
export const wordsOf = (t) => (typeof t === 'string' ? t : String((t && t.text) ?? ''));

async function agreed(ask) {
  if (!ask) return true;
  return confirm({ title: wordsOf(ask.title) || 'Are you sure?', text: textOf(ask.text), yes: wordsOf(ask.confirm), no: wordsOf(ask.deny), danger: ask.style === 'danger' });
}

// send presses an element: el is busy until the app has acknowledged. It says whether that went well.
export async function send(place, el, block, e, what) {
  if (el.getAttribute('aria-busy') === 'true') return false;
  if (!(await agreed(e.confirm))) return false;
  const ring = spinner();
  el.setAttribute('aria-busy', 'true');
  el.append(ring);
  if (place.note) place.note('');
  try {
    await place.press({ block_id: block.block_id, action_id: e.action_id, type: e.type, ...what });
    return true;
  } catch (err) {
    if (place.note) place.note(err.message);
    return false;
  } finally {
    el.removeAttribute('aria-busy');
    ring.remove();
  }
}

const marks = (block, e) => ({ actionId: e.action_id, blockId: block.block_id, element: e.type });
const keyOf = (block, e) => (block.block_id || '') + '\n' + (e.action_id || '');

// collect keeps a way to read what an element holds; undefined means that nothing was touched.
function collect(place, block, e, read, focus) {
  if (place.inputs) place.inputs.set(keyOf(block, e), { block_id: block.block_id, action_id: e.action_id, read, focus });
}

// dispatches tells whether a change is sent at once: always outside of input blocks, and in them when they ask for it.
const dispatches = (block, e, event) => (block.type === 'input' ? block.dispatch_action === true && (!event || (e.dispatch_action_config?.trigger_actions_on || ['on_enter_pressed']).includes(event)) : true);

function button(place, block, e) {
  const cls = 'btn' + (e.style === 'primary' ? ' primary' : e.style === 'danger' ? ' danger' : '');
  const label = e.accessibility_label || null;
  const url = safeURL(e.url);
  if (url) {
    return h('a', { class: cls, href: url, target: '_blank', rel: 'noopener noreferrer', 'aria-label': label, dataset: marks(block, e),
      on: { click: () => { if (e.action_id) place.press({ block_id: block.block_id, action_id: e.action_id, type: 'button', value: e.value }).catch(() => {}); } } },
    textOf(e.text), icon('open'));
  }
  const el = h('button', { type: 'button', class: cls, 'aria-label': label, dataset: { ...marks(block, e), value: e.value } }, h('span', { class: 'btn-words' }, textOf(e.text)));
  el.addEventListener('click', () => send(place, el, block, e, { value: e.value }));
  return el;
}

function iconButton(place, block, e) {
  const label = e.accessibility_label || wordsOf(e.text) || e.icon || 'button';
  const el = h('button', { type: 'button', class: 'icon-btn', 'aria-label': label, title: wordsOf(e.text) || null, dataset: { ...marks(block, e), value: e.value } }, icon(e.icon === 'trash' ? 'trash' : 'more'));
  el.addEventListener('click', () => send(place, el, block, e, { value: e.value }));
  return el;
}

function feedback(place, block, e) {
  const both = [];
  const one = (b, name) => {
    const el = h('button', { type: 'button', class: 'icon-btn', title: wordsOf(b.text), 'aria-label': b.accessibility_label || wordsOf(b.text), 'aria-pressed': 'false',
      dataset: { ...marks(block, e), value: b.value } }, icon(name));
    el.addEventListener('click', async () => {
      if (await send(place, el, block, e, { value: b.value })) for (const x of both) x.setAttribute('aria-pressed', String(x === el));
    });
    both.push(el);
    return el;
  };
  return h('span', { class: 'feedback', role: 'group' },
    e.positive_button ? one(e.positive_button, 'up') : null, e.negative_button ? one(e.negative_button, 'thumbdown') : null);
}

function overflow(place, block, e) {
  const el = h('button', { type: 'button', class: 'btn overflow', 'aria-label': 'More actions', 'aria-haspopup': 'menu', 'aria-expanded': 'false', dataset: marks(block, e) }, icon('more'));
  el.addEventListener('click', () => menu(el, (e.options || []).map((o) => ({
    node: h('span', { class: 'menu-words' }, h('span', {}, textOf(o.text)), o.description ? h('small', {}, textOf(o.description)) : null),
    dataset: { option: o.value },
    run: () => {
      if (safeURL(o.url)) window.open(safeURL(o.url), '_blank', 'noopener');
      send(place, el, block, e, { selected: o.value });
    },
  })), { label: 'More actions', align: 'end' }));
  return el;
}

// choices flattens what a select offers to [{value, text, description, group}].
function choices(e) {
  const own = (list, group) => (list || []).map((o) => ({ value: o.value, text: o.text, description: o.description, group }));
  if (/users_select$/.test(e.type)) return names.people().map((u) => ({ value: u.id, text: u.name }));
  if (/(channels|conversations)_select$/.test(e.type)) return names.places().map((c) => ({ value: c.id, text: (c.hash ? '# ' : '') + c.name }));
  if (Array.isArray(e.option_groups)) return e.option_groups.flatMap((g) => own(g.options, wordsOf(g.label)));
  return own(e.options);
}

function initially(e) {
  const many = e.initial_options || e.initial_users || e.initial_channels || e.initial_conversations;
  if (Array.isArray(many)) return many.map((x) => (typeof x === 'string' ? x : x.value));
  const one = e.initial_option || e.initial_user || e.initial_channel || e.initial_conversation;
  return one ? [typeof one === 'string' ? one : one.value] : [];
}

let serial = 0;

// select is a button that opens a list; one choice closes it, a multi select keeps it open and shows chips.
function select(place, block, e) {
  const multi = e.type.startsWith('multi_');
  const all = choices(e);
  let chosen = initially(e), touched = false;
  const words = h('span', { class: 'select-words' });
  const el = h('button', { type: 'button', class: 'select' + (multi ? ' multi' : ''), 'aria-haspopup': 'listbox', 'aria-expanded': 'false', dataset: marks(block, e) }, words, icon('down'));
  const named = (v) => all.find((o) => o.value === v)?.text ?? v;
  const show = () => {
    words.replaceChildren();
    words.classList.toggle('placeholder', !chosen.length);
    if (!chosen.length) words.append(textOf(e.placeholder || 'Choose'));
    else if (!multi) words.append(textOf(named(chosen[0])));
    else for (const v of chosen) words.append(h('span', { class: 'chip' }, textOf(named(v))));
  };
  show();
  collect(place, block, e, () => (touched ? (multi ? chosen : chosen[0] ?? '') : undefined), () => el.focus());
  const sent = () => { if (!(place.modal && block.type === 'input' && !block.dispatch_action)) send(place, el, block, e, { selected: multi ? chosen : chosen[0] }); };
  el.addEventListener('click', () => {
    const before = chosen.join('\n');
    const id = 'list-' + ++serial;
    const list = h('div', { class: 'options', role: 'listbox', id, 'aria-multiselectable': multi || null });
    const pop = h('div', { class: 'picker' });
    let group = null;
    for (const o of all) {
      if (o.group && o.group !== group) list.append(h('div', { class: 'menu-title' }, (group = o.group)));
      const item = h('button', { type: 'button', class: 'option', role: 'option', tabindex: '-1', 'aria-selected': String(chosen.includes(o.value)), dataset: { option: o.value } },
        h('span', { class: 'menu-words' }, h('span', {}, textOf(o.text)), o.description ? h('small', {}, textOf(o.description)) : null), icon('check', 'tick'));
      item.addEventListener('click', async () => {
        touched = true;
        if (multi) {
          const max = Number(e.max_selected_items) || Infinity;
          if (chosen.includes(o.value)) chosen = chosen.filter((v) => v !== o.value);
          else if (chosen.length < max) chosen = [...chosen, o.value];
          item.setAttribute('aria-selected', String(chosen.includes(o.value)));
          show();
          return;
        }
        chosen = [o.value];
        show();
        closeMenu(true);
        sent();
      });
      list.append(item);
    }
    if (!all.length) list.append(h('div', { class: 'menu-title' }, e.type.includes('external') ? 'The app offers nothing to choose here' : 'Nothing to choose'));
    if (all.length > 8) {
      const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Type to filter', 'aria-label': 'Filter the choices', 'aria-controls': id });
      filter.addEventListener('input', () => {
        const q = filter.value.trim().toLowerCase();
        for (const o of list.querySelectorAll('.option')) o.hidden = q !== '' && !o.textContent.toLowerCase().includes(q);
      });
      filter.addEventListener('keydown', (k) => {
        if (k.key === 'Enter') { k.preventDefault(); list.querySelector('.option:not([hidden])')?.click(); }
      });
      pop.append(filter);
    }
    pop.append(list);
    pop.addEventListener('keydown', (k) => steps(k, list.querySelectorAll('.option')));
    pop.style.minWidth = Math.max(180, el.getBoundingClientRect().width) + 'px';
    if (!popover(el, pop, { done: () => { if (multi && chosen.join('\n') !== before) sent(); } })) return;
    (pop.querySelector('.filter') || list.querySelector('[aria-selected=true]') || list.querySelector('.option'))?.focus();
  });
  return el;
}

// native wraps the browser's own control for a date, a time or text.
function native(place, block, e, type, first, extra) {
  const el = h('input', { type, class: 'field', value: first ?? '', placeholder: wordsOf(e.placeholder) || null, 'aria-label': wordsOf(e.placeholder) || wordsOf(block.label) || e.type,
    dataset: marks(block, e), ...extra });
  let touched = false;
  el.addEventListener('input', () => { touched = true; });
  collect(place, block, e, () => (touched ? el.value : undefined), () => el.focus());
  return [el, () => { touched = true; }];
}

function dated(place, block, e, type, first) {
  const [el] = native(place, block, e, type, first);
  const wrap = h('span', { class: 'field-wrap' }, el);
  el.addEventListener('change', () => {
    if (el.value && !(place.modal && block.type === 'input' && !block.dispatch_action)) send(place, wrap, block, e, { selected: e.type === 'datetimepicker' ? String(Math.floor(new Date(el.value) / 1000)) : el.value });
  });
  return wrap;
}

function dateTime(seconds) {
  const d = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(d.getTime())) return '';
  return new Date(d - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function ticks(place, block, e) {
  const radio = e.type === 'radio_buttons';
  const group = 'g' + ++serial;
  const first = radio ? (e.initial_option ? [e.initial_option.value] : []) : (e.initial_options || []).map((o) => o.value);
  let touched = false;
  const el = h('span', { class: 'ticks', role: radio ? 'radiogroup' : 'group', dataset: marks(block, e), 'aria-label': wordsOf(block.label) || null });
  const values = () => [...el.querySelectorAll('input:checked')].map((i) => i.value);
  for (const o of e.options || []) {
    const box = h('input', { type: radio ? 'radio' : 'checkbox', name: group, value: o.value ?? '', checked: first.includes(o.value) });
    box.addEventListener('change', () => {
      touched = true;
      if (!(place.modal && block.type === 'input' && !block.dispatch_action)) send(place, el, block, e, { selected: radio ? values()[0] : values() });
    });
    el.append(h('label', { class: 'tick' }, box, h('span', {}, textOf(o.text), o.description ? h('small', {}, textOf(o.description)) : null)));
  }
  collect(place, block, e, () => (touched ? (radio ? values()[0] ?? '' : values()) : undefined), () => el.querySelector('input')?.focus());
  return el;
}

function textInput(place, block, e) {
  const limits = { minlength: e.min_length || null, maxlength: e.max_length || null };
  if (e.type === 'plain_text_input' && e.multiline) {
    let touched = false;
    const el = h('textarea', { class: 'field area', rows: '4', placeholder: wordsOf(e.placeholder) || null, 'aria-label': wordsOf(block.label) || 'text', dataset: marks(block, e), ...limits });
    el.value = e.initial_value || '';
    el.addEventListener('input', () => { touched = true; });
    collect(place, block, e, () => (touched ? el.value : undefined), () => el.focus());
    return el;
  }
  const type = { email_text_input: 'email', url_text_input: 'url', number_input: 'number' }[e.type] || 'text';
  const extra = type === 'number' ? { min: e.min_value ?? null, max: e.max_value ?? null, step: e.is_decimal_allowed ? 'any' : '1', inputmode: 'decimal' } : limits;
  const [el] = native(place, block, e, type, e.initial_value, extra);
  el.addEventListener('keydown', (k) => {
    if (k.key !== 'Enter' || block.dispatch_action !== true || !dispatches(block, e, 'on_enter_pressed')) return;
    k.preventDefault();
    send(place, el.parentElement, block, e, { value: el.value, selected: el.value });
  });
  return el;
}

function richInput(place, block, e) {
  let touched = false;
  const plain = (x) => (x && typeof x === 'object' ? (x.text || '') + (x.elements || []).map(plain).join('') : '');
  const el = h('textarea', { class: 'field area', rows: '4', placeholder: wordsOf(e.placeholder) || null, 'aria-label': wordsOf(block.label) || 'text', dataset: marks(block, e) });
  el.value = plain(e.initial_value);
  el.addEventListener('input', () => { touched = true; });
  const value = () => ({ type: 'rich_text_input', rich_text_value: { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: el.value }] }] } });
  collect(place, block, e, () => (!touched ? undefined : el.value === '' ? '' : value()), () => el.focus());
  return el;
}

// element renders one interactive element; null for a type it does not know.
export function element(place, block, e) {
  if (!e || typeof e !== 'object') return null;
  switch (e.type) {
    case 'button': return button(place, block, e);
    case 'workflow_button': return button({ ...place, press: () => Promise.reject(new Error('Workflows do not run in this workspace')) }, block, e);
    case 'icon_button': return iconButton(place, block, e);
    case 'feedback_buttons': return feedback(place, block, e);
    case 'overflow': return overflow(place, block, e);
    case 'static_select': case 'external_select': case 'users_select': case 'channels_select': case 'conversations_select':
    case 'multi_static_select': case 'multi_external_select': case 'multi_users_select': case 'multi_channels_select': case 'multi_conversations_select':
      return select(place, block, e);
    case 'datepicker': return dated(place, block, e, 'date', e.initial_date);
    case 'timepicker': return dated(place, block, e, 'time', e.initial_time);
    case 'datetimepicker': return dated(place, block, e, 'datetime-local', dateTime(e.initial_date_time));
    case 'radio_buttons': case 'checkboxes': return ticks(place, block, e);
    case 'plain_text_input': case 'email_text_input': case 'url_text_input': case 'number_input': return textInput(place, block, e);
    case 'rich_text_input': return richInput(place, block, e);
    case 'file_input': return h('span', { class: 'muted', dataset: marks(block, e) }, 'Files cannot be attached in this workspace.');
    default: return null;
  }
}
