/* A linear tied pair in C: y = (x W) W^T, the mean squared error of y against x.

       cc -O2 tied_pair.c -o tied_pair -lm
       tiecheck verify -- ./tied_pair            the right one: passes
       tiecheck verify -- ./tied_pair detached   the decoder's path is missing from the gradient */

#include "tiecheck_pipe.h"

enum { SAMPLES = 4, INPUTS = 3, HIDDEN = 2 };

static double W[INPUTS * HIDDEN] = {0.1, 0.4, -0.3, 0.2, 0.25, -0.6};
static const double X[SAMPLES][INPUTS] = {
    {0.5, -0.2, 0.1}, {0.3, 0.8, -0.4}, {-0.7, 0.6, 0.9}, {0.2, -0.9, 0.4}};
static int detached;

static void run(const double *x, double *h, double *y) {
  for (int j = 0; j < HIDDEN; j++) {
    h[j] = 0;
    for (int i = 0; i < INPUTS; i++) h[j] += x[i] * W[i * HIDDEN + j];
  }
  for (int i = 0; i < INPUTS; i++) {
    y[i] = 0;
    for (int j = 0; j < HIDDEN; j++) y[i] += h[j] * W[i * HIDDEN + j];
  }
}

static double loss(void *context) {
  double h[HIDDEN], y[INPUTS], sum = 0;
  (void)context;
  for (int s = 0; s < SAMPLES; s++) {
    run(X[s], h, y);
    for (int i = 0; i < INPUTS; i++) sum += (y[i] - X[s][i]) * (y[i] - X[s][i]);
  }
  return sum / (SAMPLES * INPUTS);
}

static void gradient(void *context, double **gradients) {
  double h[HIDDEN], y[INPUTS];
  (void)context;
  for (int s = 0; s < SAMPLES; s++) {
    run(X[s], h, y);
    for (int j = 0; j < HIDDEN; j++) {
      double e = 0;
      for (int i = 0; i < INPUTS; i++) {
        double d = 2 * (y[i] - X[s][i]) / (SAMPLES * INPUTS);
        e += d * W[i * HIDDEN + j];
        if (!detached) gradients[0][i * HIDDEN + j] += d * h[j];
      }
      for (int i = 0; i < INPUTS; i++) gradients[0][i * HIDDEN + j] += X[s][i] * e;
    }
  }
}

int main(int count, char **arguments) {
  tiecheck_parameter parameters[] = {{"W", INPUTS, HIDDEN, W}};
  tiecheck_model model = {"tied pair in C", parameters, 1, loss, gradient, NULL};
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "detached")) {
      fprintf(stderr, "%s: expected detached\n", arguments[i]);
      return 1;
    }
    detached = 1;
  }
  return tiecheck_serve(&model);
}
