"use strict";
// The picture's window: it fits, zooms, is dragged; cards open in it; and the page's place in another page.
(() => {
const $ = id => document.getElementById(id), stage = $("stage"), svg = stage.querySelector("svg"), root = document.documentElement;
const on = (e, types, f, more) => types.split(" ").forEach(t => e.addEventListener(t, f, more));

// zoom about a point of the window; 1 is the whole graph
let zoom = 1;
function set(z, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const before = svg.getBoundingClientRect().width;
  zoom = Math.min(12, Math.max(1, z));
  stage.style.setProperty("--z", zoom);
  stage.classList.toggle("zoomed", zoom > 1);
  const f = svg.getBoundingClientRect().width / before;
  stage.scrollTo({ left: (stage.scrollLeft + x) * f - x, top: (stage.scrollTop + y) * f - y, behavior: "instant" });
}
on($("closer"), "click", () => set(zoom * 1.5));
on($("farther"), "click", () => set(zoom / 1.5));
on($("fit"), "click", () => { $("large").checked = false; set(1); });
on(stage, "wheel", e => {
  if (!e.ctrlKey && !e.metaKey) return;
  e.preventDefault();
  const r = stage.getBoundingClientRect();
  set(zoom * Math.exp(-e.deltaY / 300), e.clientX - r.left, e.clientY - r.top);
}, { passive: false });

// drag with a mouse or a pen; fingers scroll as they do everywhere
let from = null, moved = false;
on(stage, "pointerdown", e => { if (e.pointerType !== "touch" && !e.button) from = [e.clientX + stage.scrollLeft, e.clientY + stage.scrollTop, e.clientX, e.clientY], moved = false; });
on(document, "pointermove", e => {
  if (!from || !moved && Math.hypot(e.clientX - from[2], e.clientY - from[3]) < 5) return;
  moved = true;
  stage.scrollTo({ left: from[0] - e.clientX, top: from[1] - e.clientY, behavior: "instant" });
});
on(document, "pointerup pointercancel", () => { from = null; });
on(stage, "click", e => { if (moved) e.stopPropagation(); moved = false; }, true);

// Cards that open: the plane is stretched across and along where the card is, so that what is inside has room. Cards,
// arrowheads and letters are moved, not stretched, so nothing that was apart meets; lines keep to their cards.
const number = /-?\d*\.?\d+(?:e[-+]?\d+)?/gi, opened = new Map(), nodes = new Map(), edges = [], frames = [];
const view = svg.getAttribute("viewBox").split(/[\s,]+/).map(Number), plane = svg.querySelector("#graph0") || svg;
const shift = plane === svg ? [0, 0] : /translate\(([-\d.]+)[ ,]+([-\d.]+)/.exec(plane.getAttribute("transform")).slice(1).map(Number);
const write = (e, set) => { for (const k in set) e.setAttribute(k, typeof set[k] === "number" ? set[k].toFixed(2) : set[k]); };
const pairs = text => { const n = (text.match(number) || []).map(Number), out = []; for (let i = 0; i + 1 < n.length; i += 2) out.push([n[i], n[i + 1]]); return out; };
const middle = e => { const b = e.getBBox(); return [b.x + b.width / 2, b.y + b.height / 2]; };
const away = ([x, y], { box: b }) => Math.max(b.x - x, x - b.x - b.width, b.y - y, y - b.y - b.height);
function collect() {
  plane.querySelectorAll("g.node").forEach(e => nodes.set(e.id, { e, box: e.getBBox(), centre: middle(e) }));
  const near = p => [...nodes.values()].reduce((best, n) => away(p, n) < away(p, best) ? n : best);
  plane.querySelectorAll("g.edge").forEach(g => {
    const path = g.querySelector("path"), d = path.getAttribute("d"), points = pairs(d), tip = points.at(-1), label = $(g.id + "-label");
    const heads = [...g.querySelectorAll("polygon")], texts = [...g.querySelectorAll("text"), ...label ? label.querySelectorAll("text") : []].map(e => ({ e, at: middle(e) }));
    edges.push({ path, d, points, heads, texts, tail: near(points[0]), head: near(heads[0] ? middle(heads[0]) : tip), tip });
  });
  plane.querySelectorAll("g.cluster").forEach(g => g.querySelectorAll("path, polygon, rect, text").forEach(e => frames.push({ e, box: e.getBBox(), d: e.getAttribute("d"), points: e.getAttribute("points") })));
}
// where a coordinate goes
const to = (x, axis) => [...opened.values()].reduce((sum, o) => sum + o[axis][2] * Math.min(1, Math.max(0, (x - o[axis][0]) / (o[axis][1] - o[axis][0]))), x);
const moved2 = p => [to(p[0], 0) - p[0], to(p[1], 1) - p[1]];
// how far a point at a card's border is moved: with the card, which may have grown
function along(p, { e, box, centre }) {
  const low = [box.x, box.y], size = [box.width, box.height], by = moved2(centre), o = opened.get(e.id);
  return by.map((m, i) => m + (o ? (Math.min(low[i] + size[i], Math.max(low[i], p[i])) - centre[i]) / size[i] * o[i][2] : 0));
}
function arrange() {
  for (const { e, centre } of nodes.values()) write(e, { transform: `translate(${moved2(centre)})` });
  for (const { path, d, points, heads, texts, tail, head, tip } of edges) {
    const start = along(points[0], tail), end = along(tip, head), off = [0, 1].map(i => [start[i] - moved2(points[0])[i], end[i] - moved2(tip)[i]]);
    const go = (p, t) => moved2(p).map((m, i) => p[i] + m + (1 - t) * off[i][0] + t * off[i][1]);
    const new_ = points.map((p, k) => go(p, k / (points.length - 1))).flat();
    let i = 0;
    write(path, { d: d.replace(number, () => new_[i++].toFixed(2)) });
    heads.forEach(h => write(h, { transform: `translate(${end})` }));
    texts.forEach(({ e, at }) => write(e, { transform: `translate(${go(at, 0.5).map((x, i) => x - at[i])})` }));
  }
  for (const { e, box: b, d, points } of frames) {
    const x = to(b.x, 0), y = to(b.y, 1);
    let i = 0;
    if (e.tagName === "text") write(e, { transform: `translate(${x - b.x} ${y - b.y})` });
    else if (d) write(e, { d: d.replace(number, t => to(+t, i++ % 2).toFixed(2)) });
    else if (points) write(e, { points: pairs(points).map(p => p.map((t, i) => to(t, i).toFixed(2))).join(" ") });
    else write(e, { x, y, width: to(b.x + b.width, 0) - x, height: to(b.y + b.height, 1) - y });
  }
  const left = view[0] - shift[0], top = view[1] - shift[1], x = to(left, 0), y = to(top, 1), w = to(left + view[2], 0) - x, h = to(top + view[3], 1) - y;
  write(svg, { viewBox: [x + shift[0], y + shift[1], w, h].map(t => t.toFixed(2)).join(" ") });
  svg.style.setProperty("--w", w.toFixed(0));
  svg.style.setProperty("--h", h.toFixed(0));
}
on(document, "unfold", e => {
  const { id, open } = e.detail, card = $(id), inner = $("in-" + id);
  if (!card || !inner) return;
  if (!nodes.size) collect();
  const b = nodes.get(id).box, [x, y, w, h] = inner.getAttribute("viewBox").split(" ").map(Number);
  card.classList.toggle("opened", open);
  if (open) {
    const width = Math.max(w, b.width), height = Math.max(h, b.height);
    opened.set(id, [[b.x, b.x + b.width, width - b.width], [b.y, b.y + b.height, height - b.height]]);
    write(inner, { x: b.x + (b.width - w) / 2, y: b.y + (b.height - h) / 2, width: w, height: h });
    write(inner.querySelector(".frame"), { x: x - (width - w) / 2, y: y - (height - h) / 2, width, height });
    card.append(inner);
  } else {
    opened.delete(id);
    $("inside").append(inner);
  }
  arrange();
});

// in a frame of another page: its theme, and the height that this page needs
if (window !== parent) {
  root.classList.add("framed");
  let tallest = 0, wide = 0;
  const tell = () => {
    const h = Math.ceil(document.body.getBoundingClientRect().height) + 12;
    if (innerWidth !== wide) tallest = 0, wide = innerWidth;
    if (h > tallest) parent.postMessage({ height: tallest = h }, "*");
  };
  new ResizeObserver(tell).observe(document.body);
  on(window, "message", e => {
    if (e.source !== parent || !e.data) return;
    if (["auto", "light", "dark"].includes(e.data.theme)) $("theme").value = root.dataset.theme = e.data.theme;
    tallest = 0;
    tell();
  });
}
})();
