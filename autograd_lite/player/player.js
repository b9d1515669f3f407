"use strict";
(() => {
const D = JSON.parse(document.getElementById("tape").textContent);
<!-- ops -->
const $ = id => document.getElementById(id);
const real = x => typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x;
const [NODES, LINES, INNER] = [D.nodes, D.lines, D.inner];
const leaves = NODES.flatMap(([op], i) => op ? [] : [i]);
const ROOT = LINES[D.root][0], X = { forward: leaves[0], reverse: ROOT };
let V = [], P = [], C = [], ADJ = [], TAN = [], REACHED = [];

// --- numbers: the tape again, by the table's functions and rules ---
const operand = a => a < 0 ? C[-1 - a] : V[a];
function evaluate() {
  NODES.forEach(([op, args], i) => {
    if (!op) return;
    const x = args.map(operand);
    V[i] = OPS[op][0](...x);
    P[i] = OPS[op][1](V[i], ...x);
  });
}
function sweep() {
  ADJ = V.map(() => 0);
  ADJ[ROOT] = 1;
  for (let i = NODES.length; i--;) NODES[i][1].forEach((a, k) => { if (a >= 0) ADJ[a] += ADJ[i] * P[i][k]; });
  REACHED = [];
  TAN = [];
  NODES.forEach(([op, args], i) => {
    REACHED[i] = i === X.forward || args.some(a => a >= 0 && REACHED[a]);
    TAN[i] = i === X.forward ? 1 : args.reduce((t, a, k) => a >= 0 && REACHED[a] ? t + P[i][k] * TAN[a] : t, 0);
  });
}
function load(k) {
  const f = D.frames[k];
  C = f.c.map(real);
  V = f.v ? f.v.map(real) : V.slice();
  leaves.forEach((n, j) => { V[n] = real(f.l[j]); });
  if (f.p) P = f.p.map(row => row.map(real)); else evaluate();
  sweep();
}

// --- words ---
const el = (tag, cls, ...kids) => { const e = document.createElement(tag); if (cls) e.className = cls; e.append(...kids); return e; };
const TAGS = { var: "i", sub: "sub", sup: "sup" };
const word = runs => runs.map(([kind, text]) => TAGS[kind] ? el(TAGS[kind], "", text) : text);
const about = NODES.map(() => null);
LINES.forEach((l, k) => { about[l[0]] = { name: l[3], expr: l[4], line: k }; });
for (const n in INNER) about[n] = { name: INNER[n][0], expr: INNER[n][1], line: -1 };
const name = n => el("span", "name", ...word(about[n].name));
const said = n => about[n].name.map(r => r[1]).join("");
function fmt(x, digits = 4) {
  if (x != x) return "nan";
  if (Math.abs(x) === Infinity) return x > 0 ? "inf" : "−inf";
  const r = +x.toPrecision(digits), a = Math.abs(r);
  if (!a || a >= 1e-4 && a < 10 ** digits) return String(r).replace("-", "−");
  const [m, e] = r.toExponential().split("e");
  return (m + "e" + e[0] + e.slice(1).padStart(2, "0")).replaceAll("-", "−");
}
const num = (x, cls, bare) => { const b = el("b", cls, fmt(x)); b.title = String(x); return bare || !(x < 0) ? b : el("span", "", "(", b, ")"); };
const d = (a, b) => el("span", "d", el("span", "", "∂", name(a)), el("span", "bar", "/"), el("span", "", "∂", name(b)));
const partial = way => { let p = 1; for (let i = 0; i < way.length; i += 2) p *= P[way[i]][way[i + 1]]; return p; };
function expression(n, numbers) {
  const e = about[n].expr;
  return e.flatMap((r, i) => {
    if (typeof r !== "number") return word([r]);
    const last = e[i + 1];
    return [numbers ? num(V[r], "v", i === 0 && !(last && last[0] === "sup")) : name(r)];
  });
}

// --- steps ---
const tree = LINES.map(([n, , , , , , links]) => [...new Set([n, ...links.flatMap(l => l[1].flatMap(w => w.filter((x, i) => i % 2 === 0)))])].sort((a, b) => a - b));
const users = LINES.map(() => []);
LINES.forEach((l, k) => l[6].forEach(([o, ways, edges, row]) => ways.forEach((way, j) => users[o].push({ line: k, way, edge: edges[j], row }))));
const open = new Set(), at = { reverse: 0, forward: 0 };
let mode = "reverse", steps = [], plans = {};
function plan(which) {
  const list = [{ t: "start" }], inner = LINES.map((l, k) => k).filter(k => NODES[LINES[k][0]][0]);
  const each = f => inner.forEach(k => (open.has(k) ? tree[k] : [LINES[k][0]]).forEach(n => f(k, n)));
  if (which === "forward") {
    list.push({ t: "seed", n: X.forward });
    each((k, n) => list.push({ t: "t", k, n }));
    return [...list, { t: "end" }];
  }
  each((k, n) => list.push({ t: "f", k, n }));
  list.push({ t: "seed", n: ROOT });
  const one = [], two = [];
  const put = s => (NODES[s.to][0] || leaves.length < 2 ? one : two).push({ t: "b", ...s });
  for (const k of inner.toReversed ? inner.toReversed() : inner.slice().reverse()) {
    const ends = LINES[k][6].flatMap(([o, ways, edges, row]) => ways.map((way, j) => ({ way, k, to: LINES[o][0], edge: edges[j], row, n: LINES[k][0], of: ways.length, j })));
    if (!open.has(k)) ends.forEach(put);
    else tree[k].slice().reverse().forEach(n => NODES[n][1].forEach((to, i) => {
      if (to < 0) return;
      const end = ends.find(e => e.way.at(-2) === n && e.way.at(-1) === i) || { row: -1 };
      put({ k, n, to, way: [n, i], edge: end.edge, row: end.row, of: NODES[n][1].filter(a => a === to).length, j: NODES[n][1].slice(0, i).filter(a => a === to).length });
    }));
  }
  const mark = (l, pass) => l.map(s => ({ ...s, pass }));
  return [...list, ...(two.length ? [...mark(one, 1), ...mark(two, 2)] : mark(one, 0)), { t: "end" }];
}
function replan() { plans = { reverse: plan("reverse"), forward: plan("forward") }; steps = plans[mode]; }
const layer = s => s.k === undefined ? -1 : LINES[s.k][5];
function key(s, i) {
  const stride = drill ? "term" : $("stride").value;
  if (stride === "term" || s.k === undefined || stride === "layer" && layer(s) < 0) return i;
  return stride === "card" ? s.t + s.n + (s.t === "b" ? ":" + s.pass : "") : s.t + layer(s) + ":" + s.pass;
}
const stops = () => { const keys = steps.map(key); return steps.map((s, i) => i).filter(i => keys[i] !== keys[i + 1] || i === steps.length - 1); };
function known(list, upto) {
  const s = { shown: new Set(leaves), grads: new Map(), pairs: new Set(), tan: new Set() };
  for (let i = 0; i <= upto; i++) {
    const p = list[i], used = (n, k) => s.pairs.add(n + ":" + k);
    if (p.t === "f" || p.t === "t") {
      const nodes = open.has(p.k) ? [p.n] : tree[p.k];
      nodes.forEach(n => { s.shown.add(n); if (p.t === "t") { s.tan.add(n); NODES[n][1].forEach((a, k) => a >= 0 && REACHED[a] && used(n, k)); } });
    } else if (p.t === "seed") (mode === "forward" && p.n === X.forward ? s.tan.add(p.n) : s.grads.set(p.n, 1));
    else if (p.t === "b") {
      const term = partial(p.way) * ADJ[p.n];
      s.grads.set(p.to, s.grads.has(p.to) ? s.grads.get(p.to) + term : term);
      for (let j = 0; j < p.way.length; j += 2) used(p.way[j], p.way[j + 1]);
    }
  }
  return s;
}
function sentence(s, before, hide) {
  const q = "?", out = [], grad = (x, bare) => num(x, "g", bare);
  const value = n => [name(n), " = ", ...expression(n), " = ", ...(about[n].expr.length > 1 ? [...expression(n, true), " = "] : []), hide ? q : num(V[n], "v", true)];
  if (s.t === "start") out.push(el("div", "", mode === "forward" ? "Forward mode carries every value and its derivative with respect to " : "The values go forward, then the derivatives of ", name(X[mode]), mode === "forward" ? " along, from the inputs to the output." : " come back."));
  if (s.t === "f" || s.t === "t") out.push(el("div", "", ...value(s.n)));
  if (s.t === "t" && REACHED[s.n]) {
    const ways = open.has(s.k) || about[s.n].line < 0 ? NODES[s.n][1].flatMap((a, i) => a >= 0 ? [[a, [s.n, i]]] : []) : LINES[s.k][6].flatMap(([o, w]) => w.map(way => [LINES[o][0], way]));
    const live = ways.filter(([a]) => REACHED[a]), some = live.slice(0, 6);
    const sum = f => some.flatMap(([a, w], i) => [...(i ? [" + "] : []), ...f(a, w)]).concat(live.length > 6 ? [" + …"] : []);
    out.push(el("div", "", d(s.n, X.forward), " = ", ...sum((a, w) => [d(s.n, a), " · ", d(a, X.forward)]), " = ", ...sum((a, w) => [num(partial(w), "p"), " × ", grad(TAN[a])]), " = ", hide ? q : grad(TAN[s.n], true)));
  } else if (s.t === "t") out.push(el("div", "more", "does not depend on ", name(X.forward), ": the derivative is 0"));
  if (s.t === "seed") out.push(el("div", "", d(s.n, s.n), " = ", num(1, "g"), el("span", "more", mode === "forward" ? " the seed: the derivative of the chosen input" : " the seed: where the backward pass begins")));
  if (s.t === "b") {
    const p = partial(s.way), old = before.grads.get(s.to), total = (old || 0) + p * ADJ[s.n];
    out.push(el("div", "", d(ROOT, s.to), " += ", d(s.n, s.to), " · ", d(ROOT, s.n), " = ", num(p, "p"), " × ", grad(ADJ[s.n]), " = ", hide ? q : grad(p * ADJ[s.n], true)));
    const rest = s.of > 1 ? ` (way ${s.j + 1} of ${s.of})` : "";
    if (old !== undefined) out.push(el("div", "more", "sum so far: ", grad(old), " + ", hide ? q : grad(p * ADJ[s.n]), " = ", hide ? q : grad(total, true), rest));
    else out.push(el("div", "more", "sum so far: ", hide ? q : grad(total, true), rest));
  }
  if (s.t === "end") out.push(mode === "forward" ? el("div", "", d(ROOT, X.forward), " = ", grad(TAN[ROOT], true), el("span", "more", " one sweep, one derivative")) : el("div", "", name(ROOT), " = ", num(V[ROOT], "v", true), el("span", "more", ` one sweep back, ${leaves.length} derivative${leaves.length > 1 ? "s" : ""}`)));
  return out;
}
function phase(s) {
  const where = layer(s) >= 0 ? " · " + D.clusters[layer(s)] : "", inside = s.k !== undefined && s.n !== LINES[s.k][0] && about[s.n].line < 0 ? " · inside " + said(LINES[s.k][0]) : "";
  const what = { start: "Start", f: "Forward pass", t: "Forward mode", seed: "Seed", b: "Backward pass" + (s.pass ? " #" + s.pass + (s.pass === 1 ? ": the intermediate quantities" : ": the inputs and parameters") : ""), end: "Done" }[s.t];
  return what + where + inside;
}
const answer = s => s.t === "f" ? V[s.n] : s.t === "t" ? (REACHED[s.n] ? TAN[s.n] : V[s.n]) : partial(s.way) * ADJ[s.n];

// --- the picture ---
const svg = document.querySelector("#stage svg"), box = {}, edge = {};
svg.setAttribute("role", "group");
svg.setAttribute("aria-label", "the graph");
const W = +svg.dataset.w;
svg.style.cssText = `width:100%;min-width:${Math.round(Math.min(W, 1100) * (W > 1100 ? W / 1100 : 1) * .92)}px;max-width:${Math.round(W * 2.1)}px`;
LINES.forEach(([n, id], k) => {
  const g = $(id);
  if (!g) return;
  const texts = [...g.querySelectorAll("text[data-s]")], row = r => texts.filter(t => t.dataset.r === r);
  box[k] = { g, v: row(undefined).find(t => t.dataset.s === "v"), grad: row(undefined).find(t => t.dataset.s === "g"), rows: r => row(String(r)) };
  g.setAttribute("tabindex", "0");
  g.setAttribute("role", "button");
  g.addEventListener("click", () => toggle(k));
  for (const [type, f] of [["pointerenter", () => look(n)], ["focus", () => look(n)], ["pointerleave", () => look(null)], ["blur", () => look(null)]]) g.addEventListener(type, f);
});
users.flat().forEach(({ edge: id }) => { if (id && $(id)) edge[id] = [$(id), $(id + "-label")].filter(Boolean); });
function write(text, x, on) {
  if (!text) return;
  const s = x === undefined ? "" : typeof x === "string" ? x : fmt(x);
  text.dataset.z = text.dataset.z || text.getAttribute("font-size");
  text.textContent = s;
  text.setAttribute("font-size", s.length > 7 ? text.dataset.z * 7.2 / s.length : text.dataset.z);
  text.classList.toggle("on", !!on);
}
function paint(state, active, hide) {
  const hot = new Set(active.flatMap(s => s.t === "b" ? [s.edge, s.to] : [s.n])), from = new Set(active.flatMap(s => s.t === "b" ? [s.n] : []));
  const g = n => mode === "forward" ? (state.tan.has(n) || state.shown.has(n) && !NODES[n][0] && state.tan.size && n !== X.forward ? TAN[n] : undefined) : state.grads.get(n);
  const now = active.at(-1), back = now.t === "b" || now.t === "seed";
  const owner = n => { while (about[n].line < 0) n = LINES.findIndex((l, k) => tree[k].includes(n)), n = LINES[n][0]; return n; };
  const heated = new Set([...hot].filter(n => typeof n === "number").map(owner)), sources = new Set([...from].map(owner));
  LINES.forEach(([n, id, , , , , links], k) => {
    const shown = state.shown.has(n), b = box[k];
    if (!b) return;
    write(b.v, hide && hot.has(n) && !back ? "?" : shown ? V[n] : undefined, hot.has(n) && !back);
    write(b.grad, hide && hot.has(n) && (back || now.t === "t") ? "?" : g(n), hot.has(n) && (back || now.t === "t"));
    b.g.classList.toggle("off", !shown && !hot.has(n));
    b.g.classList.toggle("on", heated.has(n) || active.some(s => s.row >= 0 && s.k === k));
    b.g.classList.toggle("src", sources.has(n) && !heated.has(n));
    b.g.classList.toggle("f", !back);
    b.g.classList.toggle("b", back);
    b.g.classList.toggle("open", open.has(k));
    b.g.setAttribute("aria-label", `${said(n)}${shown ? ", value " + fmt(V[n]) : ""}${g(n) === undefined ? "" : `, ${mode === "forward" ? "tangent" : "gradient"} ` + fmt(g(n))}${tree[k].length > 1 ? open.has(k) ? ", unfolded" : ", folded" : ""}`);
    links.forEach(([o, ways, edges, row]) => {
      const p = LINES[o][0];
      if (row >= 0) b.rows(row).forEach(t => write(t, t.dataset.s === "v" ? V[p] : t.dataset.s === "g" ? (hide && hot.has(p) ? "?" : g(p)) : shown ? partial(ways[0]) : undefined, hot.has(p) && (t.dataset.s !== "v" || !back)));
      edges.forEach((e, j) => (edge[e] || []).forEach(x => {
        const on = hot.has(e) || !back && hot.has(n) && now.t !== "seed" || back && active.some(s => s.edge === e);
        x.querySelectorAll("text[data-s]").forEach(t => write(t, shown ? partial(ways[j]) : undefined, on));
        x.classList.toggle("on", on);
        x.classList.toggle("off", !shown && !on);
        x.classList.toggle("f", !back);
        x.classList.toggle("b", back);
      }));
    });
  });
  const target = now.n === undefined ? null : box[LINES.findIndex(l => l[0] === owner(now.t === "b" && now.row < 0 ? now.to : now.n))], stage = $("stage");
  if (target && stage.scrollWidth > stage.clientWidth + 2) {
    const r = target.g.getBoundingClientRect(), s = stage.getBoundingClientRect();
    stage.scrollTo({ left: stage.scrollLeft + r.left + r.width / 2 - s.left - s.width / 2, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }
}
function toggle(k) {
  if (tree[k].length < 2) return;
  const s = steps[at[mode]];
  open.has(k) ? open.delete(k) : open.add(k);
  replan();
  const same = (a, b) => a.t === b.t && a.k === b.k && a.pass === b.pass;
  for (const m of ["reverse", "forward"]) at[m] = Math.min(at[m], plans[m].length - 1);
  const found = steps.findLastIndex ? steps.findLastIndex(x => same(x, s)) : -1;
  if (found >= 0) at[mode] = found;
  show();
}

// --- a value: its whole sum and its paths ---
let looked = null;
function look(n) { looked = n; detail(); }
function detail() {
  const box = $("detail");
  if (looked === null || asked) return box.replaceChildren(el("p", "dimmed", "Point at a card or a slider, or move to it with Tab: its whole sum and its paths to the output appear here."));
  const n = looked, k = about[n].line, eq = (...x) => el("div", "eq", ...x), out = [];
  out.push(eq(name(n), NODES[n][0] ? " = " : "", ...expression(n), " = ", num(V[n], "v", true)));
  const list = users[k], few = list.slice(0, 6), more = list.length > 6 ? [` + … (${list.length} terms)`] : [];
  if (n === ROOT) out.push(eq(d(ROOT, n), " = 1"));
  else {
    const sum = f => few.flatMap((u, i) => [...(i ? [" + "] : []), ...f(u, LINES[u.line][0])]).concat(more);
    out.push(eq(d(ROOT, n), " = ", ...sum((u, c) => [d(c, n), " · ", d(ROOT, c)])), eq(" = ", ...sum((u, c) => [num(partial(u.way), "p"), " × ", num(ADJ[c], "g")]), " = ", num(ADJ[n], "g", true)));
  }
  const ways = LINES.map(() => 0);
  ways[D.root] = 1;
  for (let i = LINES.length; i--;) if (i !== D.root) ways[i] = users[i].reduce((s, u) => s + ways[u.line], 0);
  if (n !== ROOT) out.push(el("p", "dimmed", `${fmt(ways[k], 12)} path${ways[k] === 1 ? "" : "s"} to `, name(ROOT), ways[k] > 6 ? ", six of them:" : ways[k] > 1 ? ":" : ""));
  const found = [];
  (function walk(i, trail) {
    if (found.length > 5) return;
    if (i === D.root) return void found.push(trail);
    users[i].forEach(u => walk(u.line, [...trail, u]));
  })(k, []);
  if (n !== ROOT) found.forEach(trail => out.push(el("div", "eq path", name(n), ...trail.flatMap(u => [" → ", name(LINES[u.line][0])]), ": ", ...trail.flatMap((u, i) => [...(i ? [" × "] : []), num(partial(u.way), "p")]), " = ", num(trail.reduce((p, u) => p * partial(u.way), 1), "g", true))));
  if (mode === "forward") out.push(eq(d(n, X.forward), " = ", num(REACHED[n] ? TAN[n] : 0, "g", true)));
  box.replaceChildren(...out);
}

// --- sliders ---
const first = n => LINES.findIndex(l => l[6].some(([o]) => LINES[o][0] === n));
const ordered = leaves.slice().sort((a, b) => first(a) - first(b));
const rows = new Map();
ordered.forEach(n => {
  const row = el("div", "leaf", name(n)), text = el("input"), out = el("output"), range = el("input");
  [range.type, range.step, text.type] = ["range", "any", "text"];
  text.setAttribute("aria-label", said(n) + ", its value");
  range.setAttribute("aria-label", said(n));
  row.dataset.label = said(n);
  text.disabled = range.disabled = !D.live;
  if (!D.live) range.hidden = true;
  row.append(range, text, out);
  const set = (x, source) => { V[n] = x; evaluate(); sweep(); $("reset").hidden = false; show(source); };
  range.addEventListener("input", () => set(+range.value, range));
  text.addEventListener("change", () => {
    const s = text.value.trim().replace("−", "-").replace(/^([-+]?)inf(inity)?$/i, "$1Infinity"), x = s ? Number(s) : NaN;
    if (x == x || s.toLowerCase() === "nan") set(x, text); else text.value = fmt(V[n], 6);
  });
  for (const [type, f] of [["pointerenter", () => look(n)], ["focusin", () => look(n)], ["pointerleave", () => look(null)]]) row.addEventListener(type, f);
  rows.set(n, { row, text, range, out });
  $("sliders").append(row);
});
function bounds() {
  for (const [n, { range }] of rows) {
    const x = isFinite(V[n]) ? V[n] : 0, span = Math.max(1, 2 * Math.abs(x));
    [range.min, range.max] = [x - span, x + span];
  }
}
function leafRows(state, hot) {
  for (const [n, { row, text, range, out }] of rows) {
    if (document.activeElement !== text) text.value = fmt(V[n], 6);
    if (document.activeElement !== range || range.value != V[n]) range.value = V[n];
    const x = mode === "forward" ? (state.tan.size ? TAN[n] : undefined) : state.grads.get(n);
    out.textContent = x === undefined ? "" : fmt(x);
    out.title = text.title = "";
    row.dataset.value = Object.is(V[n], -0) ? "-0" : String(V[n]);
    row.dataset.grad = String(ADJ[n]);
    row.dataset.tangent = String(TAN[n]);
    row.classList.toggle("on", hot.has(n));
  }
}

// --- counts ---
const pairs = NODES.reduce((s, [, args]) => s + args.filter(a => a >= 0).length, 0);
function reach(x) { const r = []; return NODES.reduce((s, [, args], i) => { const c = args.filter(a => a >= 0 && r[a]).length; r[i] = i === x || c > 0; return s + c; }, 0); }
const whole = leaves.reduce((s, n) => s + reach(n), 0);
function counts() {
  const meter = (title, now, all, note) => { const p = el("progress"); [p.max, p.value] = [all || 1, now]; p.setAttribute("aria-label", title); return el("div", "meter", el("span", "", title), el("b", "", `${now} of ${all}`), p, el("small", "", note)); };
  const here = (m) => { const keep = mode; mode = m; const s = known(plans[m], at[m]).pairs.size; mode = keep; return s; };
  const n = leaves.length;
  $("counts").replaceChildren(
    meter("reverse mode", here("reverse"), pairs, n > 1 ? `one sweep back gives all ${n} derivatives` : "one sweep back gives the derivative"),
    meter("forward mode from " + said(X.forward), here("forward"), reach(X.forward), n > 1 ? `one derivative a sweep: all ${n} take ${n} sweeps, ${whole} multiplications` : "one sweep gives the derivative"));
}

// --- moving ---
let playing = 0, running = 0, drill = false, asked = false, right = 0, tried = 0;
function show(source) {
  const i = at[mode], stop = stops(), start = Math.max(...stop.filter(j => j < i), -1) + 1, state = known(steps, i);
  const active = steps.slice(stop.includes(i) ? start : i, i + 1);
  asked = asked && ["f", "t", "b"].includes(steps[i].t);
  paint(state, active, asked);
  const from = Math.max(i - 4, i + 1 - active.length), lines = [];
  if (active.length > 5) lines.push(el("div", "more", `${active.length} steps, the last five:`));
  for (let j = from; j <= i; j++) lines.push(...sentence(steps[j], known(steps, j - 1), asked && j === i));
  $("sum").setAttribute("aria-live", playing || running || source ? "off" : "polite");
  $("sum").replaceChildren(...lines);
  $("phase").textContent = phase(steps[i]);
  $("where").textContent = `${i} of ${steps.length - 1}`;
  [$("scrub").max, $("scrub").value] = [steps.length - 1, i];
  $("scrub").setAttribute("aria-valuetext", phase(steps[i]));
  $("legend-g").textContent = mode === "forward" ? "tangent" : "gradient";
  $("wrt-box").hidden = mode !== "forward";
  $("ask").hidden = !drill;
  $("score").textContent = tried ? `${right} of ${tried} right` : "";
  const root = $("detail").parentNode;
  root.dataset.output = String(V[ROOT]);
  leafRows(state, new Set(active.map(s => s.t === "b" ? s.to : s.n)));
  counts();
  detail();
}
function go(i) {
  i = Math.max(0, Math.min(steps.length - 1, i));
  asked = drill && i > at[mode];
  at[mode] = i;
  if (asked) $("guess").value = "";
  show();
}
const next = () => asked ? (asked = false, show()) : go(stops().find(i => i > at[mode]) ?? steps.length - 1);
const back = () => go(stops().filter(i => i < at[mode]).at(-1) ?? 0);
function play(on) {
  clearInterval(playing);
  playing = on ? setInterval(() => at[mode] < steps.length - 1 ? next() : play(false), 1500 / +$("speed").value) : 0;
  $("play").textContent = on ? "⏸ pause" : "▶ play";
}
const start = () => { if (!playing && at[mode] === steps.length - 1) go(0); play(!playing); };
$("first").onclick = () => go(0);
$("last").onclick = () => go(steps.length - 1);
$("next").onclick = next;
$("back").onclick = back;
$("play").onclick = start;
$("speed").onchange = () => playing && play(true);
$("scrub").oninput = e => { play(false); asked = false; at[mode] = +e.target.value; show(); };
$("stride").onchange = () => show();
$("mode").onchange = e => { mode = e.target.value; steps = plans[mode]; asked = false; show(); };
$("wrt").onchange = e => { X.forward = +e.target.value; sweep(); replan(); at.forward = Math.min(at.forward, plans.forward.length - 1); show(); };
$("drill").onchange = e => { drill = e.target.checked; asked = false; [right, tried] = [0, 0]; play(false); show(); };
$("ask").onsubmit = e => {
  e.preventDefault();
  if (!asked) return next();
  const x = Number($("guess").value.replace("−", "-").replace(/inf$/i, "Infinity")), y = answer(steps[at[mode]]);
  if ($("guess").value.trim()) { tried++; right += x === y || x != x && y != y || Math.abs(x - y) <= .01 * Math.abs(y) + 1e-9; }
  next();
};
const THEMES = ["auto", "light", "dark"];
const themed = t => { document.documentElement.dataset.theme = t; $("theme").textContent = "theme: " + t; };
$("theme").onclick = () => themed(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % 3]);
document.addEventListener("keydown", e => {
  const t = e.target, typing = t.matches("input[type=text],#guess,select"), sliding = t.matches("input[type=range]");
  if (e.ctrlKey || e.metaKey || e.altKey || typing) return;
  const act = { ArrowRight: !sliding && next, ArrowLeft: !sliding && back, Home: !sliding && (() => go(0)), End: !sliding && (() => go(steps.length - 1)), " ": !t.matches("button,input") && start }[e.key];
  if (act) { e.preventDefault(); if (e.key !== " ") play(false); act(); }
  else if ((e.key === "Enter" || e.key === " ") && t.matches("g.node")) { e.preventDefault(); toggle(LINES.findIndex(l => l[1] === t.id)); }
});

// --- frames of a training run ---
const F = D.frames.length;
function frame(k) {
  load(k);
  bounds();
  $("reset").hidden = true;
  $("frame").value = k;
  $("frame-name").textContent = D.frames[k].t || `${k + 1} of ${F}`;
  $("curve").querySelectorAll("circle").forEach(c => c.setAttribute("cx", F > 1 ? 4 + 192 * k / (F - 1) : 4));
  $("curve").querySelectorAll("circle").forEach(c => c.setAttribute("cy", heights[k]));
}
let heights = [];
if (F > 1) {
  $("frames").hidden = false;
  $("frame").max = F - 1;
  const y = D.frames.map(f => real(f.y)), log = y.every(x => x > 0) && Math.max(...y) > 50 * Math.min(...y), z = y.map(x => log ? Math.log(x) : x), ok = z.filter(isFinite);
  const low = Math.min(...ok), high = Math.max(...ok);
  heights = z.map(x => isFinite(x) ? 36 - 32 * (high > low ? (x - low) / (high - low) : .5) : 4);
  const make = (tag, attrs) => { const e = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const a in attrs) e.setAttribute(a, attrs[a]); $("curve").append(e); };
  make("polyline", { points: heights.map((h, k) => `${4 + 192 * k / (F - 1)},${h}`).join(" "), fill: "none", stroke: "var(--value)", "stroke-width": 1.6, "vector-effect": "non-scaling-stroke" });
  make("circle", { r: 3.4, fill: "var(--grad)" });
  const run = on => { clearInterval(running); running = on ? setInterval(() => +$("frame").value < F - 1 ? (frame(+$("frame").value + 1), show()) : run(false), 600 / +$("speed").value) : 0; $("run").textContent = on ? "⏸ pause" : "▶ run"; };
  $("run").onclick = () => { if (!running && +$("frame").value === F - 1) { frame(0); show(); } run(!running); };
  $("frame").oninput = e => { run(false); frame(+e.target.value); show(e); };
}
$("reset").onclick = () => { frame(+$("frame").value); show(); };

// --- begin ---
$("note").textContent = D.note;
ordered.forEach(n => { const o = el("option", "", said(n)); o.value = n; $("wrt").append(o); });
if (D.clusters.length) { const o = el("option", "", "each layer"); o.value = "layer"; $("stride").append(o); }
X.forward = D.wrt;
$("wrt").value = X.forward;
$("mode").value = mode = D.mode;
themed(document.documentElement.dataset.theme);
load(0);
replan();
frame(0);
if (F > 1) at[mode] = steps.length - 1;
show();
})();
