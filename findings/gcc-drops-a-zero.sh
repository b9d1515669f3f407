#!/usr/bin/env bash
# gcc 12 takes 0.0 - fabs(x) and -fabs(x) + 0.0 for -fabs(x): at x = 0 the result is -0, where IEEE 754 says +0.
#
# Surprises: without -ffast-math, and at -O0 too: it is folded before any optimisation is asked for. The sign shows in 1/y,
#   copysign and atan2. 0.0 - x of a plain x, and 0.0 - x * x, are right; 0.0 - (x > 0.0 ? 1.0 : 0.0) is wrong as well.
# Version: gcc 12.2.0 (Debian 12, x86_64), the system's; nothing is installed. clang 14 is right.
# Behaviour: 1 / (0.0 - fabs(0.0)) is -inf; with -frounding-math it is inf, which costs a tenth of a chain's speed.
# One would have guessed: inf: x + 0.0 is x only where x is not -0, and 0.0 - x is -x only where x is not +0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/see.c" <<'C'
#include <math.h>
#include <stdio.h>
static double from_zero(double x) { return 0.0 - fabs(x); }
static double to_zero(double x) { return -fabs(x) + 0.0; }
static double choice(double x) { return 0.0 - (x > 0.0 ? 1.0 : 0.0); }
static double plain(double x) { return 0.0 - x; }
int main(void) {
  volatile double x = 0.0;
  printf("%g %g %g %g\n", 1.0 / from_zero(x), 1.0 / to_zero(x), 1.0 / choice(x), 1.0 / plain(x));
  return 0;
}
C
gcc --version | head -1
gcc -std=c99 -O0 "$work/see.c" -o "$work/see" -lm
found=$("$work/see")
gcc -std=c99 -O2 -frounding-math "$work/see.c" -o "$work/careful" -lm
careful=$("$work/careful")
echo "0 - |0|, -|0| + 0, 0 - (0 > 0 ? 1 : 0), 0 - 0, as 1 / y: $found"
echo "with -frounding-math: $careful"
[ "$found" = "-inf -inf -inf inf" ]
[ "$careful" = "inf inf inf inf" ]
