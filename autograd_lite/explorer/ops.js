// The table's basic float functions in JavaScript, for the sliders of the stepping page; ops that are composed of others
// are written by their entries' `expression`. A page holds only what its graph uses: `$name` is the op of that name,
// `$$name` a helper, `$$name_partials` the (out, ...args) => [partials] of an op of any number of operands.
//
// The edges are those of the Python functions, which the tests compare with these in a browser, op by op.

// --- arithmetic
const $where = (c, a, b) => c !== 0 ? a : b;
const $add = (a, b) => a + b;
const $sub = (a, b) => a - b;
const $mul = (a, b) => a * b;
const $div = (a, b) => a / b;
const $neg = x => -x;
const $fma = (a, b, c) => { const p = a * b, s = p + c; if (!isFinite(s) || !isFinite($$cut(a) * $$cut(b))) return s;
  const ah = $$cut(a), al = a - ah, bh = $$cut(b), bl = b - bh, v = s - p; return s + (al * bl - (p - ah * bh - al *
  bh - ah * bl) + (p - (s - v) + (c - v))); };
const $abs = Math.abs;

// --- exponentials, logarithms, powers
const $exp = Math.exp;
const $expm1 = Math.expm1;
const $exp2 = x => Math.pow(2, x);
const $ldexp = (x, n) => { n = Math.max(-5000, Math.min(n, 5000)); if (n !== Math.floor(n)) return NaN; for (let k; n;
  n -= k) x *= Math.pow(2, k = Math.max(-1000, Math.min(n, 1000))); return x; };
const $log = Math.log;
const $log1p = Math.log1p;
const $log2 = Math.log2;
const $log10 = Math.log10;
const $sqrt = x => x < 0 ? NaN : Math.sqrt(x);
const $cbrt = Math.cbrt;
const $pow = (x, y) => x === 1 || x === -1 && Math.abs(y) === Infinity ? 1 : Math.pow(x, y);

// --- special functions
const $gaussian = x => $$gauss(x, -1);
const $erf = x => { const a = Math.abs(x); if (a > 1) return Math.sign(x) * (1 - $$tail(a)); let t = x, s = x; for
  (let k = 3; k < 70; k += 2) s += t *= 2 * x * x / k; return 2 / Math.sqrt(Math.PI) * $$gauss(x, -1) * s; };
const $erfc = x => x > 1 ? $$tail(x) : x < -1 ? 2 - $$tail(-x) : 1 - $erf(x);
const $erfinv = x => { const a = Math.abs(x); if (!(a < 1)) return a == 1 ? x * Infinity : NaN; if (a < 1e-8) return x
  * (0.5 * Math.sqrt(Math.PI)); const l = Math.log1p(-a * a), t = 2 / (Math.PI * 0.147) + 0.5 * l; let y =
  Math.sqrt(Math.sqrt(t * t - l / 0.147) - t); for (let i = 0; i < 3; i++) { const e = a < 0.5 ? $erf(y) - a : 1 - a -
  $erfc(y), d = e / (2 / Math.sqrt(Math.PI) * $$gauss(y, -1)); y -= d / (1 + y * d); } return x < 0 ? -y : y; };
const $norm_pdf = x => $$gauss(x, -0.5) / Math.sqrt(2 * Math.PI);
const $norm_cdf = x => { const z = -x * Math.SQRT1_2; if (!(Math.abs(x) < 40)) return 0.5 * $erfc(z); const h =
  $$cut(-x), l = -x - h, s = $$cut(Math.SQRT1_2), t = Math.SQRT1_2 - s; return 0.5 * $erfc(z) - (h * s - z + h * t + l
  * s + l * t + x * 4.833646656726457e-17) * $$gauss(z, -1) / Math.sqrt(Math.PI); };
const $gamma = x => { if (x == 0) return 1 / x; if (x == -Infinity || x < 0 && x == Math.floor(x)) return NaN; if (x <
  0.5) return Math.PI / ($sinpi(x) * $gamma(1 - x)); if (x > 172) return Infinity; let p = 1; while (x < 12) p *= x++;
  const q = Math.pow(x, x / 2 - 0.25); return q * Math.exp(-x) * q * Math.sqrt(2 * Math.PI) * Math.exp($$stirling(x))
  / p; };
