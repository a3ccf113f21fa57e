// The GNU Scientific Library as Swift sees it: the headers GSLKit uses, and readers for the few
// global variables, which Swift 6 does not let anyone touch directly.
#ifndef TIECHECK_CGSL_SHIM_H
#define TIECHECK_CGSL_SHIM_H

#include <gsl/gsl_cblas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_deriv.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_version.h>

static inline const gsl_rng_type *tiecheck_rng_mt19937(void) { return gsl_rng_mt19937; }
static inline const char *tiecheck_gsl_version(void) { return gsl_version; }

#endif
