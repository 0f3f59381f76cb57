"""Does the shim say what Kestrel does?"""

import ipaddress
import re

from cases import to_bytes
from shim import REFUSED

# Kestrel never starts with these. What else can stop it ("refused: other": a certificate that is not
# there, say) has nothing to do with addresses, and the shim is not asked about it.
NOT_JUDGED = "refused: other"


def disagreement(case, answers, check):
    """None, or what is wrong in a few words. Several answers: .NET picks a spelling by chance, so all count."""
    if check.code < 0 or check.verdict != {0: "ok", REFUSED: "refused"}.get(check.code):
        return "the shim broke"
    if not is_judged(answers):
        return None
    refusals = [reason for reason in map(why_refuse, answers) if reason]
    if refusals:
        return None if check.verdict == "refused" else f"must be refused ({refusals[0]})"
    if check.verdict == "refused":
        return "refused, but Kestrel starts"

    wanted = unique(tcp(address) for answer in answers for address in answer["listen"])
    got = unique(tcp(address) for address, _ in check.listen)
    if set(got) != set(wanted):
        return "other addresses"
    if not same_sources(case, answers, check):
        return "other sources"
    if len(answers) == 1 and not has_endpoints(case) and got != wanted:
        return "other order"
    return None


def is_judged(answers):
    return all(answer["result"] != NOT_JUDGED for answer in answers)


def why_refuse(answer):
    """The shim also refuses where Kestrel would quietly take port 80 for a port that is not a number."""
    if answer["result"].startswith("refused: "):
        return answer["result"].removeprefix("refused: ")
    return "malformed port" if answer.get("fallback") else None


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


def same_sources(case, answers, check):
    wanted = {source for answer in answers for source in answer["from"]}
    named = [possible_sources(source, case) for _, source in check.listen]
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
