/* Lets tiecheck check a model written in C or C++ (this file needs nothing but a C99 compiler).

       tiecheck verify --write-adapter c -o tiecheck_pipe.h
       cc -O2 model.c -o model -lm && tiecheck verify -- ./model

   A model is an array of parameters, a function that gives the loss at their present values, and one
   that writes the gradient it claims:

       static double W[4] = {0.1, 0.2, 0.3, 0.4};
       static double loss(void *context) { ... reads W ... }
       static void gradient(void *context, double **gradients) { ... writes gradients[0][0...3] ... }

       int main(void) {
         tiecheck_parameter parameters[] = {{"W", 2, 2, W}};
         tiecheck_model model = {"my model", parameters, 1, loss, gradient, NULL};
         return tiecheck_serve(&model);
       }

   It speaks the protocol tiecheck-pipe/1: a question is a line of JSON on standard input, its answer a
   line on standard output. Print to standard error only. */

#ifndef TIECHECK_PIPE_H
#define TIECHECK_PIPE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *name;
  int rows, columns; /* columns is 0 for a vector */
  double *values;    /* row by row */
} tiecheck_parameter;

typedef struct {
  const char *name;
  tiecheck_parameter *parameters;
  int count;
  double (*loss)(void *context);
  void (*gradient)(void *context, double **gradients);
  void *context;
} tiecheck_model;

static int tiecheck_size(const tiecheck_parameter *p) {
  return p->rows * (p->columns > 0 ? p->columns : 1);
}

/* A value of JSON is found by its first character; what follows it is found by stepping over it. */
static const char *tiecheck_space(const char *s) {
  while (*s == ' ' || *s == '\t' || *s == ':' || *s == ',') s++;
  return s;
}

static const char *tiecheck_over(const char *s) {
  int depth = 0;
  s = tiecheck_space(s);
  do {
    if (*s == '"') {
      for (s++; *s && *s != '"'; s++)
        if (*s == '\\' && s[1]) s++;
      if (*s) s++;
    } else if (*s == '{' || *s == '[') {
      depth++, s++;
    } else if (*s == '}' || *s == ']') {
      depth--, s++;
    } else if (depth > 0) {
      s++;
    } else {
      while (*s && !strchr(",]} \t", *s)) s++;
    }
  } while (*s && depth > 0);
  return s;
}

/* The value of a key of an object, or NULL. */
static const char *tiecheck_get(const char *object, const char *key) {
  const char *s = tiecheck_space(object);
  size_t length = strlen(key);
  if (*s != '{') return NULL;
  for (s = tiecheck_space(s + 1); *s == '"'; s = tiecheck_space(s)) {
    int found = !strncmp(s + 1, key, length) && s[length + 1] == '"';
    s = tiecheck_space(tiecheck_over(s));
    if (found) return s;
    s = tiecheck_over(s);
  }
  return NULL;
}

/* The first element of an array, or NULL; the next one, or NULL. */
static const char *tiecheck_first(const char *array) {
  const char *s = array ? tiecheck_space(array) : "";
  if (*s != '[') return NULL;
  s = tiecheck_space(s + 1);
  return *s && *s != ']' ? s : NULL;
}

static const char *tiecheck_next(const char *element) {
  const char *s = tiecheck_space(tiecheck_over(element));
  return *s && *s != ']' ? s : NULL;
}

static void tiecheck_number(double x) {
  if (isnan(x)) printf("\"nan\"");
  else if (isinf(x)) printf(x > 0 ? "\"inf\"" : "\"-inf\"");
  else printf("%.17g", x);
}

static void tiecheck_numbers(const double *x, int count) {
  putchar('[');
  for (int i = 0; i < count; i++) {
    if (i) putchar(',');
    tiecheck_number(x[i]);
  }
  putchar(']');
}

/* Moves to a point; 0 if it is not one. */
static int tiecheck_move(const tiecheck_model *model, const char *point) {
  const char *set = point ? tiecheck_get(point, "set") : NULL;
  for (const char *change = tiecheck_first(set); change; change = tiecheck_next(change)) {
    const char *which = tiecheck_get(change, "parameter");
    int p = which ? atoi(which) : -1;
    if (p < 0 || p >= model->count) return 0;
    int size = tiecheck_size(&model->parameters[p]), i = 0;
    const char *places = tiecheck_get(change, "at");
    const char *at = tiecheck_first(places), *to = tiecheck_first(tiecheck_get(change, "to"));
    for (; to; to = tiecheck_next(to), i++) {
      if (at) i = atoi(at);
      if (i < 0 || i >= size) return 0;
      /* NaN and the infinities are strings, which strtod reads. */
      model->parameters[p].values[i] = strtod(to + (*to == '"'), NULL);
      if (places && !(at = tiecheck_next(at))) break;
    }
  }
  return 1;
}

