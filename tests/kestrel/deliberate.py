"""Where the shim is meant to say something else than Kestrel does, and why. Counted, never hidden."""

from judge import tcp


def other_letters(case, answers, check):
    """Endpoint names that differ only in the case of letters beyond ASCII, and nothing is missing."""
    letters = {letter for name, _ in case.variables() for letter in name if letter > "\x7f"}
    both_cases = len({letter.upper() for letter in letters}) < len(letters)
    wanted = {tcp(address) for answer in answers for address in answer.get("listen", [])}
    return both_cases and (check.verdict == "refused" or wanted <= {tcp(address) for address, _ in check.listen})


def short_switch(_case, answers, _check):
    """-x=1, which ASP.NET Core's reader of arguments throws on."""
    return all(answer["result"] == "refused: switch-mapping" for answer in answers)


# (applies to case, answers and check; the reason)
TABLE = [
    (short_switch, "-x=1 is only warned of: many an app reads its arguments itself, ASP.NET Core never sees them"),
    (other_letters, "the shim folds ASCII letters only: to it, endpoints \u00e9 and \u00c9 are two, and both count"),
]


def deliberate(case, answers, check):
    """The reason why this difference is wanted, or None."""
    return next((reason for applies, reason in TABLE if applies(case, answers, check)), None)
