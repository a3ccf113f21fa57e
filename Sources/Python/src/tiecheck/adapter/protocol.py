"""The protocol: a question is a line of JSON on standard input, its answer a line on standard output."""

import contextlib
import json
import os
import sys
import traceback

PROTOCOL = "tiecheck-pipe/1"


def _claim_output():
    """Standard output for answers alone; what is printed from now on goes to standard error."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


# The checker leaves this mark in the environment of what it starts.
_answers = _claim_output() if "TIECHECK_CHILD" in os.environ else None


class NotCheckable(ValueError):
    """Why a model cannot be checked as it is, with what the answer says besides the sentence."""

    def __init__(self, sentence, **words):
        super().__init__(sentence)
        self.words = words


def serve(model):
    """Answers the checker's questions about a model until there are no more."""
    answers = _answers or _claim_output()
    for line in sys.stdin.buffer:
        answer = answer_line(model, line)
        if answer is None:
            return
        answers.write(answer + "\n")
        answers.flush()


def answer_line(model, line):
    """The answer to a line; None for the last one."""
    question = {}
    try:
        question = _numbers(json.loads(line))
        if question["ask"] == "bye":
            return None
        answer = _answer(model, question)
    except NotCheckable as error:
        answer = dict(error.words, error=str(error))
    except Exception as error:  # whatever the model raises is the checker's to hear
        traceback.print_exc(file=sys.stderr)
        answer = {"error": _sentence(error)}
    answer["id"] = question.get("id", 0)
    return _line(answer)


def _sentence(error):
    return "%s: %s" % (type(error).__name__, error)


def _numbers(question):
    """NaN and the infinities stand in a change as strings."""
    for point in question.get("points", []) + [question.get("point", {})]:
        for change in point.get("set", []) + [change for alone in _alone(point) for change in alone["set"]]:
            change["to"] = [float(x) for x in change["to"]]
    return question


def _alone(point):
    """The changes of a point that single uses see alone."""
    return ([point["in_use"]] if point.get("in_use") else []) + point.get("in_uses", [])


def _answer(model, question):
    ask = question["ask"]
    if ask == "describe":
        return dict(model.description(), protocol=PROTOCOL)
    if ask == "losses":
        return _losses(model, question["points"], question.get("witness") == "double")
    point = question.get("point", {})
    if ask == "gradient":

        def gradient():
            answer = {"gradient": model.gradient()}
            if question.get("by_use"):
                answer["by_use"] = model.gradient_by_use()
            return answer

        return _at(model, point, gradient)
    if ask == "steps":
        return _at(model, point, lambda: model.steps(question["optimizer"], question["steps"]))
    raise ValueError("there is no question %r" % ask)


def _losses(model, points, in_double):
    """The losses at the points. Where one raises it is no number, and the answer says what it raised; at the
    described point itself an error is the model's."""
    losses, raised = [], {}
    with model.in_double() if in_double else contextlib.nullcontext():
        for index, point in enumerate(points):
            try:
                losses.append(_at(model, point, lambda: _loss(model, point)))
            except Exception as error:
                if not point.get("set") and not _alone(point):
                    raise
                losses.append("nan")
                raised[str(index)] = _sentence(error)
    return dict({"losses": losses}, **({"raised": raised} if raised else {}))


def _at(model, point, body):
    """What `body` gives at a point; then the described one is back."""
    changed = point.get("set")
    if not changed:
        return body()
    try:
        for change in changed:
            model.set(change["parameter"], change.get("at"), change["to"])
        return body()
    finally:
        for change in changed:
            model.restore(change["parameter"], change.get("at"))


def _loss(model, point):
    alone = _alone(point)
    return model.loss_in_uses([(each["use"], each["set"]) for each in alone]) if alone else model.loss()


def _line(answer):
    try:
        return json.dumps(answer, allow_nan=False)
    except ValueError:
        return json.dumps(_told(answer))


def _told(value):
    """JSON has no word for NaN and the infinities."""
    if isinstance(value, float):
        if value != value:
            return "nan"
        return value if abs(value) != float("inf") else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {key: _told(item) for key, item in value.items()}
    return [_told(item) for item in value] if isinstance(value, (list, tuple)) else value
