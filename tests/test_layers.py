"""Jobs may know the graph; the graph knows no jobs, and its stages meet in tables."""

import ast
from pathlib import Path

import pytest

GRAPH = Path(__file__).parents[1] / "graph"
# graph.acts is a list of typologies: data that the counting stage reads, as it reads settings.
# graph.pooled is arithmetic on evidence, graph.things on what is shared, graph.opinions and graph.lessons on verdicts,
# and graph.decisions reads them; graph.fees is a part of the ties stage; graph.figures is what the gates judge by;
# graph.groups and graph.parting work on the graphs of the rings stage; no stages.
SHARED = {
    f"graph.{name}"
    for name in (
        "tables",
        "db",
        "exports",
        "settings",
        "words",
        "acts",
        "opinions",
        "pooled",
        "things",
        "lessons",
        "decisions",
        "fees",
        "figures",
        "groups",
        "parting",
    )
}
# Learning scores once more what was left below the line: a second copy of the scores would drift from the first.
AGAIN = {"learning.py": {"graph.score"}}
# The last stage is in several files, and they meet in its tables of rings and accounts, and in watchlists.py.
PARTS = {
    f"graph.{name}"
    for name in (
        "account_rows",
        "actions",
        "changes",
        "facts",
        "harm",
        "operators",
        "reasons",
        "ring_rows",
        "roles",
        "weakest",
    )
}
LAST = ("account_rows.py", "ring_rows.py", "watchlists.py")
# No stages: what notebooks and cases use to look at a published ring. They use each other, and weakest its graph.
LOOKING = {
    f"graph.{name}"
    for name in (
        "canvas",
        "columns",
        "displays",
        "draw",
        "explore",
        "explore_ring",
        "morning_chart",
        "nights",
        "plots",
        "quality_chart",
        "regions",
        "score_bar",
        "score_steps",
        "timeline",
        "trend_chart",
        "trends",
        "visible",
        "weakest",
        "weighed",
        "what_if",
    )
}
MODULES = sorted(GRAPH.rglob("*.py"))


def ours(path: Path) -> set[str]:
    """Modules of graph and jobs that a file imports, whichever way it says so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports of ours in full"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module == "graph" else {node.module or ""}
    return {name for name in found if name.split(".")[0] in ("graph", "jobs")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(GRAPH).as_posix())
def test_stages_meet_in_tables(path: Path) -> None:
    looking = f"graph.{path.stem}" in LOOKING
    allowed = SHARED | (PARTS if path.name in LAST else LOOKING if looking else set())
    typology = path.parent.name == "acts"
    allowed |= AGAIN.get(path.name, set())
    assert not {name for name in ours(path) - allowed if not (typology and name.startswith("graph.acts."))}


def test_the_check_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "stage.py"
    file.write_text("import jobs.runs\nfrom graph import ties, tables\nfrom graph.rings import rings\n")
    assert ours(file) == {"jobs.runs", "graph.ties", "graph.tables", "graph.rings"}
