"""Where the shim is meant to say something else than Kestrel does, and why. Counted, never hidden."""

import re

from judge import is_accepted, opened, tcp, wrong_addresses

BELOW_LOCALHOST = re.compile(r"[^/;]\.localhost(:|/|;|$)", re.I)


def other_letters(case, answers, check, _version):
    """Endpoint names that differ only in the case of letters beyond ASCII, and nothing is missing."""
    letters = {letter for name, _ in case.variables() for letter in name if letter > "\x7f"}
    both_cases = len({letter.upper() for letter in letters}) < len(letters)
    wanted = {address for several in answers.values() for address in opened(several)}
    return both_cases and (check.verdict == "refused" or wanted <= {tcp(address) for address, _ in check.listen})


def short_switch(_case, answers, _check, _version):
    """-x=1, which ASP.NET Core's reader of arguments throws on."""
    return all(answer["result"] == "refused: switch-mapping" for several in answers.values() for answer in several)


def unseen_url(_case, answers, check, _version):
    """An endpoint has no Url among the variables, and an oracle has no appsettings.json."""
    results = {answer["result"] for several in answers.values() for answer in several}
    return check.verdict != "refused" and "refused: missing-url" in results


def all_listed(check):
    """(port, scheme, host) of every line, whichever reading it belongs to."""
    return {tcp(address) for listen in [check.listen, *check.others.values()] for address, _ in listen}


def dynamic_below_localhost(_case, answers, check, _version):
    results = {answer["result"] for several in answers.values() for answer in several}
    return "refused: dynamic-localhost" in results and not is_accepted(answers) and any(
        port == "0" and host == "localhost" for port, _, host in all_listed(check))


def any_below_localhost(case, answers, check, version):
    """The same addresses, but for names below localhost."""
    if int(version.split(".")[0]) >= 10 or not any(map(BELOW_LOCALHOST.search, case.env + case.args)):
        return False
    wanted = {(port, scheme) for several in answers.values() for port, scheme, _ in opened(several)}
    return wanted <= {(port, scheme) for port, scheme, _ in all_listed(check)}


def empty_in_the_generic_host(case, answers, check, _version):
    """Nothing is missing, and what is too much is the generic host's."""
    empty = any(name.lower().startswith("aspnetcore_") and not value for name, value in case.variables())
    if not empty or "host" not in answers or wrong_addresses(case, answers, check):
        return False
    listed = {tcp(address) for address, _ in check.listen + check.others["host"]}
    return set(opened(answers["host"])) <= listed


# (applies to case, answers, check and version; the reason)
TABLE = [
    (short_switch, "-x=1 is only told at info: many an app reads its arguments itself, ASP.NET Core never sees them"),
    (other_letters, "the shim folds ASCII letters only: to it, endpoints \u00e9 and \u00c9 are two, and both count"),
    (unseen_url, "an endpoint whose Url is not among the variables may have it in appsettings.json"),
    (dynamic_below_localhost, "port 0 of a name below localhost is only warned of: ASP.NET Core 8 and 9 take it"),
    (empty_in_the_generic_host, "in the generic host an empty ASPNETCORE_ variable hides the DOTNET_ one on 11, "
     "and does not on 10: the shim lists both"),
    (any_below_localhost, "a name below localhost is loopback to the shim, any address to ASP.NET Core 8 and 9"),
]


def deliberate(case, answers, check, version):
    """The reason why this difference is wanted, or None."""
    return next((reason for applies, reason in TABLE if applies(case, answers, check, version)), None)
