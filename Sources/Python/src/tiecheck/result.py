"""What a check found."""

import html
import json
import os
import shutil
import tempfile


class Result:
    """What a check found.

    verdict     "pass", "fail", "inconclusive" or "vacuous"
    diagnoses   what is wrong, by name: a list of dictionaries with "id", "parameter", "sentence", ...
    tables      "gradient", "paths" and "updates": each a list of rows
    text        what `tiecheck verify` prints
    record      everything, as result.json holds it
    """

    def __init__(self, text, folder):
        self.text = text.rstrip()
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            self.record = json.load(file)
        self._files = {}
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                self._files[name] = file.read()

    @property
    def case(self):
        return self.record["cases"][0]

    @property
    def name(self):
        return self.case["name"]

    @property
    def verdict(self):
        return self.case["verdict"]

    @property
    def passed(self):
        return self.verdict == "pass"

    @property
    def diagnoses(self):
        return self.case.get("diagnoses") or []

    @property
    def remarks(self):
        return self.case.get("remarks") or []

    @property
    def sentence(self):
        """The finding in words: what stands below the verdict in the text."""
        lines = self.text.split("\n")[1:]
        end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
        return " ".join(line.strip() for line in lines[:end])

    @property
    def tables(self):
        case = self.case
        gradient = [
            {
                "parameter": row["name"], "shape": tuple(row["shape"]), "verdict": row["verdict"],
                "max_relative_error": row.get("max_relative_error"), "rms": row.get("rms"),
                "sensitivity": row.get("sensitivity"),
            }
            for row in (case.get("gradient") or {}).get("parameters", [])
        ]
        paths = [
            {
                "parameter": group["parameter"], "layer": path["layer"], "verdict": path["verdict"],
                "norm": path.get("norm"), "claimed_norm": path.get("claimed_norm"), "share": path.get("share"),
            }
            for group in (case.get("tie") or {}).get("groups", [])
            for path in group.get("paths", [])
        ]
        updates = [
            {
                "optimizer": row["name"], "steps": row.get("steps"), "verdict": row["verdict"],
                "max_difference": row.get("max_difference"),
            }
            for row in (case.get("updates") or {}).get("optimizers", [])
        ]
        return {"gradient": gradient, "paths": paths, "updates": updates}

    def report(self, folder):
        """Writes the report with its plots into a folder, and returns the path of its page."""
        os.makedirs(folder, exist_ok=True)
        for name, contents in self._files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(contents)
        page = "report.html" if "report.html" in self._files else "report.md"
        return os.path.join(folder, page)

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        color = {"pass": "#1a7f37", "fail": "#b42318"}.get(self.verdict, "#8a6100")
        parts = [
            '<p><b style="color:%s">%s</b> %s<br>%s</p>'
            % (color, self.verdict.upper(), html.escape(self.name), html.escape(self.sentence))
        ]
        for title, rows in self.tables.items():
            if not rows:
                continue
            head = "".join("<th>%s</th>" % html.escape(word.replace("_", " ")) for word in rows[0])
            body = "".join(
                "<tr>%s</tr>" % "".join("<td>%s</td>" % html.escape(_shown(value)) for value in row.values())
                for row in rows
            )
            parts.append("<table><caption>%s</caption><tr>%s</tr>%s</table>" % (title, head, body))
        parts += [
            "<details><summary>the whole text</summary><pre>%s</pre></details>" % html.escape(self.text)
        ]
        return "".join(parts)


def _shown(value):
    return "%.3g" % value if isinstance(value, float) else "" if value is None else str(value)


def combined_report(results, folder, program):
    """One report of several results: (name, result) pairs."""
    import subprocess

    with tempfile.TemporaryDirectory(prefix="tiecheck") as box:
        for number, (name, result) in enumerate(results):
            record = json.loads(json.dumps(result.record))
            for case in record["cases"]:
                case["name"] = name
            place = os.path.join(box, "%04d" % number)
            os.makedirs(place)
            with open(os.path.join(place, "result.json"), "w", encoding="utf-8") as file:
                json.dump(record, file)
        made = os.path.join(box, "made")
        command = [program, "report", "--from", box, "-o", made, "--quiet"]
        ran = subprocess.run(command, capture_output=True, text=True)
        if not os.path.isdir(made):
            raise RuntimeError(ran.stderr.strip())
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(made):
            shutil.copyfile(os.path.join(made, name), os.path.join(folder, name))