const $lgamma = x => { if (x <= 0 && x == Math.floor(x) || Math.abs(x) == Infinity) return Infinity; if (Math.abs(x) <
  1e-300) return -Math.log(Math.abs(x)); if (x < 0.5) return Math.log(Math.PI) - Math.log(Math.abs($sinpi(x))) -
  $lgamma(1 - x); if (x == 1 || x == 2) return 0; let p = 1; while (x < 12) p *= x++; return (x - 0.5) * Math.log(x) -
  x + 0.5 * Math.log(2 * Math.PI) + $$stirling(x) - Math.log(p); };
const $digamma = x => { if (x == 0) return -1 / x; if (x == -Infinity || x < 0 && x == Math.floor(x)) return NaN; if
  (x < 0) return $digamma(1 - x) - Math.PI * ($cospi(x) / $sinpi(x)); let s = 0; while (x < 12) s -= 1 / x++; const q
  = 1 / x / x; let t = 0; [691 / 32760, -1 / 132, 1 / 240, -1 / 252, 1 / 120, -1 / 12].forEach(c => t = q * (c + t));
  return s + Math.log(x) - 0.5 / x + t; };
const $polygamma = (n, x) => n >= 0 && n <= 150 && n == Math.floor(n) ? $$polygamma(n, x) : NaN;

// --- rounding and remainders
const $floor = Math.floor;
const $ceil = Math.ceil;
const $trunc = Math.trunc;
const $round = (x, n) => { if (n != n) return NaN; if (!isFinite(x) || !isFinite(n)) return x; n = Math.trunc(n); if
  (n < 0) { const m = Math.pow(10, -n); return isFinite(m) ? $$even(x / m) * m : x * 0; } if (n < 1) return $$even(x);
  if (n > 75 || Math.abs(x) > 1e20) return x; let a = Math.abs(x), r = a.toFixed(n); if
  (/^50*$/.test(a.toFixed(100).slice(r.length)) && r.slice(-1) % 2) r = (r - Math.pow(10, -n)).toFixed(n); return
  $copysign(+r, x); };
const $copysign = (x, y) => y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x);
const $floordiv = (a, b) => { if (b == 0) return a / b; const m = a % b; let d = (a - m) / b; if (m && b < 0 != m < 0)
  d -= 1; if (d == 0) return $copysign(0, a / b); const f = Math.floor(d); return d - f > 0.5 ? f + 1 : f; };
const $mod = (a, b) => { const m = a % b; return m ? b < 0 != m < 0 ? m + b : m : m == 0 ? $copysign(0, b) : m; };
const $fmod = (a, b) => a % b;
const $remainder = (a, b) => { if (b == 0 || !isFinite(a) || b != b) return NaN; if (!isFinite(b)) return a; const x =
  Math.abs(a), y = Math.abs(b), m = x % y, c = y - m, r = m < c ? m : m > c ? -c : m - 2 * (0.5 * (x - m) % y); return
  a < 0 || Object.is(a, -0) ? -r : r; };

// --- angles
const $sin = Math.sin;
const $cos = Math.cos;
const $tan = Math.tan;
const $asin = Math.asin;
const $acos = Math.acos;
const $atan = Math.atan;
const $atan2 = Math.atan2;
const $hypot = Math.hypot;
const $norm = Math.hypot;
const $sinpi = x => { if (!isFinite(x)) return NaN; let r = $remainder(x, 2), a = Math.abs(r); if (a > 0.5) r =
  $copysign(a = 1 - a, r); return a <= 0.25 ? Math.sin(Math.PI * r) : $copysign(Math.cos(Math.PI * (0.5 - a)), r); };
const $cospi = x => { if (!isFinite(x)) return NaN; const r = Math.abs($remainder(x, 2)); return r <= 0.25 ?
  Math.cos(Math.PI * r) : r <= 0.75 ? Math.sin(Math.PI * (0.5 - r)) : -Math.cos(Math.PI * (1 - r)); };
