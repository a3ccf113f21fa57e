#include "plain_c.h"

#include <gsl/gsl_deriv.h>
#include <math.h>

double plain_function(double x) { return exp(sin(x)); }

static double callback(double x, void *params) {
  (void)params;
  return plain_function(x);
}

double plain_derivative(double x, double step) {
  gsl_function f = {callback, 0};
  double value, error;
  gsl_deriv_central(&f, x, step, &value, &error);
  return value;
}
