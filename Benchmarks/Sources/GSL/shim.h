#include <gsl/gsl_deriv.h>
