"""Does the shim say what Kestrel does?"""

import ipaddress
import re

from cases import to_bytes
from shim import REFUSED

# Kestrel never starts with these. What else can stop it ("refused: other": a certificate that is not
# there, say) has nothing to do with addresses, and the shim is not asked about it.
NOT_JUDGED = "refused: other"


def disagreement(case, answers, check):
    """None, or what is wrong in a few words. answers: by builder, with that of CreateBuilder.

    Several answers of one builder: .NET picks a spelling by chance, so all count.
    """
    if check.code < 0 or check.verdict != {0: "ok", REFUSED: "refused"}.get(check.code):
        return "the shim broke"
    if not is_judged(answers):
        return None
    if check.verdict == "refused":
        return "refused, but Kestrel starts" if is_accepted(answers) else None
    if not is_accepted(answers):
        return f"must be refused ({next(filter(None, map(why_refuse, answers['web'])))})"
    return wrong_addresses(case, answers, check) or next(
        filter(None, (wrong_others(case, answers, check, builder) for builder in answers if builder != "web")), None)


def is_judged(answers):
    return all(answer["result"] != NOT_JUDGED for several in answers.values() for answer in several)


def is_accepted(answers):
    """Whether there is a reading that starts as it is meant: that is not refused for its form."""
    return any(why_refuse(answer) is None for several in answers.values() for answer in several)


def why_refuse(answer):
    """The shim also refuses where Kestrel would quietly take port 80 for a port that is not a number."""
    if answer["result"].startswith("refused: "):
        return answer["result"].removeprefix("refused: ")
    return "malformed port" if answer.get("fallback") else None


def opened(answers):
    return unique(tcp(address) for answer in answers for address in answer.get("listen", []))


def fails(answers):
    """Whether there is a reading that opens nothing: the shim lists what it would have opened."""
    return any(answer["result"].startswith("refused: ") for answer in answers)


def wrong_addresses(case, answers, check):
    """Of those that are listed without a word: they are what CreateBuilder's app opens."""
    wanted, got = opened(answers["web"]), unique(tcp(address) for address, _ in check.listen)
    if not set(wanted) <= set(got):
        return "other addresses"
    if fails(answers["web"]):
        return None
    if set(got) != set(wanted):
        return "other addresses"
    if not same_sources(case, answers["web"], check.listen):
        return "other sources"
    if len(answers["web"]) == 1 and not has_endpoints(case) and got != wanted:
        return "other order"
    return None


def wrong_others(case, answers, check, builder):
    """Of those that are listed for this builder: they are what its app opens besides."""
    ours, theirs = set(opened(answers["web"])), set(opened(answers[builder]))
    listed = {tcp(address) for address, _ in check.listen}
    labelled = {tcp(address) for address, _ in check.others[builder]}
    if not theirs <= listed | labelled:
        return f"addresses of {builder} are missing"
    if fails(answers[builder]) or fails(answers["web"]):
        return None
    if labelled - ours != theirs - ours or not labelled <= theirs:
        return f"other addresses of {builder}"
    wanted = {source for answer in answers[builder] for source in answer["from"]}
    named = [possible_sources(source, case) for _, source in check.others[builder]]
    return None if all(sources & wanted for sources in named) else f"other sources of {builder}"


def tcp(address):
    """(port, scheme, host) with the host as a thing, not a spelling; None for a socket."""
    if address.startswith("socket "):
        return None
    port, scheme, host = (address.split(" ", 2) + [""])[:3]
    host = host.lower()
    # ASP.NET Core 10 binds every name below localhost to loopback; an address it tells without its zone.
    if host.endswith(".localhost"):
        return port, scheme, "localhost"
    try:
        host = ipaddress.ip_address(host.strip("[]").split("%")[0])
        host = "" if host.is_unspecified else host
    except ValueError:
        pass
    return port, scheme, host


def same_sources(case, answers, listen):
    wanted = {source for answer in answers for source in answer["from"]}
    named = [possible_sources(source, case) for _, source in listen]
    # The shim does not list sockets, so it may leave out where they came from.
    sockets = any(tcp(address) is None for answer in answers for address in answer["listen"])
    return all(sources & wanted for sources in named) and (sockets or wanted <= set().union(*named))


def possible_sources(source, case):
    """What the shim's word for a source can stand for: a variable and an argument may be spelled alike."""
    source = re.sub(rb"\\x([0-9a-f]{2})", lambda digits: bytes.fromhex(digits[1].decode()), to_bytes(source))
    source = source.decode("utf-8", "replace")
    argument = any(word.lstrip("-/").startswith(source.lstrip("-/")) for word in case.args)
    return {source, "argument"} if argument else {source}


def has_endpoints(case):
    """Kestrel sorts its endpoints by name, and what is listed first makes no difference."""
    return any("endpoints" in text.lower() for text in case.env + case.args)


def unique(addresses):
    return list(dict.fromkeys(address for address in addresses if address))