const $sinh = Math.sinh;
const $cosh = Math.cosh;
const $tanh = Math.tanh;
const $asinh = x => Math.abs(x) > 1e150 ? Math.sign(x) * (Math.log(Math.abs(x)) + Math.LN2) : Math.asinh(x);
const $acosh = Math.acosh;
const $atanh = Math.atanh;

// --- of many numbers
const $sum = (...a) => a.reduce((s, x) => s + x, 0);
const $fsum = (...a) => $$sum(a);
const $mean = (...a) => $sum(...a) / a.length;
const $prod = (...a) => a.reduce((s, x) => s * x, 1);
const $dot = (...a) => { let s = 0; for (let i = 0, n = a.length / 2; i < n; i++) s += a[i] * a[n + i]; return s; };
const $dist = (...a) => { const n = a.length / 2; return Math.hypot(...a.slice(0, n).map((x, i) => x - a[n + i])); };
const $affine = (...a) => { const n = a.length >> 1; let s = a[2 * n]; for (let i = 0; i < n; i++) s += a[i] * a[n +
  i]; return s; };
const $max = (...a) => a.some(isNaN) ? NaN : Math.max(...a);
const $min = (...a) => a.some(isNaN) ? NaN : Math.min(...a);
const $logsumexp = (...a) => { const t = $max(...a); if (!isFinite(t)) return t; a.splice(a.indexOf(t), 1); return t +
  Math.log1p($$sum(a.map(x => Math.exp(x - t)))); };
const $var = (...a) => { const n = a.length - 1 - a.pop(), d = $$spread(a), s = isFinite(d[0]) ? $$sum(d.map(x => x *
  x)) : NaN; return n ? s / n : NaN; };
const $std = (...a) => { const n = a.length - 1 - a.pop(); return n > 0 ? Math.hypot(...$$spread(a)) / Math.sqrt(n) :
  NaN; };
const $softmax_of = (...a) => { const t = $max(...a); if (t != t) return t; if (!isFinite(t)) return a[0] == t ? 1 /
  a.filter(x => x == t).length : 0; return Math.exp(a[0] - t) / $$sum(a.map(x => Math.exp(x - t))); };
const $log_softmax_of = (...a) => { const t = $max(...a), f = a[0]; if (t != t) return t; if (!isFinite(t)) return f
  == t ? -Math.log(a.filter(x => x == t).length) : -Infinity; a.splice(f == t ? 0 : a.indexOf(t), 1); return f - t -
  Math.log1p($$sum(a.map(x => Math.exp(x - t)))); };

// --- helpers
const $$cut = x => { const h = 134217729 * x; return h - (h - x); };
const $$gauss = (x, s) => { if (!(x > -40 && x < 40)) return x != x ? x : 0; const h = $$cut(x), l = x - h; return
  Math.exp(s * h * h) * Math.exp(s * l * (x + h)); };
const $$tail = x => { let t = x; for (let k = 200; k; k--) t = x + k / 2 / t; return x > 30 ? 0 : $$gauss(x, -1) /
  (Math.sqrt(Math.PI) * t); };
const $$stirling = x => { const q = 1 / x / x; return ((((((1 / 156 * q - 691 / 360360) * q + 1 / 1188) * q - 1 /
  1680) * q + 1 / 1260) * q - 1 / 360) * q + 1 / 12) / x; };
const $$polygamma = (n, x) => { if (n == 0) return $digamma(x); if (x != x || x == -Infinity) return NaN; const s = n
  % 2 ? 1 : -1; if (x == 0) return n % 2 ? Infinity : -1 / x; if (x < 0) { if (x == Math.floor(x)) return n % 2 ?
  Infinity : NaN; let p = [0, 1]; for (let i = 0; i < n; i++) { const d = [...p.slice(1).map((a, k) => (k + 1) * a),
  0, 0]; p = d.map((a, k) => -(a + (k > 1 ? d[k - 2] : 0))); } const c = $cospi(x) / $sinpi(x), q = c * c; let t =
  p.at(-1); for (let k = p.length - 3; k > 0; k -= 2) t = t * q + p[k]; t = n % 2 ? t * q + p[0] : t * c; return -s *
  $$polygamma(n, 1 - x) - Math.pow(Math.PI, n + 1) * t; } let f = 1; for (let i = 2; i <= n; i++) f *= i; return s * f
  * $$zeta(n + 1, x); };
