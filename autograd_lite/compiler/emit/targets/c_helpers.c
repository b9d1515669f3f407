/* Functions for the primitives that are no expression of C: as the table's Python, operation by operation.

   Each follows the entry of its name in primitives/, where the formulas and their sources are. A printed source has
   those of them that it calls (c_words.helpers_of), each after those that it calls itself. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double ag_from_zero(double x) { return x == 0.0 ? 0.0 : -x; } /* 0 - x and x + 0, which gcc 12 takes for -x and */
static double ag_to_zero(double x) { return x == 0.0 ? 0.0 : x; }    /* x where it thinks that x is no -0, as -fabs(y) */
static double ag_square(double x) { return x * x; }
static double ag_rsqrt(double x) { return x == 0.0 ? INFINITY : 1.0 / sqrt(x); }
static double ag_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x == 0.0 ? 0.0 : NAN; }
static double ag_heaviside(double x, double half) { return x < 0.0 ? 0.0 : x > 0.0 ? 1.0 : x == 0.0 ? half : NAN; }
static double ag_maximum(double a, double b) { return a != a || b != b ? NAN : a >= b ? a : b; }
static double ag_minimum(double a, double b) { return a != a || b != b ? NAN : a <= b ? a : b; }
static double ag_fmax(double a, double b) { return a != a || b > a ? b : a; }
static double ag_fmin(double a, double b) { return a != a || b < a ? b : a; }
static double ag_clip(double x, double low, double high) {
  double held = x < low ? low : x;
  return x != x || low != low || high != high ? NAN : held > high ? high : held;
}
static double ag_hardtanh(double x, double low, double high) { return ag_clip(x, low, high); }
static double ag_mod(double a, double b) {
  double rest = fmod(a, b);
  if (rest != 0.0) return (b < 0.0) != (rest < 0.0) ? rest + b : rest;
  return copysign(0.0, b);
}
static double ag_floordiv(double a, double b) {
  double rest, whole, result;
  if (b == 0.0) return a / b;
  rest = fmod(a, b);
  whole = (a - rest) / b;
  if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) whole -= 1.0;
  if (whole == 0.0) return copysign(0.0, a / b);
  result = floor(whole);
  return whole - result > 0.5 ? result + 1.0 : result;
}
static double ag_fma(double a, double b, double c) {
  return a - a != 0.0 || b - b != 0.0 || c - c != 0.0 ? a * b + c : fma(a, b, c);
}
static double ag_ldexp(double x, double n) {
  double whole = n < -5000.0 ? -5000.0 : n > 5000.0 ? 5000.0 : n;
  return x != x || whole != floor(whole) ? NAN : ldexp(x, (int)whole);
}
static double ag_round(double x, double digits) { /* to the even digit halfway, as decimal text has it */
  char text[720];
  int n, i, from, up, point;
  if (x - x != 0.0 || digits - digits != 0.0) return digits == digits ? x : NAN;
  if (digits >= 324.0 || x == 0.0) return x;
  if (digits <= -309.0) return copysign(0.0, x);
  n = (int)digits;
  if (n == 0) return rint(x);
  if (n > 0) {
    snprintf(text, sizeof text, "%.*f", n, x);
    return strtod(text, NULL);
  }
  snprintf(text, sizeof text, "%.0f", trunc(fabs(x)));
  point = (int)strlen(text) + n; /* the digits that stay */
  if (point < 0) return copysign(0.0, x);
  up = text[point] > '5' || (text[point] == '5' && fabs(x) != trunc(fabs(x)));
  for (i = point + 1; !up && text[point] == '5' && text[i]; i++) up = text[i] != '0';
  if (!up && text[point] == '5') up = point > 0 && (text[point - 1] - '0') % 2 == 1;
  from = point;
  for (i = point; text[i]; i++) text[i] = '0';
  while (up && --from >= 0) {
    up = text[from] == '9';
    text[from] = up ? '0' : (char)(text[from] + 1);
  }
  if (up) {
    memmove(text + 1, text, strlen(text) + 1);
    text[0] = '1';
  }
  return copysign(strtod(text, NULL), x);
}
static double ag_relu(double x) { return x <= 0.0 ? 0.0 : x; }
static double ag_relu6(double x) { return x <= 0.0 ? 0.0 : x >= 6.0 ? 6.0 : x; }
static double ag_leaky_relu(double x, double slope) { return x > 0.0 ? x : slope * x; }
static double ag_hardsigmoid(double x) { return x <= -3.0 ? 0.0 : x >= 3.0 ? 1.0 : (x + 3.0) / 6.0; }
static double ag_hardswish(double x) { return x <= -3.0 ? 0.0 : x >= 3.0 ? x : x * (x + 3.0) / 6.0; }
static double ag_hardshrink(double x, double width) {
  return x != x || width != width ? NAN : fabs(x) > width ? x : 0.0;
}
static double ag_softshrink(double x, double width) {
  return x != x || width != width ? NAN : fabs(x) > width ? x - copysign(width, x) : 0.0;
}
static double ag_elu(double x, double alpha) { return x > 0.0 ? x : alpha * expm1(x); }
static double ag_selu(double x) {
  return x > 0.0 ? 1.0507009873554805 * x : 1.0507009873554805 * 1.6732632423543772 * expm1(x);
}
static double ag_celu(double x, double alpha) {
  return x >= 0.0 ? x : alpha * expm1(x / (alpha != 0.0 ? alpha : 0.0));
}
static double ag_sigmoid(double x) { /* never overflows */
  double e;
  if (x >= 0.0) return 1.0 / (1.0 + exp(-x));
  e = exp(x);
  return e / (1.0 + e);
}
static double ag_logistic_pdf(double x) {
  double e = exp(-fabs(x));
  return 1.0 / (1.0 + e) * (e / (1.0 + e));
}
static double ag_softplus(double x) { return (x > 0.0 || x != x ? x : 0.0) + log1p(exp(-fabs(x))); }
static double ag_logsigmoid(double x) { return (x < 0.0 || x != x ? x : 0.0) - log1p(exp(-fabs(x))); }
static double ag_softsign(double x) { return x - x == 0.0 || x != x ? x / (1.0 + fabs(x)) : copysign(1.0, x); }
static double ag_silu(double x) {
  double e = exp(-fabs(x));
  return x >= 0.0 || x != x ? x / (1.0 + e) : x > -1e4 ? x * e / (1.0 + e) : -0.0;
}
static double ag_mish(double x) {
  double w = exp(-fabs(x));
  if (x >= 0.0 || x != x) return x / (1.0 + 2.0 * w * w / (1.0 + 2.0 * w));
  return x > -1e4 ? x * (w * (w + 2.0) / (w * (w + 2.0) + 2.0)) : -0.0;
}
static double ag_gelu_tanh(double x) {
  return x > -1e4 || x != x ? x * ag_sigmoid(1.5957691216057308 * x * (1.0 + 0.044715 * (x * x))) : -0.0;
}
static double ag_exp_minus_square(double x, double scale) { /* exp(scale x^2) without the rounding of x^2 */
  double high = 134217729.0 * x, low;
  if (!(-40.0 < x && x < 40.0)) return x != x ? x : 0.0;
  high -= high - x;
  low = x - high;
  return exp(scale * (high * high)) * exp(scale * (low * (x + high)));
}
static double ag_gaussian(double x) { return ag_exp_minus_square(x, -1.0); }
static double ag_norm_pdf(double x) { return ag_exp_minus_square(x, -0.5) / sqrt(2.0 * 3.141592653589793); }
static double ag_norm_cdf(double x) { /* erfc(-x/sqrt 2)/2, corrected for the rounding of x/sqrt 2 */
  double z = -x * 0.7071067811865476, value = 0.5 * erfc(z), y = -x, yh, yl, sh, sl, rest;
  if (!(-40.0 < x && x < 40.0)) return value;
  yh = 134217729.0 * y;
  yh -= yh - y;
  yl = y - yh;
  sh = 134217729.0 * 0.7071067811865476;
  sh -= sh - 0.7071067811865476;
  sl = 0.7071067811865476 - sh;
  rest = ((yh * sh - z) + yh * sl + yl * sh) + yl * sl - x * -4.833646656726457e-17;
  return value - rest * ag_exp_minus_square(z, -1.0) / sqrt(3.141592653589793);
}
static double ag_gelu(double x) { return x > -1e4 || x != x ? x * ag_norm_cdf(x) : -0.0; }
static double ag_erfinv(double x) { /* Winitzki's approximation, polished by Halley's iteration */
  double size = fabs(x), logarithm, t, y, excess, step;
  int k;
  if (!(size < 1.0)) return size == 1.0 ? copysign(INFINITY, x) : NAN;
  if (size < 1e-8) return x * (0.5 * sqrt(3.141592653589793));
  logarithm = log1p(-size * size);
  t = 2.0 / (3.141592653589793 * 0.147) + 0.5 * logarithm;
  y = sqrt(sqrt(t * t - logarithm / 0.147) - t);
  for (k = 0; k < 3; k++) {
    excess = size < 0.5 ? erf(y) - size : (1.0 - size) - erfc(y);
    step = excess / (2.0 / sqrt(3.141592653589793) * ag_exp_minus_square(y, -1.0));
    y -= step / (1.0 + y * step);
  }
  return copysign(y, x);
}
static double ag_sinpi(double x) {
  double r;
  if (x - x != 0.0) return NAN;
  r = remainder(x, 2.0);
  if (fabs(r) > 0.5) r = copysign(1.0 - fabs(r), r);
  return fabs(r) <= 0.25 ? sin(3.141592653589793 * r) : copysign(cos(3.141592653589793 * (0.5 - fabs(r))), r);
}
static double ag_cospi(double x) {
  double r;
  if (x - x != 0.0) return NAN;
  r = fabs(remainder(x, 2.0));
  if (r <= 0.25) return cos(3.141592653589793 * r);
  return r <= 0.75 ? sin(3.141592653589793 * (0.5 - r)) : -cos(3.141592653589793 * (1.0 - r));
}
static double ag_sinc(double x) {
  if (x == 0.0) return 1.0;
  return x - x != 0.0 && x == x ? 0.0 : ag_sinpi(x) / (3.141592653589793 * x);
}
static double ag_digamma(double x) { /* recurrence; an asymptotic series from 10; reflected below 0 */
  static const double series[8] = {
    0.16666666666666666, -0.03333333333333333, 0.023809523809523808, -0.03333333333333333,
    0.07575757575757576, -0.2531135531135531, 1.1666666666666667, -7.092156862745098};
  static const double near[27] = {
    0.9510558760318328, -0.21181371064073024, 0.06013562106019673, -0.01855061538173966, 0.005936795278307164,
    -0.001935066664741276, 0.0006368880302864755, -0.00021074841280927333, 6.99501892077337e-05,
    -2.32582331094511e-05, 7.741229128505858e-06, -2.578131716100528e-06, 8.589251863098652e-07,
    -2.862193104653834e-07, 9.53885212905258e-08, -3.179037042138413e-08, 1.0596076826917857e-08,
    -3.53601505743959e-09, 1.178643219581012e-09, -3.87559467334894e-10, 1.2918535196059924e-10,
    -4.771931207635686e-11, 1.5906391763896165e-11, -2.651066990840664e-12, 8.836872511698434e-13,
    -1.178246894522134e-12, 3.927488691994595e-13};
  double less = 0.0, shift = 0.0, sum = 0.0, q;
  int k, below = x < 0.0, small;
  if (x == 0.0) return copysign(INFINITY, -x);
  if (x != x || x == -INFINITY || (below && x == floor(x))) return NAN;
  if (below) {
    less = 3.141592653589793 * (ag_cospi(x) / ag_sinpi(x));
    x = 1.0 - x;
  }
  small = x < 1.0;
  q = 1.0 / x;
  if (small) x += 1.0;
  if (x >= 10.0) {
    double r = 1.0 / x / x;
    for (k = 8; k > 0; k--) sum = r * (series[k - 1] / (2 * k) + sum);
    sum = log(x) - 0.5 / x - sum;
  } else {
    while (x > 2.0) {
      x -= 1.0;
      shift += 1.0 / x;
    }
    for (k = 26; k >= 0; k--) sum = sum * (2.0 * x - 3.0) + near[k];
    sum = ((x - 1.4616321449683622) - 9.549995429965697e-17) * sum + shift;
  }
  if (small) sum -= q;
  return below ? sum - less : sum;
}
static double ag_total(const double *x, int n) {
  double sum = 0.0;
  int i;
  for (i = 0; i < n; i++) sum += x[i];
  return sum;
}
static double ag_sum(const double *x, int n) { return ag_total(x, n); }
static double ag_mean(const double *x, int n) { return ag_total(x, n) / n; }
static double ag_affine(const double *x, const double *w, int n, double sum) {
  int i;
  for (i = 0; i < n; i++) sum += x[i] * w[i];
  return sum;
}
/* a sum without roundings: as parts that don't overlap (Shewchuk 1997); how many there are, or -1 if it overflows */
static int ag_add(double *parts, int used, double high) {
  double low, y, back;
  int j, k;
  for (j = k = 0; j < used; j++) {
    y = parts[j];
    if (fabs(high) < fabs(y)) {
      back = high;
      high = y;
      y = back;
    }
    back = high + y;
    low = y - (back - high);
    high = back;
    if (low != 0.0) parts[k++] = low;
  }
  if (high - high != 0.0) return -1;
  if (high != 0.0) parts[k++] = high;
  return k;
}
static double ag_rounded(const double *parts, int used) { /* once; nan if the sum overflows */
  double high, low = 0.0, y, back;
  if (used < 1) return used == 0 ? 0.0 : NAN;
  high = parts[--used];
  while (used > 0 && low == 0.0) {
    y = parts[--used];
    back = high + y;
    low = y - (back - high);
    high = back;
  }
  if (used > 0 && ((low < 0.0 && parts[used - 1] < 0.0) || (low > 0.0 && parts[used - 1] > 0.0))) {
    y = low * 2.0; /* halfway: what is left decides */
    back = high + y;
    if (y == back - high) high = back;
  }
  return high;
}
static double ag_fsum(const double *x, int n) {
  double parts[1100], sum;
  int i, used = 0;
  for (i = 0; used >= 0 && i < n; i++) used = ag_add(parts, used, x[i]);
  sum = ag_rounded(parts, used);
  return sum == sum ? sum : ag_total(x, n);
}
static double ag_prod(const double *x, int n) {
  double product = 1.0;
  int i;
  for (i = 0; i < n; i++) product *= x[i];
  return product;
}
static double ag_max(const double *x, int n) {
  double top = x[0];
  int i;
  for (i = 0; i < n; i++) {
    if (x[i] != x[i]) return NAN;
    if (x[i] > top) top = x[i];
  }
  return top;
}
static double ag_min(const double *x, int n) {
  double least = x[0];
  int i;
  for (i = 0; i < n; i++) {
    if (x[i] != x[i]) return NAN;
    if (x[i] < least) least = x[i];
  }
  return least;
}
static double ag_pick(double index, const double *row, int n) { return 0.0 <= index && index < n ? row[(int)index] : NAN; }
static double ag_length(const double *x, const double *y, double m, double rest, int n) {
  /* of x - y, or of x less two numbers: no overflow, rounded once */
  double top = 0.0, high = 1.0, low = 0.0, tail = 0.0, v, s, t, h, l, root, scale;
  int i, exponent, bad = 0;
  for (i = 0; i < n; i++) {
    v = fabs(y ? x[i] - y[i] : x[i] - m - rest);
    if (v == INFINITY) return INFINITY;
    if (v != v) bad = 1;
    if (v > top) top = v;
  }
  if (bad) return NAN;
  if (n < 2 || top == 0.0) return top;
  frexp(top, &exponent);
  scale = exponent < -1021 ? 0.0 : ldexp(1.0, -exponent);
  for (i = 0; i < n; i++) {
    v = fabs(y ? x[i] - y[i] : x[i] - m - rest);
    v = scale > 0.0 ? v * scale : ldexp(v, -exponent);
    h = 134217729.0 * v;
    h -= h - v;
    l = v - h;
    t = v * v; /* Dekker's exact square, added to a sum in two parts */
    tail += ((h * h - t) + 2.0 * h * l) + l * l;
    s = high + t;
    low += (high - s) + t;
    high = s;
  }
  root = sqrt(high - 1.0 + (low + tail));
  h = 134217729.0 * root;
  h -= h - root;
  l = root - h;
  t = -root * root; /* one step of Newton's with the exact square of the root */
  tail -= ((h * h + t) + 2.0 * h * l) + l * l;
  s = high + t;
  low += (high - s) + t;
  root += (s - 1.0 + (low + tail)) / (2.0 * root);
  return scale > 0.0 ? root / scale : ldexp(root, exponent);
}
static double ag_norm(const double *x, int n) { return ag_length(x, NULL, 0.0, 0.0, n); }
static double ag_dist(const double *x, const double *y, int n) { return ag_length(x, y, 0.0, 0.0, n); }
static double ag_hypot(double x, double y) {
  double both[2];
  both[0] = x;
  both[1] = y;
  return ag_length(both, NULL, 0.0, 0.0, 2);
}
static double ag_smooth_abs(double x, double width) { return ag_hypot(x, width); }
static double ag_center(const double *x, int n, double m) { /* the mean of x - m */
  double parts[1100], sum;
  int i, used = 0;
  for (i = 0; used >= 0 && i < n; i++) used = ag_add(parts, used, x[i] - m);
  sum = ag_rounded(parts, used);
  if (sum == sum) return sum / n;
  sum = 0.0;
  for (i = 0; i < n; i++) sum += (x[i] - m) / n;
  return sum;
}
static double ag_var(const double *x, int count) { /* the last number is the degrees of freedom */
  int i, used = 0, n = count - 1;
  double left = n - x[n], m = ag_center(x, n, 0.0), rest = ag_center(x, n, m), parts[1100], d, sum; /* less it twice */
  d = n > 0 ? x[0] - m - rest : 0.0;
  if (left == 0.0 || d - d != 0.0) return NAN;
  for (i = 0; used >= 0 && i < n; i++) {
    d = x[i] - m - rest;
    used = ag_add(parts, used, d * d);
  }
  if (used >= 0) return ag_rounded(parts, used) / left;
  for (sum = 0.0, i = 0; i < n; i++) {
    d = x[i] - m - rest;
    sum += d * d;
  }
  return sum / left;
}
static double ag_std(const double *x, int count) {
  int n = count - 1;
  double left = n - x[n], m = ag_center(x, n, 0.0);
  return left > 0.0 ? ag_length(x, NULL, m, ag_center(x, n, m), n) / sqrt(left) : NAN;
}
static double ag_logaddexp(double a, double b) {
  if (a != a || b != b) return NAN;
  return a == b ? a + 0.6931471805599453 : (a > b ? a : b) + log1p(exp(-fabs(a - b)));
}
static double ag_logaddexp2(double a, double b) {
  if (a != a || b != b) return NAN;
  return a == b ? a + 1.0 : (a > b ? a : b) + 1.4426950408889634 * log1p(exp2(-fabs(a - b)));
}
static double ag_smooth_maximum(double a, double b, double beta) {
  if (a != a || b != b || !(beta > 0.0)) return NAN;
  if (a == b) return a + 0.6931471805599453 / beta;
  return (a > b ? a : b) + log1p(exp(-beta * fabs(a - b))) / beta;
}
static double ag_xlogy(double x, double y) { return x == 0.0 && y == y ? 0.0 : x * log(y); }
static double ag_xlog1py(double x, double y) { return x == 0.0 && y == y ? 0.0 : x * log1p(y); }

