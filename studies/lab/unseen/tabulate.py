"""``python tabulate.py OUT``: the labels of OUT/samples/truth.csv beside gandiag's verdicts on OUT/runs."""

import csv
import json
import pathlib
import re
import subprocess
import sys

FIELDS = "script seed label accepted verdict kind onset right primary evidence also look notes".split()


def diagnosed(run, *options):
    """What ``gandiag diagnose`` prints of a recording."""
    command = [sys.executable, "-m", "gandiag", "diagnose", *options, str(run)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def printed(text):
    """The verdict without its remedies."""
    kept, section = [], ""
    for line in text.splitlines():
        section = line[:8].strip() or section
        if section in ("Verdict:", "Why:", "Also:", "Wiring:", "Inputs:"):
            kept.append(line.strip())
    return kept


def row(out, truth):
    name = truth["script"]
    diagnosis, text = json.loads(diagnosed(out / "runs" / name, "--json")), diagnosed(out / "runs" / name)
    verdict = diagnosis["verdict"]
    finding = next((f for f in diagnosis["findings"] if f["failure"] == verdict), {})
    accepted = truth["accepted"].split("|")
    right = "yes" if verdict in accepted else "no"
    if truth["label"] == "ambiguous":
        right = "ambiguous" if right == "yes" or not truth["accepted"] else "no"
    elif verdict == "insufficient_data":
        right = "abstained"
    lines = printed(text)
    return {
        "script": re.sub(r"-seed\d+$", "", name),
        "seed": (re.findall(r"-seed(\d+)$", name) or ["0"])[0],
        "label": truth["label"],
        "accepted": truth["accepted"],
        "verdict": verdict,
        "kind": finding.get("kind") or "",
        "onset": finding.get("onset") if finding.get("onset") is not None else "",
        "right": right,
        "primary": "yes" if verdict == truth["label"] else "",
        "evidence": " / ".join(e for e in lines if not e.startswith(("Also", "Inputs", "Wiring"))),
        "also": " / ".join(e for e in lines if e.startswith(("Also", "Inputs", "Wiring"))),
        "look": truth["look"],
        "notes": f"q {truth.get('q')} spread {truth.get('spread')}"
        f" clusters {truth.get('clusters')}/{truth.get('clusters_of')}"
        f" movement {truth.get('movement')} in-class {truth.get('spread_in_class') or '-'}",
    }


def main(out):
    out = pathlib.Path(out)
    with open(out / "samples" / "truth.csv") as f:
        rows = [row(out, t) for t in csv.DictReader(f)]
    with open(out / "table.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    for r in rows:
        print(*(str(r[k]) for k in ("script", "label", "accepted", "verdict", "kind", "onset", "right")), sep=" | ")
    for r in rows:
        print(f"\n{r['script']} ({r['right']})\n  {r['evidence']}\n  {r['also']}")


if __name__ == "__main__":
    main(sys.argv[1])
