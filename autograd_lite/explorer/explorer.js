"use strict";
(() => {
const D = JSON.parse(document.getElementById("tape").textContent), NODES = D.nodes, F = D.frames.length;
<!-- ops -->
const LINES = D.lines;
const $ = id => document.getElementById(id), real = x => typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x;
const inputs = NODES.flatMap(([op], i) => op ? [] : [i]), ROOT = LINES[D.root].n;
const about = D.inner, OWNER = [], USERS = NODES.map(() => []);
LINES.forEach((l, k) => {
  about[l.n] = l;
  // terms: from the line's node along a way (node, operand, node, operand …) to the node `to`
  l.ends = l.links.flatMap(([o, ways, edges, row]) => ways.map((way, j) => ({ k, n: l.n, to: LINES[o].n, way, edge: edges[j], row })));
  l.ends.forEach(e => USERS[e.to].push(e));
  l.tree = [...new Set([l.n, ...l.ends.flatMap(e => e.way.filter((x, i) => i % 2 === 0))])].sort((a, b) => a - b);
  l.tree.forEach(n => OWNER[n] = k);
});

// numbers: the tape again, by the table's functions and rules
let V = [], P = [], C = [], ADJ = [], TAN = [], REACHED = [], x0 = D.wrt;
const operand = a => a < 0 ? C[-1 - a] : V[a];
const partial = way => way.reduce((p, n, i) => i % 2 ? p : p * P[n][way[i + 1]], 1);
function evaluate() {
  NODES.forEach(([op, args], i) => {
    if (!op) return;
    const x = args.map(operand);
    V[i] = OPS[op][0](...x);
    P[i] = OPS[op][1](V[i], ...x);
  });
}
function sweep() {
  ADJ = V.map((v, i) => +(i === ROOT));
  for (let i = NODES.length; i--;) NODES[i][1].forEach((a, k) => { if (a >= 0) ADJ[a] += ADJ[i] * P[i][k]; });
  NODES.forEach(([op, args], i) => {
    REACHED[i] = i === x0 || args.some(a => a >= 0 && REACHED[a]);
    TAN[i] = i === x0 ? 1 : args.reduce((t, a, k) => a >= 0 && REACHED[a] ? t + P[i][k] * TAN[a] : t, 0);
  });
}

// words
const el = (tag, cls, ...kids) => { const e = document.createElement(tag); e.className = cls; e.append(...kids); return e; };
const attr = (e, set) => { for (const a in set) e.setAttribute(a, set[a]); return e; };
const on = (e, types, f) => types.split(" ").forEach(t => e.addEventListener(t, f));
const TAGS = { var: "i", sub: "sub", sup: "sup" };
const word = runs => runs.map(([kind, text]) => TAGS[kind] ? el(TAGS[kind], "", text) : text);
const name = n => el("span", "name", ...word(about[n].name)), said = n => about[n].name.map(r => r[1]).join("");
function fmt(x, digits = 4) {
  if (!isFinite(x)) return x > 0 ? "inf" : x < 0 ? "−inf" : "nan";
  const r = +x.toPrecision(digits), a = Math.abs(r), [m, e] = r.toExponential().split("e");
  return (!a || a >= 1e-4 && a < 10 ** digits ? String(r) : m + "e" + e[0] + e.slice(1).padStart(2, "0")).replaceAll("-", "−");
}
const num = (x, cls, bare) => { const b = attr(el("b", cls, fmt(x)), { title: x }); return bare || !(x < 0) ? b : el("span", "", "(", b, ")"); };
const value = (n, hide) => hide ? "?" : num(V[n], "v", 1), grad = (x, bare) => num(x, "g", bare);
const d = (a, b) => el("span", "d", el("span", "", "∂", name(a)), el("span", "bar", "/"), el("span", "", "∂", name(b)));
const joined = (list, f) => list.slice(0, 6).flatMap((t, i) => [...i ? [" + "] : [], ...f(t)]).concat(list.length > 6 ? " + …" : []);
const expression = (n, numbers) => about[n].expr.flatMap((r, i, e) => r.length ? word([r]) : [numbers ? num(V[r], "v", !i && !(e[1] && e[1][0] === "sup")) : name(r)]);

// steps, by their t: start, f (a value), seed, b (a term of the backward pass), t (a value and its tangent), end
const open = new Set(), at = { reverse: 0, forward: 0 }, plans = {};
let mode = D.mode, drill = false, asked = false, right = 0, tried = 0, looked = -1, playing = 0, running = 0;
const root = document.documentElement.dataset;
const pairsOf = n => NODES[n][1].flatMap((to, i) => to < 0 ? [] : [{ n, to, way: [n, i] }]);
const deriv = () => mode === "forward" ? "tangent" : "gradient";
const inside = k => open.has(k) ? LINES[k].tree.slice() : [LINES[k].n];
function plan(t) {
  const inner = LINES.flatMap((l, k) => l.links.length || NODES[l.n][0] ? [k] : []);
  const values = inner.flatMap(k => inside(k).map(n => ({ t, k, n })));
  if (t === "t") return [{ t: "start" }, { t: "seed", n: x0 }, ...values, { t: "end" }];
  const terms = inner.reverse().flatMap(k => inside(k).reverse().flatMap(n => open.has(k)
    ? pairsOf(n).map(s => ({ row: -1, ...LINES[k].ends.find(e => e.way.at(-2) === n && e.way.at(-1) === s.way[1]), k, ...s }))
    : LINES[k].ends)).map((s, i, list) => ({ ...s, t: "b", ways: list.filter(o => o.n === s.n && o.to === s.to).map(o => o.way), pass: inputs.length < 2 ? 0 : NODES[s.to][0] ? 1 : 2 }));
  return [{ t: "start" }, ...values, { t: "seed", n: ROOT }, ...terms.filter(s => s.pass < 2), ...terms.filter(s => s.pass > 1), { t: "end" }];
}
const replan = () => { plans.reverse = plan("f"); plans.forward = plan("t"); for (const m in plans) at[m] = Math.min(at[m], plans[m].length - 1); };
const layer = s => s.k === undefined ? -1 : LINES[s.k].cluster;
function stops() {
  const stride = drill ? "term" : $("stride").value, group = { term: (s, i) => i, card: s => s.n, layer };
  const keys = plans[mode].map((s, i) => s.k === undefined || stride === "layer" && layer(s) < 0 ? i : s.t + s.pass + group[stride](s, i));
  return keys.flatMap((key, i) => key === keys[i + 1] ? [] : [i]);
}
// what is known after a step: values, derivatives so far, the pairs (node, operand) multiplied
function known(m, upto) {
  const values = new Set(inputs), grads = new Map(), pairs = new Set();
  for (const s of plans[m].slice(0, upto + 1)) {
    if (s.t === "seed") grads.set(s.n, 1);
    if (s.t === "b") {
      grads.set(s.to, (grads.get(s.to) ?? -0) + partial(s.way) * ADJ[s.n]);
      s.way.forEach((n, i) => i % 2 || pairs.add(n + ":" + s.way[i + 1]));
    }
    if (s.t === "f" || s.t === "t") (open.has(s.k) ? [s.n] : LINES[s.k].tree).forEach(n => {
      values.add(n);
      if (s.t === "t") grads.set(n, TAN[n]), pairsOf(n).forEach(p => REACHED[p.to] && pairs.add(n + ":" + p.way[1]));
    });
  }
  return { values, grads, pairs };
}
function sentence(s, before, hide) {
  const { n, t } = s, line = (...x) => el("div", "", ...x), note = (...x) => el("span", "more", ...x), q = x => hide ? "?" : grad(x, 1), forward = mode === "forward";
  if (t === "start") return [line(D.words["to " + mode], name(forward ? x0 : ROOT))];
  if (t === "seed") return [line(d(n, n), " = ", grad(1), note(" the seed"))];
  if (t === "end") return [forward ? line(d(ROOT, x0), " = ", grad(TAN[ROOT], 1)) : line(name(ROOT), " = ", value(ROOT)), line(note(D.words[mode]))];
  if (t === "b") {
    const term = partial(s.way) * ADJ[n], old = before.grads.get(s.to);
    return [line(d(ROOT, s.to), " += ", d(n, s.to), " · ", d(ROOT, n), " = ", num(partial(s.way), "p"), " × ", grad(ADJ[n]), " = ", q(term)),
      el("div", "more", "sum so far: ", ...old === undefined ? [] : [grad(old, 1), " + ", hide ? "?" : grad(term), " = "], q((old ?? -0) + term), s.ways[1] ? ` (way ${s.ways.indexOf(s.way) + 1} of ${s.ways.length})` : "")];
  }
  const out = [line(name(n), " = ", ...expression(n), " = ", ...about[n].expr.length > 1 ? [...expression(n, 1), " = "] : [], value(n, hide))];
  if (t === "t") {
    const terms = (open.has(s.k) ? pairsOf(n) : LINES[s.k].ends).filter(e => REACHED[e.to]);
    out.push(REACHED[n] ? line(d(n, x0), " = ", ...joined(terms, e => [d(n, e.to), " · ", d(e.to, x0)]), " = ", ...joined(terms, e => [num(partial(e.way), "p"), " × ", grad(TAN[e.to])]), " = ", q(TAN[n])) : el("div", "more", "does not depend on ", name(x0), ": its derivative is 0"));
  }
  return out;
}
const phase = s => D.words[s.t + (s.pass || "")] + (layer(s) < 0 ? "" : " · " + D.clusters[layer(s)]) + (s.k !== undefined && LINES[s.k].n !== s.n ? " · inside " + said(LINES[s.k].n) : "");

// the picture
const stage = $("stage"), edge = {};
LINES.forEach((l, k) => {
  const g = l.g = $(l.id);
  l.ends.forEach(({ edge: e }) => { if (e) edge[e] = [$(e), $(e + "-label")].filter(x => x); });
  if (!g) return;
  l.texts = [...g.querySelectorAll("[data-s]")];
  on(g, "click", () => toggle(k));
  on(g, "pointerenter focus", () => look(l.n));
  on(g, "pointerleave blur", () => look(-1));
});
function write(text, x, hot) {
  const s = x === undefined ? "" : x === "?" ? x : [4, 3, 2].map(k => fmt(x, k)).find((t, i) => t.length < 8 || i > 1), size = text.dataset.z ||= text.getAttribute("font-size");
  text.textContent = s;
  attr(text, { "font-size": s.length > 6 ? size * 6.2 / s.length : size });
  text.classList.toggle("on", hot);
}
function paint(active, state, hide) {
  const now = active.at(-1), back = now.t === "b" || now.t === "seed", tangent = now.t === "t";
  const hot = new Set(active.map(s => s.t === "b" ? s.to : s.n)), cards = new Set([...hot].map(n => OWNER[n])), rows = new Set(active.flatMap(s => s.row >= 0 ? [s.k] : []));
  const from = new Set(active.flatMap(s => s.t === "b" ? [s.k] : [])), edges = new Set(active.map(s => s.edge)), { values, grads } = state;
  const look = (g, set) => { for (const c in set) g.classList.toggle(c, set[c]); };
  const number = n => ({ v: hide && !back && hot.has(n) ? "?" : values.has(n) ? V[n] : undefined, g: hide && (back || tangent) && hot.has(n) ? "?" : grads.get(n) });
  const lit = (n, s) => hot.has(n) && (s === "g" ? back || tangent : !back);
  LINES.forEach((l, k) => {
    const { n, g } = l, shown = values.has(n);
    l.ends.forEach(e => (edge[e.edge] || []).forEach(x => {
      const on = back ? edges.has(e.edge) : cards.has(k) && shown;
      x.querySelectorAll("[data-s]").forEach(t => write(t, shown ? partial(e.way) : undefined, on));
      look(x, { on, off: !shown && !on, f: !back, b: back });
    }));
    if (open.has(k)) l.tree.concat(l.ends.flatMap(e => e.row < 0 ? [] : e.to)).forEach(m => {
      const part = $("i" + m), is = hot.has(m), done = values.has(m);
      if (!part) return;
      part.querySelectorAll("[data-part]").forEach(t => write(t, number(m)[t.dataset.part], lit(m, t.dataset.part)));
      look(part, { on: is, off: !done && !is, f: !back, b: back });
      NODES[m][1].forEach((a, i) => [$(`i${m}_${i}`), $(`i${m}_${i}-label`)].forEach(x => {
        if (!x) return;
        const on = back ? active.some(s => s.n === m && s.way && s.way[1] === i) : is && done;
        x.querySelectorAll("[data-part]").forEach(t => write(t, done ? P[m][i] : undefined, on));
        look(x, { on, off: !done && !on, f: !back, b: back });
      }));
    });
    if (!g) return;
    l.texts.forEach(t => {
      const s = t.dataset.s, e = t.dataset.r ? l.ends.find(e => e.row == t.dataset.r) : null, m = e ? e.to : n;
      write(t, s === "p" ? (shown ? partial(e.way) : undefined) : number(m)[s], s === "p" ? back && rows.has(k) && hot.has(m) : lit(m, s));
    });
    look(g, { on: cards.has(k) || rows.has(k), src: from.has(k), off: !shown && !cards.has(k), f: !back, b: back, open: open.has(k) });
    attr(g, { "aria-label": said(n) + (shown ? ", value " + fmt(V[n]) : "") + (grads.has(n) ? `, ${deriv()} ` + fmt(grads.get(n)) : "") + (l.tree.length > 1 ? open.has(k) ? ", unfolded" : ", folded" : "") });
  });
  const card = now.n >= 0 && LINES[now.row >= 0 ? now.k : OWNER[now.to ?? now.n]].g;
  if (!card) return;
  const r = card.getBoundingClientRect(), s = stage.getBoundingClientRect();
  stage.scrollBy(r.left + r.width / 2 - s.left - s.width / 2, r.top + r.height / 2 - s.top - s.height / 2);
}
function toggle(k) {
  if (LINES[k].tree.length < 2) return;
  const s = plans[mode][at[mode]];
  const yes = !open.delete(k);
  if (yes) open.add(k);
  document.dispatchEvent(new CustomEvent("unfold", { detail: { id: LINES[k].id, open: yes } }));
  replan();
  at[mode] = Math.max(0, plans[mode].map(x => x.t === s.t && x.k === s.k && x.pass === s.pass).lastIndexOf(true));
  show();
}

// a value: its whole sum and its paths
function look(n) { looked = n; detail(); }
function detail() {
  const n = looked, eq = (...x) => el("div", "eq", ...x);
  $("hint").hidden = n >= 0 && !asked;
  if (n < 0 || asked) return $("detail").replaceChildren();
  const uses = USERS[n], out = [eq(name(n), " = ", ...NODES[n][0] ? [...expression(n), " = "] : [], value(n))], ways = [], trails = [];
  if (n === ROOT) out.push(eq(d(n, n), " = ", grad(1)));
  else out.push(eq(d(ROOT, n), " = ", ...joined(uses, u => [d(u.n, n), " · ", d(ROOT, u.n)])), eq(" = ", ...joined(uses, u => [num(partial(u.way), "p"), " × ", grad(ADJ[u.n])]), " = ", grad(ADJ[n], 1)));
  if (mode === "forward") out.push(eq(d(n, x0), " = ", grad(TAN[n], 1)));
  if (open.has(OWNER[n])) LINES[OWNER[n]].tree.forEach(m => m !== n && out.push(eq(name(m), " = ", ...expression(m), " = ", value(m), ", ", d(ROOT, m), " = ", grad(ADJ[m], 1))));
  for (const l of LINES.slice().reverse()) ways[l.n] = l.n === ROOT ? 1 : USERS[l.n].reduce((s, u) => s + ways[u.n], 0);
  (function walk(m, trail) {
    if (m === ROOT) trails.push(trail);
    else if (trails.length < 6) USERS[m].forEach(u => walk(u.n, [...trail, u]));
  })(n, []);
  if (n !== ROOT) out.push(el("p", "dimmed", `${ways[n]} path${ways[n] > 1 ? "s" : ""} to `, name(ROOT), ways[n] > 6 ? ", six of them:" : ":"), ...trails.slice(0, 6).map(trail => eq(name(n), ...trail.flatMap(u => [" → ", name(u.n)]), ": ", ...trail.flatMap((u, i) => [i ? " × " : "", num(partial(u.way), "p")]), " = ", grad(trail.reduce((p, u) => p * partial(u.way), 1), 1))));
  $("detail").replaceChildren(...out);
}

// sliders
const first = n => USERS[n].length && USERS[n][0].n;
const rows = inputs.slice().sort((a, b) => first(a) - first(b)).map(n => {
  const range = attr(el("input", ""), { type: "range", step: "any", "aria-label": said(n) }), text = attr(el("input", ""), { type: "text", "aria-label": said(n) }), out = el("output", "");
  const row = attr(el("div", "leaf", name(n), range, text, out), { "data-label": said(n) });
  const set = x => { V[n] = x; evaluate(); sweep(); show(true); };
  range.disabled = text.disabled = !D.live;
  on(range, "input", () => set(+range.value));
  on(text, "change", () => {
    const s = text.value.trim().replace("−", "-"), x = Number(s.replace(/^([-+]?)inf(inity)?$/i, "$1Infinity"));
    if (s && x == x || /^nan$/i.test(s)) set(x); else text.value = fmt(V[n], 5);
  });
  on(row, "pointerenter focusin", () => look(n));
  on(row, "pointerleave", () => look(-1));
  $("sliders").append(row);
  $("wrt").append(attr(el("option", "", said(n)), { value: n }));
  return { n, row, range, text, out };
});

function counts() {
  const meter = (title, m, max, note) => { const now = known(m, at[m]).pairs.size; return el("div", "meter", title, el("b", "", `${now} of ${max}`), attr(el("progress", ""), { max: max || 1, value: now, "aria-label": title }), el("small", "", note)); };
  $("counts").replaceChildren(meter("reverse mode", "reverse", D.all, D.words.reverse), meter("forward mode from " + said(x0), "forward", D.reach[x0], D.words.forward));
}

// moving
function show(quiet) {
  const steps = plans[mode], i = at[mode], s = steps[i], ends = stops(), state = known(mode, i);
  const start = ends.includes(i) ? Math.max(-1, ...ends.filter(j => j < i)) + 1 : i, shown = Math.max(start, i - 4);
  asked = asked && "ftb".includes(s.t);
  paint(steps.slice(start, i + 1), state, asked);
  attr($("sum"), { class: start < i ? "many" : "", "aria-live": playing || running || quiet ? "off" : "polite" }).replaceChildren(...start < shown ? [el("div", "more", `${i + 1 - start} steps, the last five:`)] : [], ...steps.slice(shown, i + 1).flatMap((x, j) => sentence(x, known(mode, shown + j - 1), asked && shown + j === i)));
  $("phase").textContent = phase(s);
  $("where").textContent = `${i} of ${steps.length - 1}`;
  attr($("scrub"), { max: steps.length - 1, "aria-valuetext": phase(s) }).value = i;
  $("legend-g").textContent = deriv();
  $("score").textContent = `${right} of ${tried} right`;
  attr($("leaves"), { "data-output": V[ROOT] });
  for (const { n, row, range, text, out } of rows) {
    if (document.activeElement !== text) text.value = fmt(V[n], 5);
    range.value = V[n];
    out.textContent = state.grads.has(n) ? asked && s.to === n ? "?" : fmt(state.grads.get(n)) : "";
    attr(row, { "data-grad": ADJ[n], "data-tangent": TAN[n] }).classList.toggle("on", (s.to ?? s.n) === n);
  }
  counts();
  detail();
}
function go(i) { asked = drill && i > at[mode]; at[mode] = i; $("guess").value = ""; show(); }
function next() { if (asked) asked = false, show(); else go(stops().find(i => i > at[mode]) ?? at[mode]); }
const back = () => go(stops().filter(i => i < at[mode]).at(-1) ?? 0), final = () => plans[mode].length - 1;
function play(yes) {
  clearInterval(playing);
  playing = yes && setInterval(() => at[mode] < final() ? next() : play(0), 1500 / $("speed").value);
  $("play").textContent = yes ? "❚❚ pause" : "▶ play";
}
function start() { if (!playing && at[mode] === final()) go(0); play(!playing); }
const keys = { ArrowRight: next, ArrowLeft: back, Home: () => go(0), End: () => go(final()) };
for (const id in keys) on($(id), "click", () => { play(0); keys[id](); });
on($("play"), "click", start);
on($("speed"), "change", () => play(playing));
on($("scrub"), "input", e => { play(0); asked = false; at[mode] = +e.target.value; show(); });
on($("stride"), "change", () => show());
on($("mode"), "change", e => { mode = e.target.value; asked = false; show(); });
on($("wrt"), "change", e => { x0 = +e.target.value; sweep(); replan(); show(); });
on($("drill"), "change", e => { drill = e.target.checked; asked = false; right = tried = 0; play(0); show(); });
on($("ask"), "submit", e => {
  e.preventDefault();
  const g = $("guess").value.trim().replace("−", "-"), s = plans[mode][at[mode]], x = Number(g.replace(/inf$/i, "Infinity"));
  const y = s.t === "f" ? V[s.n] : s.t === "t" ? TAN[s.n] : asked && partial(s.way) * ADJ[s.n];
  if (asked && g) tried++, right += x === y || x != x && y != y || Math.abs(x - y) <= .01 * Math.abs(y);
  next();
});
on($("theme"), "change", e => root.theme = e.target.value);
on($("large"), "change", () => show());
on(document, "keydown", e => {
  const t = e.target, node = t.matches("g.node"), typing = t.matches("input[type=text],select");
  if (e.ctrlKey || e.metaKey || e.altKey || typing) return;
  const space = e.key === " " && !node && !t.matches("button,input"), f = node && (e.key === "Enter" || e.key === " ") ? () => toggle(LINES.findIndex(l => l.g === t)) : space ? start : !t.matches("[type=range]") && keys[e.key];
  if (!f) return;
  e.preventDefault();
  if (keys[e.key]) play(0);
  f();
});

// frames of a training run
const run = yes => { clearInterval(running); running = yes && setInterval(() => +$("frame").value < F - 1 ? frame(+$("frame").value + 1) : run(0), 600 / $("speed").value); $("run").textContent = yes ? "❚❚ pause" : "▶ run"; };
function frame(k) {
  const f = D.frames[k];
  C = f.c.map(real);
  if (f.v) V = f.v.map(real);
  inputs.forEach((n, j) => V[n] = real(f.l[j]));
  if (f.p) P = f.p.map(row => row.map(real)); else evaluate();
  sweep();
  $("frame").value = k;
  $("frame-name").textContent = f.t;
  if (F > 1) attr($("dot"), { cx: D.curve[k][0], cy: D.curve[k][1] });
  for (const { n, range } of rows) { const x = isFinite(V[n]) ? V[n] : 0, span = Math.max(1, 2 * Math.abs(x)); attr(range, { min: x - span, max: x + span }); }
  show(true);
}
if (F > 1) {
  $("frames").hidden = false;
  attr($("frame"), { max: F - 1 });
  attr($("line"), { points: D.curve.join(" ") });
  on($("run"), "click", () => { if (!running && +$("frame").value === F - 1) frame(0); run(!running); });
  on($("frame"), "input", e => { run(0); frame(+e.target.value); });
}
on($("reset"), "click", () => frame(+$("frame").value));

// begin
$("wrt").value = x0;
$("mode").value = mode;
$("theme").value = root.theme;
replan();
if (F > 1) at[mode] = final();
frame(0);
})();
