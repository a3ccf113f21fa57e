#ifndef PLAIN_C_H
#define PLAIN_C_H

/* The derivative of exp(sin x) by gsl_deriv_central, as a C programmer writes it. */
double plain_derivative(double x, double step);

/* exp(sin x). */
double plain_function(double x);

#endif
