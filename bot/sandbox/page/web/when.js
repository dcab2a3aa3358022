// Times: a message's ts is seconds and a counter; days are the reader's own.

let clock = () => Date.now();

// setNow fixes the page's idea of now to the workspace's clock, which a demo may hold on another day.
export function setNow(ms) {
  const began = Date.now();
  clock = () => ms + (Date.now() - began);
}
export const now = () => clock();

export const fromTS = (ts) => new Date(Number.parseFloat(ts) * 1000);

const format = (options) => {
  const f = new Intl.DateTimeFormat('en-GB', options);
  return (d) => (Number.isNaN(d.getTime()) ? '' : f.format(d));
};
export const clockTime = format({ hour: '2-digit', minute: '2-digit' });
const dayShort = format({ day: 'numeric', month: 'short' });
const dayLong = format({ weekday: 'long', day: 'numeric', month: 'long' });
const dayYear = format({ day: 'numeric', month: 'long', year: 'numeric' });
export const full = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const dayKey = (d) => d.getFullYear() * 10000 + (d.getMonth() + 1) * 100 + d.getDate();

function daysAgo(d) {
  const a = new Date(now()), b = new Date(d);
  return Math.round((a.setHours(12, 0, 0, 0) - b.setHours(12, 0, 0, 0)) / 86400000);
}

// day names a day as people do: Today, Yesterday, Friday 20 November, and with the year when it is long ago.
export function day(d) {
  const n = daysAgo(d);
  if (n === 0) return 'Today';
  if (n === 1) return 'Yesterday';
  return n > 300 || n < -60 ? dayYear(d) : dayLong(d);
}

// ago is for "last reply": the time today, else the day.
export function ago(d) {
  const n = daysAgo(d);
  if (n === 0) return 'today at ' + clockTime(d);
  if (n === 1) return 'yesterday at ' + clockTime(d);
  return dayShort(d) + ' at ' + clockTime(d);
}

// token writes one {date...} token of <!date^...>.
const tokens = {
  date_num: (d) => d.toISOString().slice(0, 10),
  date_slash: format({ day: '2-digit', month: '2-digit', year: 'numeric' }),
  date: dayYear,
  date_short: format({ day: 'numeric', month: 'short', year: 'numeric' }),
  date_long: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
  date_pretty: (d) => named(d, dayYear),
  date_short_pretty: (d) => named(d, tokens.date_short),
  date_long_pretty: (d) => named(d, tokens.date_long),
  day_divider_pretty: (d) => named(d, dayLong),
  time: clockTime,
  time_secs: format({ hour: '2-digit', minute: '2-digit', second: '2-digit' }),
  ago: (d) => {
    const m = Math.round((now() - d) / 60000), a = Math.abs(m);
    const [n, unit] = a < 60 ? [a, 'minute'] : a < 1440 ? [Math.round(a / 60), 'hour'] : [Math.round(a / 1440), 'day'];
    const words = n + ' ' + unit + (n === 1 ? '' : 's');
    return m >= 0 ? words + ' ago' : 'in ' + words;
  },
};
const named = (d, other) => { const n = daysAgo(d); return n === 0 ? 'today' : n === 1 ? 'yesterday' : n === -1 ? 'tomorrow' : other(d); };

// pattern fills a <!date^seconds^pattern|fallback>; a time that cannot be shown gives the fallback.
export function pattern(seconds, text, fallback) {
  const d = new Date(Number(seconds) * 1000);
  if (!/^-?\d{1,12}$/.test(String(seconds)) || Number.isNaN(d.getTime())) return fallback;
  return text.replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(tokens, name) ? tokens[name](d) : all));
}