static void tiecheck_describe(const tiecheck_model *model, long id) {
  printf("{\"id\":%ld,\"protocol\":\"tiecheck-pipe/1\",\"name\":\"%s\",\"parameters\":[", id, model->name);
  for (int p = 0; p < model->count; p++) {
    const tiecheck_parameter *parameter = &model->parameters[p];
    printf("%s{\"name\":\"%s\",\"shape\":[%d", p ? "," : "", parameter->name, parameter->rows);
    if (parameter->columns > 0) printf(",%d", parameter->columns);
    printf("],\"values\":");
    tiecheck_numbers(parameter->values, tiecheck_size(parameter));
    putchar('}');
  }
  printf("],\"can\":[\"gradient\"]}\n");
}

/* Answers until there are no more questions. Gives 0, or 1 where there is no memory. */
static int tiecheck_serve(const tiecheck_model *model) {
  size_t capacity = 1 << 16, length = 0;
  char *line = (char *)malloc(capacity);
  double **start = (double **)calloc((size_t)model->count, sizeof *start);
  double **gradients = (double **)calloc((size_t)model->count, sizeof *gradients);
  if (!line || !start || !gradients) return 1;
  for (int p = 0; p < model->count; p++) {
    size_t bytes = (size_t)tiecheck_size(&model->parameters[p]) * sizeof(double);
    start[p] = (double *)malloc(bytes);
    gradients[p] = (double *)malloc(bytes);
    if (!start[p] || !gradients[p]) return 1;
    memcpy(start[p], model->parameters[p].values, bytes);
  }
  while (fgets(line + length, (int)(capacity - length), stdin)) {
    length += strlen(line + length);
    if (line[length - 1] != '\n') {
      if (length + 1 < capacity) continue;
      char *longer = (char *)realloc(line, capacity *= 2);
      if (!longer) return 1;
      line = longer;
      continue;
    }
    length = 0;
    const char *which = tiecheck_get(line, "id"), *ask = tiecheck_get(line, "ask");
    long id = which ? atol(which) : 0;
    int known = 1;
    if (!ask) ask = "";
    if (!strncmp(ask, "\"bye\"", 5)) break;
    if (!strncmp(ask, "\"describe\"", 10)) {
      tiecheck_describe(model, id);
    } else if (!strncmp(ask, "\"losses\"", 8)) {
      printf("{\"id\":%ld,\"losses\":[", id);
      const char *point = tiecheck_first(tiecheck_get(line, "points"));
      for (int i = 0; point; point = tiecheck_next(point), i++) {
        known = known && tiecheck_move(model, point) && !tiecheck_get(point, "in_use");
        if (i) putchar(',');
        tiecheck_number(known ? model->loss(model->context) : NAN);
        for (int p = 0; p < model->count; p++)
          memcpy(model->parameters[p].values, start[p],
                 (size_t)tiecheck_size(&model->parameters[p]) * sizeof(double));
      }
      printf("]%s}\n", known ? "" : ",\"error\":\"a point cannot be understood\"");
    } else if (!strncmp(ask, "\"gradient\"", 10)) {
      known = tiecheck_move(model, tiecheck_get(line, "point"));
      for (int p = 0; p < model->count; p++)
        memset(gradients[p], 0, (size_t)tiecheck_size(&model->parameters[p]) * sizeof(double));
      model->gradient(model->context, gradients);
      printf("{\"id\":%ld,\"gradient\":[", id);
      for (int p = 0; p < model->count; p++) {
        if (p) putchar(',');
        tiecheck_numbers(gradients[p], tiecheck_size(&model->parameters[p]));
        memcpy(model->parameters[p].values, start[p],
               (size_t)tiecheck_size(&model->parameters[p]) * sizeof(double));
      }
      printf("]%s}\n", known ? "" : ",\"error\":\"the point cannot be understood\"");
    } else {
      printf("{\"id\":%ld,\"error\":\"this program cannot be asked that\"}\n", id);
    }
    fflush(stdout);
  }
  return 0;
}

#endif
