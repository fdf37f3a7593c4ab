"""Are the dependencies pinned, do they fit together, and is none of them known to be vulnerable? Part of `make check`.

    python -m jobs.audit [required]

The last question needs the network (pip-audit asks PyPI's advisories). Where it cannot be reached the answer is said to
be missing, loudly; with `required` that is a failure too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import urllib.request
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVICE = "https://pypi.org/pypi/pip/json"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def unpinned(pyproject: str, constraints: str) -> list[str]:
    """Dependencies of `pyproject.toml`, by their normalised name, that `constraints.txt` pins to no version."""
    project = tomllib.loads(pyproject)["project"]
    groups = [project["dependencies"], *project.get("optional-dependencies", {}).values()]
    wanted = [dependency for group in groups for dependency in group]
    pins = {_normal(line.partition("==")[0]) for line in constraints.splitlines() if "==" in line}
    return sorted({_normal(name) for name in wanted} - pins)


def _normal(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def reachable() -> bool:
    """Does the service with the advisories answer?"""
    try:
        with urllib.request.urlopen(SERVICE, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main(required: bool) -> int:
    """0 when all that could be asked was answered well, 1 otherwise."""
    constraints = ROOT / "constraints.txt"
    if missing := unpinned((ROOT / "pyproject.toml").read_text(), constraints.read_text()):
        print(f"audit: not pinned in constraints.txt: {', '.join(missing)}", file=sys.stderr)
        return 1
    if subprocess.run([sys.executable, "-m", "pip", "check"], check=False).returncode:
        return 1
    why = "pip-audit is not installed" if not find_spec("pip_audit") else "" if reachable() else f"{SERVICE} is silent"
    found = None if why else advisories(constraints)
    if found is None:
        why = why or "pip-audit broke off"
        print(f"\n  !! AUDIT SKIPPED: {why}. Known vulnerabilities were NOT looked for.\n", file=sys.stderr)
        return int(required)
    vulnerable, unknown = found
    for line in vulnerable:
        print(f"audit: {line}", file=sys.stderr)
    if unknown:  # an index that serves the packages need not have their advisories
        told = f"the service does not know {len(unknown)} of the pins: {', '.join(unknown[:5])} …"
        print(f"\n  !! AUDIT INCOMPLETE: {told}. Of these vulnerabilities were NOT looked for.\n", file=sys.stderr)
    return int(bool(vulnerable) or (required and bool(unknown)))


def advisories(constraints: Path) -> tuple[list[str], list[str]] | None:
    """A line for each known vulnerability of what is pinned, and the pins that the service does not know; None where it
    gave no answer: pip-audit then ends with 1 as well, as if it had found something."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--format", "json", "--requirement", str(constraints)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    try:
        asked = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return (
        [f"{p['name']} {p['version']}: {v['id']}" for p in asked for v in p.get("vulns", [])],
        [p["name"] for p in asked if "skip_reason" in p],
    )


if __name__ == "__main__":
    sys.exit(main("required" in sys.argv[1:]))