static double ag_zeta(double s, double x) { /* Hurwitz's, by Euler and Maclaurin's summation */
  static const double bernoulli[12] = {
    0.16666666666666666, -0.03333333333333333, 0.023809523809523808, -0.03333333333333333,
    0.07575757575757576, -0.2531135531135531, 1.1666666666666667, -7.092156862745098, 54.971177944862156,
    -529.1242424242424, 6192.123188405797, -86580.25311355312};
  double terms[200], here, factor, factorial = 1.0;
  int n = 0, j;
  if (x == INFINITY) return 0.0;
  while (x < 12.0 + s) {
    terms[n++] = pow(x, -s);
    x += 1.0;
  }
  here = pow(x, -s);
  terms[n++] = pow(x, 1.0 - s) / (s - 1.0);
  terms[n++] = 0.5 * here;
  factor = here * s / x;
  for (j = 1; j <= 12; j++) {
    factorial *= (2 * j - 1) * (2 * j);
    terms[n++] = bernoulli[j - 1] / factorial * factor;
    factor *= (s + 2 * j - 1.0) * (s + 2 * j) / x / x;
  }
  return terms[0] < INFINITY ? ag_fsum(terms, n) : INFINITY;
}
static double ag_cot_derivative(int n, double x) { /* of pi cot(pi x): a polynomial in the cotangent */
  double p[160] = {0.0, 1.0}, q[160], cot = ag_cospi(x) / ag_sinpi(x), square = cot * cot, total;
  int k, j, size = 2;
  for (j = 0; j < n; j++) {
    for (k = 0; k < size + 1; k++) {
      q[k] = -((k < size - 1 ? (k + 1) * p[k + 1] : 0.0) + (k >= 2 ? (k - 1) * p[k - 1] : 0.0));
    }
    size++;
    for (k = 0; k < size; k++) p[k] = q[k];
  }
  total = p[size - 1];
  for (k = size - 3; k > 0; k -= 2) total = total * square + p[k];
  total = n % 2 ? total * square + p[0] : total * cot;
  return pow(3.141592653589793, n + 1) * total;
}
static double ag_polygamma(double order, double x) {
  int n, odd, below = x < 0.0;
  double found;
  if (!(0.0 <= order && order <= 150.0) || order != floor(order)) return NAN;
  if (order == 0.0) return ag_digamma(x);
  if (x != x || x == -INFINITY) return NAN;
  n = (int)order;
  odd = n % 2;
  if (x == 0.0) return odd ? INFINITY : -copysign(INFINITY, x);
  if (below && x == floor(x)) return odd ? INFINITY : NAN;
  found = below ? 1.0 - x : x;
  found = (odd ? 1.0 : -1.0) * tgamma(n + 1.0) * ag_zeta(n + 1.0, found);
  return below ? (odd ? -1.0 : 1.0) * found - ag_cot_derivative(n, x) : found;
}
static double ag_trigamma(double x) { return ag_polygamma(1.0, x); }
static int ag_first(const double *x, int n, double top) {
  int i;
  for (i = 0; i < n; i++) {
    if (x[i] == top) return i;
  }
  return n;
}
static int ag_count(const double *x, int n, double top) {
  int i, count = 0;
  for (i = 0; i < n; i++) count += x[i] == top;
  return count;
}
static double ag_exp_sum(const double *x, int n, double top, int without) { /* of exp(x - top), but for one of them */
  double parts[1100];
  int i, used = 0;
  for (i = 0; i < n; i++) {
    if (i != without) used = ag_add(parts, used, exp(x[i] - top));
  }
  return ag_rounded(parts, used);
}
static double ag_logsumexp(const double *x, int n) {
  double top = ag_max(x, n);
  return top - top != 0.0 ? top : top + log1p(ag_exp_sum(x, n, top, ag_first(x, n, top)));
}
static double ag_softmax_of(const double *x, int n) { /* of the first number */
  double top = ag_max(x, n);
  if (top != top) return NAN;
  if (top - top != 0.0) return x[0] == top ? 1.0 / ag_count(x, n, top) : 0.0;
  return exp(x[0] - top) / ag_exp_sum(x, n, top, n);
}
static double ag_log_softmax_of(const double *x, int n) {
  double top = ag_max(x, n);
  if (top != top) return NAN;
  if (top - top != 0.0) return x[0] == top ? -log(ag_count(x, n, top)) : -INFINITY;
  if (x[0] == top) return -log1p(ag_exp_sum(x, n, top, 0));
  return x[0] - top - log1p(ag_exp_sum(x, n, top, ag_first(x, n, top)));
}