const $$zeta = (s, x) => { if (x == Infinity) return 0; const t = []; while (x < 12 + s) t.push(Math.pow(x++, -s));
  const h = Math.pow(x, -s); t.push(Math.pow(x, 1 - s) / (s - 1), h / 2); let f = h * s / x / 2; [1 / 6, -1 / 30, 1 /
  42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510].forEach((b, i) => { const j = i + 1; t.push(b * f); f *= (s +
  2 * j - 1) * (s + 2 * j) / x / x / (2 * j + 1) / (2 * j + 2); }); return $$sum(t); };
const $$sum = a => { let s = 0, c = 0; for (const x of a) { const t = s + x; c += Math.abs(s) >= Math.abs(x) ? s - t +
  x : x - t + s; s = t; } return c ? s + c || s : s; };
const $$spread = a => { const m = $$centre(a), d = a.map(x => x - m), r = $$centre(d); return d.map(x => x - r); };
const $$centre = a => { const n = a.length, m = $$sum(a) / n; return isFinite(m) ? m : a.reduce((s, x) => s + x / n,
  0); };
const $$even = x => { const f = Math.floor(x), d = x - f, r = d < 0.5 ? f : d > 0.5 ? f + 1 : f % 2 ? f + 1 : f;
  return r || $copysign(0, x); };
const $$shares = (o, a) => { const t = Math.max(...a), e = a.map(x => x == t && Math.abs(x) == Infinity ? 1 :
  Math.exp(x - t)), r = e.slice(1).reduce((s, x) => s + x, 0), n = e[0] + r; return [...e.map(x => o == o ? x / n :
  NaN), o == o ? r / n : NaN]; };
const $$ties = (o, a) => { const t = a.map(x => x == o ? 1 : x != x || o != o ? NaN : 0), n = t.reduce((s, x) => s +
  x); return t.map(x => x / n); };

// --- partials of the ops of any number of operands
const $$norm_partials = (o, ...a) => a.map(x => o == 0 ? 0 : x / o);
const $$sum_partials = (o, ...a) => a.map(() => 1);
const $$fsum_partials = (o, ...a) => a.map(() => 1);
const $$mean_partials = (o, ...a) => a.map(() => 1 / a.length);
const $$prod_partials = (o, ...a) => { let f = 1, b = 1; const r = a.map(x => { const t = f; f *= x; return t; }); for
  (let i = a.length; i--; b *= a[i]) r[i] *= b; return r; };
const $$dot_partials = (o, ...a) => { const n = a.length / 2; return [...a.slice(n), ...a.slice(0, n)]; };
const $$affine_partials = (o, ...a) => { const n = a.length >> 1; return [...a.slice(n, -1), ...a.slice(0, n), 1]; };
const $$dist_partials = (o, ...a) => { const n = a.length / 2, f = a.slice(0, n).map((x, i) => o == 0 ? 0 : (x - a[n +
  i]) / o); return [...f, ...f.map(x => -x)]; };
const $$max_partials = (o, ...a) => $$ties(o, a);
const $$min_partials = (o, ...a) => $$ties(o, a);
const $$logsumexp_partials = (o, ...a) => $$shares(o, a).slice(0, -1);
const $$softmax_of_partials = (o, ...a) => { const [, ...s] = $$shares(o, a); return [o * s.pop(), ...s.map(x => -o *
  x)]; };
const $$log_softmax_of_partials = (o, ...a) => { const [, ...s] = $$shares(o, a); return [s.pop(), ...s.map(x => -x)];
  };
const $$var_partials = (o, ...a) => { const n = a.length - 1 - a.pop(); return [...$$spread(a).map(x => 2 * x / n), o
  / n]; };
const $$std_partials = (o, ...a) => { const n = a.length - 1 - a.pop(); return [...$$spread(a).map(x => o == 0 ? 0 : x
  / o / n), 0.5 * o / n]; };
