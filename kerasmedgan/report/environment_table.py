"""Report, environment: versions, machine, time, memory and command as Markdown."""

from kerasmedgan.report.tables import format_table


def format_environment(results: dict) -> str:
    """Writes what a result depends on beside its settings, and what it cost.

    Args:
        results: the content of `results.json`.
    """
    return "\n\n".join(
        (
            format_table(["what", "value"], results["environment"].items()),
            f"{results['seconds']} seconds in all, {results['peak_memory_mib']} MiB of memory "
            "at the peak. Command:",
            f"```text\n{results['command']}\n```",
        )
    )
